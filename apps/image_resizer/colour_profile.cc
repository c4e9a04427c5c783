#include "apps/image_resizer/colour_profile.h"

#include <lcms2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace cohort::image_resizer {
namespace {

cmsColorSpaceSignature SpaceOf(Model model) {
  if (model == Model::kGray) return cmsSigGrayData;
  return model == Model::kCmyk ? cmsSigCmykData : cmsSigRgbData;
}

// What a picture in it becomes.
Model ResultOf(Model model) { return model == Model::kGray ? Model::kGray : Model::kRgb; }

cmsHPROFILE NewSrgb(Model model) {
  if (model != Model::kGray) return cmsCreate_sRGBProfile();
  constexpr cmsFloat64Number kCurve[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* curve = cmsBuildParametricToneCurve(nullptr, 4, kCurve);
  cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
  cmsFreeToneCurve(curve);
  return profile;
}

// lcms' description of pixels.
cmsUInt32Number PixelFormat(Model model, bool has_alpha, int sample_bytes) {
  const auto channels = static_cast<cmsUInt32Number>(ChannelsOf(model));
  const int space = model == Model::kGray ? PT_GRAY : model == Model::kCmyk ? PT_CMYK : PT_RGB;
  // In PT_CMYK 0 is no ink.
  return COLORSPACE_SH(space) | CHANNELS_SH(channels) | EXTRA_SH(has_alpha ? 1 : 0) |
         BYTES_SH(sample_bytes) | FLAVOR_SH(model == Model::kCmyk ? 1 : 0);
}

// A grid through all colours.
std::vector<std::array<std::uint8_t, 3>> SampleColours(Model model) {
  constexpr int kSteps = 6;
  std::vector<std::array<std::uint8_t, 3>> colours;
  for (int i = 0; i < kSteps * kSteps * kSteps; ++i) {
    const int levels[] = {i % kSteps, i / kSteps % kSteps, i / kSteps / kSteps};
    std::array<std::uint8_t, 3> colour = {};
    for (int c = 0; c < 3; ++c) {
      colour[c] =
          static_cast<std::uint8_t>(levels[model == Model::kGray ? 0 : c] * 255 / (kSteps - 1));
    }
    colours.push_back(colour);
  }
  return colours;
}

}  // namespace

void ColourProfile::CloseProfile::operator()(void* profile) const { cmsCloseProfile(profile); }

void ColourProfile::DeleteTransform::operator()(void* transform) const {
  cmsDeleteTransform(transform);
}

ColourProfile::Transform ColourProfile::MakeTransform(Model model, bool has_alpha, int sample_bytes,
                                                      unsigned flags) const {
  const Profile srgb(NewSrgb(ResultOf(model)));
  return Transform(cmsCreateTransform(
      profile_.get(), PixelFormat(model, has_alpha, sample_bytes), srgb.get(),
      PixelFormat(ResultOf(model), has_alpha, sample_bytes), INTENT_RELATIVE_COLORIMETRIC,
      flags | cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_COPY_ALPHA));
}

// Whether nobody sees the difference: most profiles in files are some edition of sRGB.
bool ColourProfile::ChangesNothing(Model model) const {
  constexpr int kInvisible = 2;
  for (const auto& before : SampleColours(model)) {
    std::array<std::uint8_t, 3> after = {};
    cmsDoTransform(transforms_[0].get(), before.data(), after.data(), 1);
    for (int c = 0; c < ChannelsOf(model); ++c) {
      if (std::abs(before[c] - after[c]) > kInvisible) return false;
    }
  }
  return true;
}

ColourProfile::Verdict ColourProfile::Judge(std::span<const std::byte> icc, Model model) {
  Profile opened(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  if (opened == nullptr) return {nullptr, "the colour profile is damaged and was ignored"};
  if (cmsGetColorSpace(opened.get()) != SpaceOf(model)) {
    return {nullptr, "the colour profile is for another kind of colours and was ignored"};
  }
  const std::shared_ptr<ColourProfile> profile(new ColourProfile(std::move(opened)));
  profile->transforms_[0] = profile->MakeTransform(model, false, 1, 0);
  if (profile->transforms_[0] == nullptr) {
    return {nullptr, "the colour profile cannot be used and was ignored"};
  }
  if (model != Model::kCmyk && profile->ChangesNothing(model)) return {nullptr, ""};
  return {profile, ""};
}

ColourProfile::Verdict ColourProfile::JudgeOnce(std::span<const std::byte> icc, Model model) {
  constexpr std::size_t kLargest = 64 << 10;
  if (icc.size() > kLargest) return Judge(icc, model);

  thread_local std::array<CacheEntry, 2> cache;  // the latest first
  const auto is_this = [&icc, model](const CacheEntry& entry) {
    return entry.model == model && std::ranges::equal(entry.icc, icc);
  };
  if (is_this(cache[1])) std::swap(cache[0], cache[1]);
  if (!is_this(cache[0])) {
    CacheEntry entry = {{icc.begin(), icc.end()}, model, Judge(icc, model)};
    cache[1] = std::exchange(cache[0], std::move(entry));
  }
  return cache[0].verdict;
}

std::shared_ptr<ColourProfile> ColourProfile::Read(std::span<const std::byte> icc, Model model,
                                                   std::vector<std::string>& warnings) {
  if (icc.empty()) return nullptr;
  Verdict verdict = JudgeOnce(icc, model);
  if (!verdict.warning.empty()) warnings.push_back(std::move(verdict.warning));
  return std::move(verdict.profile);
}

Raster ColourProfile::ToSrgb(const Raster& raster) {
  Transform& transform =
      transforms_[(raster.has_alpha ? 1 : 0) + (raster.sample_bytes() == 2 ? 2 : 0)];
  if (transform == nullptr) {
    transform = MakeTransform(raster.model, raster.has_alpha, raster.sample_bytes(), 0);
  }
  if (transform == nullptr) throw std::bad_alloc();  // another could be made
  Raster result(ResultOf(raster.model), raster.has_alpha, raster.width, raster.height,
                raster.sample_bytes());
  for (int y = 0; y < raster.height; ++y) {
    cmsDoTransform(transform.get(), raster.samples.row(y), result.samples.row(y),
                   static_cast<cmsUInt32Number>(raster.width));
  }
  return result;
}

}  // namespace cohort::image_resizer
