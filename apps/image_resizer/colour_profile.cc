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

struct DeleteTransform {
  void operator()(void* transform) const { cmsDeleteTransform(transform); }
};
using Transform = std::unique_ptr<void, DeleteTransform>;

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
cmsUInt32Number Layout(Model model, bool has_alpha, int sample_bytes) {
  const auto channels = static_cast<cmsUInt32Number>(ChannelsOf(model));
  const int space = model == Model::kGray ? PT_GRAY : model == Model::kCmyk ? PT_CMYK : PT_RGB;
  // In PT_CMYK 0 is no ink.
  return COLORSPACE_SH(space) | CHANNELS_SH(channels) | EXTRA_SH(has_alpha ? 1 : 0) |
         BYTES_SH(sample_bytes) | FLAVOR_SH(model == Model::kCmyk ? 1 : 0);
}

Transform MakeTransform(cmsHPROFILE profile, Model model, bool has_alpha, int sample_bytes,
                        cmsUInt32Number flags) {
  cmsHPROFILE srgb = NewSrgb(ResultOf(model));
  Transform transform(cmsCreateTransform(
      profile, Layout(model, has_alpha, sample_bytes), srgb,
      Layout(ResultOf(model), has_alpha, sample_bytes), INTENT_RELATIVE_COLORIMETRIC,
      flags | cmsFLAGS_NOCACHE | cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_COPY_ALPHA));
  cmsCloseProfile(srgb);
  return transform;
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

// Whether nobody sees the difference: most profiles in files are some edition of sRGB.
bool ChangesNothing(void* transform, Model model) {
  constexpr int kInvisible = 2;
  for (const auto& before : SampleColours(model)) {
    std::array<std::uint8_t, 3> after = {};
    cmsDoTransform(transform, before.data(), after.data(), 1);
    for (int c = 0; c < ChannelsOf(model); ++c) {
      if (std::abs(before[c] - after[c]) > kInvisible) return false;
    }
  }
  return true;
}

}  // namespace

void ColourProfile::Close::operator()(void* profile) const { cmsCloseProfile(profile); }

std::optional<ColourProfile> ColourProfile::Read(std::span<const std::byte> icc, Model model,
                                                 std::vector<std::string>& warnings) {
  if (icc.empty()) return std::nullopt;
  Handle profile(cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size())));
  if (profile == nullptr) {
    warnings.emplace_back("the colour profile is damaged and was ignored");
    return std::nullopt;
  }
  if (cmsGetColorSpace(profile.get()) != SpaceOf(model)) {
    warnings.emplace_back("the colour profile is for another kind of colours and was ignored");
    return std::nullopt;
  }
  const Transform trial = MakeTransform(profile.get(), model, false, 1, cmsFLAGS_NOOPTIMIZE);
  if (trial == nullptr) {
    warnings.emplace_back("the colour profile cannot be used and was ignored");
    return std::nullopt;
  }
  if (model != Model::kCmyk && ChangesNothing(trial.get(), model)) return std::nullopt;
  return ColourProfile(std::move(profile));
}

Raster ColourProfile::ToSrgb(const Raster& raster) const {
  const Transform transform =
      MakeTransform(profile_.get(), raster.model, raster.has_alpha, raster.sample_bytes(), 0);
  if (transform == nullptr) throw std::bad_alloc();  // it could be made before
  Raster result(ResultOf(raster.model), raster.has_alpha, raster.width, raster.height,
                raster.sample_bytes());
  for (int y = 0; y < raster.height; ++y) {
    cmsDoTransform(transform.get(), raster.samples.row(y), result.samples.row(y),
                   static_cast<cmsUInt32Number>(raster.width));
  }
  return result;
}

}  // namespace cohort::image_resizer
