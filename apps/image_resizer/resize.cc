#include "apps/image_resizer/resize.h"

#include <memory>
#include <string_view>
#include <utility>

#include "apps/image_resizer/alpha.h"
#include "apps/image_resizer/colour_planes.h"
#include "apps/image_resizer/colour_profile.h"
#include "apps/image_resizer/exif.h"
#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/jpeg_reader.h"
#include "apps/image_resizer/jpeg_segments.h"
#include "apps/image_resizer/jpeg_writer.h"
#include "apps/image_resizer/light.h"
#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/png_reader.h"
#include "apps/image_resizer/png_writer.h"
#include "apps/image_resizer/raster.h"
#include "apps/image_resizer/resample.h"
#include "apps/image_resizer/turn.h"
#include "apps/image_resizer/xmp.h"

namespace cohort::image_resizer {
namespace {

using Warnings = std::vector<std::string>;

// A decoded file and what is to become of it.
struct Source {
  Picture picture;
  Metadata metadata;
  Plan plan;
};

Format FormatOf(std::span<const std::byte> file) {
  if (file.empty()) throw ImageError(ErrorKind::kNotAnImage, "the file is empty");
  if (HasPrefix(file, "\xFF\xD8\xFF")) return Format::kJpeg;
  if (HasPrefix(file, "\x89PNG\r\n\x1A\n")) return Format::kPng;
  throw ImageError(ErrorKind::kNotAnImage, "the file is neither a JPEG nor a PNG");
}

Format OutputOf(Format input, OutputFormat wanted) {
  if (wanted == OutputFormat::kAsInput) return input;
  return wanted == OutputFormat::kJpeg ? Format::kJpeg : Format::kPng;
}

Source ReadJpeg(std::span<const std::byte> file, const ResizeSpec& spec, Resized& result) {
  JpegReader reader(file, spec.damage, spec.limits);
  result.source = {Format::kJpeg, reader.size().width, reader.size().height};
  Source source = {.picture = {}, .metadata = reader.metadata(), .plan = {}};
  source.plan = MakePlan(reader.size(), source.metadata.orientation, spec);
  // The reduced decoding averages numbers, not light.
  source.picture = reader.Read(spec.linear_light ? 1 : DecodeDivisor(source.plan));
  result.warnings = reader.warnings();
  return source;
}

Source ReadPng(std::span<const std::byte> file, const ResizeSpec& spec, Resized& result) {
  PngReader reader(file, spec);
  result.source = {Format::kPng, reader.size().width, reader.size().height};
  Source source = {.picture = {}, .metadata = reader.metadata(), .plan = {}};
  source.plan = MakePlan(reader.size(), source.metadata.orientation, spec);
  source.picture =
      reader.Read(result.output.format == Format::kJpeg || spec.depth16 == Depth16::kReduceTo8);
  result.warnings = reader.warnings();
  return source;
}

// The channel's part of `region`, which is in the picture's pixels.
Region RegionOf(const Channel& channel, const Picture& picture, const Region& region) {
  const double x = channel.width / picture.width;
  const double y = channel.height / picture.height;
  return {region.left * x, region.top * y, region.width * x, region.height * y};
}

// One of the output's channels, upright, with a sample for `step` pixels of it. The source's is
// given back.
Plane OutputChannel(Source& source, std::size_t index, Size step, Filter filter) {
  if (source.plan.turn.transpose) step = Transposed(step);
  Channel& channel = source.picture.channels[index];
  const Region region = RegionOf(channel, source.picture, CoveredBy(source.plan, step));
  Plane plane = Resample(channel.plane, region, SamplesOf(source.plan.output, step), filter);
  channel.plane = {};
  return Turned(std::move(plane), source.plan.turn);
}

// Without a detour over RGB: neither are the colours converted, nor is the chroma made larger and
// smaller again.
std::vector<std::byte> ToJpegDirectly(Source& source, const ResizeSpec& spec,
                                      const Metadata& kept) {
  std::vector<Plane> planes;
  for (std::size_t i = 0; i < source.picture.channels.size(); ++i) {
    const Size step = i == 0 ? Size{1, 1} : ChromaStep(spec);
    planes.push_back(OutputChannel(source, i, step, spec.filter));
  }
  return WriteJpegPlanes(planes, spec, kept);
}

bool IsCmyk(const Picture& picture) { return ChannelsOf(picture.model) == 4; }

bool GoesDirectly(const Source& source, const ResizeSpec& spec) {
  const Picture& picture = source.picture;
  return (picture.model == Model::kGray || picture.model == Model::kYcc) && !picture.has_alpha &&
         !spec.linear_light;
}

// At the source's size: light is averaged in red, green and blue.
void MakeRgb(Picture& picture, Filter filter) {
  const Size size = {picture.width, picture.height};
  std::vector<Plane> planes;
  for (Channel& channel : picture.channels) {
    const bool full = channel.plane.width() == size.width && channel.plane.height() == size.height;
    planes.push_back(
        full ? std::move(channel.plane)
             : Resample(channel.plane, {0, 0, channel.width, channel.height}, size, filter));
  }
  picture.model = ToBaseModel(picture.model, planes);
  picture.channels.clear();
  for (Plane& plane : planes) {
    picture.channels.push_back(
        {std::move(plane), static_cast<double>(size.width), static_cast<double>(size.height)});
  }
}

void DropOpaqueAlpha(Picture& picture) {
  if (!picture.has_alpha || !IsOpaque(picture.channels.back().plane)) return;
  picture.channels.pop_back();
  picture.has_alpha = false;
}

// What can be averaged: light rather than numbers, if wanted, weighed by alpha.
void Prepare(Picture& picture, std::size_t index, bool light) {
  Plane& plane = picture.channels[index].plane;
  const bool is_alpha = picture.has_alpha && index + 1 == picture.channels.size();
  if (is_alpha) {
    plane = Widened(plane);
  } else {
    if (light) plane = ToLight(plane);
    if (picture.has_alpha) plane = Premultiplied(plane, picture.channels.back().plane);
  }
}

// In the colours and the depth of the source.
Raster Resampled(Source& source, const ResizeSpec& spec) {
  Picture& picture = source.picture;
  const int depth = picture.channels[0].plane.sample_bytes();
  const bool light = spec.linear_light && !IsCmyk(picture);
  if (light && picture.model == Model::kYcc) MakeRgb(picture, spec.filter);
  DropOpaqueAlpha(picture);

  std::vector<Plane> planes;
  for (std::size_t i = 0; i < picture.channels.size(); ++i) {
    Prepare(picture, i, light);
    planes.push_back(OutputChannel(source, i, {1, 1}, spec.filter));
  }
  const Model model = ToBaseModel(picture.model, planes);
  Raster raster = ToRaster(planes, model, picture.has_alpha);
  if (picture.has_alpha) Unpremultiply(raster);
  if (light) FromLight(raster);
  return depth == 1 ? Narrowed(std::move(raster)) : std::move(raster);
}

Raster InSrgb(Raster raster, ColourProfile* profile) {
  if (profile != nullptr) return profile->ToSrgb(raster);
  return raster.model == Model::kCmyk ? CmykToRgb(raster) : std::move(raster);
}

std::vector<std::byte> ViaRaster(Source& source, ColourProfile* profile, const ResizeSpec& spec,
                                 Format output, Metadata& kept) {
  Raster raster = InSrgb(Resampled(source, spec), profile);
  if (output == Format::kPng) return WritePng(raster, spec.png_level, kept);
  if (raster.has_alpha) {
    const Model before = raster.model;
    raster = Flattened(raster, spec.background);
    if (raster.model != before) kept.icc.clear();  // it is for gray
  }
  return WriteJpeg(raster, spec, kept);
}

void DropWhatDoesNotFit(Metadata& metadata, Warnings& warnings) {
  if (kExifPrefix.size() + metadata.exif.size() > kMaxSegment) {
    metadata.exif.clear();
    warnings.emplace_back("the EXIF data is too long for a JPEG and was left out");
  }
  if (kXmpPrefix.size() + metadata.xmp.size() > kMaxSegment) {
    metadata.xmp.clear();
    warnings.emplace_back("the XMP data is too long for a JPEG and was left out");
  }
}

Metadata Kept(Source& source, const ResizeSpec& spec, Format output, Warnings& warnings) {
  Metadata kept;
  if (spec.keep.icc && !IsCmyk(source.picture)) kept.icc = source.metadata.icc;
  if (spec.keep.exif) kept.exif = std::move(source.metadata.exif);
  if (spec.keep.xmp) kept.xmp = std::move(source.metadata.xmp);
  SetUpright(kept.exif);
  SetXmpUpright(kept.xmp);
  if (output == Format::kJpeg) DropWhatDoesNotFit(kept, warnings);
  return kept;
}

// What the picture has after ToBaseModel().
Model BaseModelOf(const Picture& picture) {
  if (IsCmyk(picture)) return Model::kCmyk;
  return picture.model == Model::kGray ? Model::kGray : Model::kRgb;
}

}  // namespace

Resized Resize(std::span<const std::byte> file, const ResizeSpec& spec) {
  Check(spec);
  const Format input = FormatOf(file);
  const Format output = OutputOf(input, spec.format);
  Resized result;
  result.output.format = output;
  Source source =
      input == Format::kJpeg ? ReadJpeg(file, spec, result) : ReadPng(file, spec, result);
  const Size upright = source.plan.upright();
  result.output = {output, upright.width, upright.height};

  Metadata kept = Kept(source, spec, output, result.warnings);
  std::shared_ptr<ColourProfile> profile;
  if (kept.icc.empty()) {
    profile =
        ColourProfile::Read(source.metadata.icc, BaseModelOf(source.picture), result.warnings);
  }
  if (output == Format::kJpeg && profile == nullptr && GoesDirectly(source, spec)) {
    result.file = ToJpegDirectly(source, spec, kept);
  } else {
    result.file = ViaRaster(source, profile.get(), spec, output, kept);
  }
  return result;
}

ImageInfo Inspect(std::span<const std::byte> file) {
  const Format format = FormatOf(file);
  const ResizeSpec spec = {.damage = Damage::kTolerate};
  const Size size = format == Format::kJpeg ? JpegReader(file, spec.damage, spec.limits).size()
                                            : PngReader(file, spec).size();
  return {format, size.width, size.height};
}

}  // namespace cohort::image_resizer
