#include "apps/image_resizer/resize.h"

#include <cstring>
#include <stdexcept>
#include <utility>

#include "apps/image_resizer/exif.h"
#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/jpeg_reader.h"
#include "apps/image_resizer/jpeg_writer.h"
#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/resample.h"
#include "apps/image_resizer/turn.h"

namespace cohort::image_resizer {
namespace {

void CheckRange(const char* name, std::int64_t value, std::int64_t lowest, std::int64_t highest) {
  if (value >= lowest && value <= highest) return;
  throw std::invalid_argument(std::string(name) + " is " + std::to_string(value) +
                              "; it must be from " + std::to_string(lowest) + " to " +
                              std::to_string(highest));
}

void CheckSpec(const ResizeSpec& spec) {
  constexpr int kMaxSide = 65500;  // libjpeg's
  CheckRange("width", spec.width, 0, kMaxSide);
  CheckRange("height", spec.height, 0, kMaxSide);
  if (spec.width == 0 && spec.height == 0) {
    throw std::invalid_argument("width and height are both 0; give at least one of them");
  }
  CheckRange("quality", spec.quality, 1, 100);
  CheckRange("png_level", spec.png_level, 0, 9);
}

bool StartsWith(std::span<const std::byte> file, std::string_view signature) {
  return file.size() >= signature.size() &&
         std::memcmp(file.data(), signature.data(), signature.size()) == 0;
}

Format FormatOf(std::span<const std::byte> file) {
  if (file.empty()) throw ImageError(ErrorKind::kNotAnImage, "the file is empty");
  if (StartsWith(file, "\xFF\xD8\xFF")) return Format::kJpeg;
  if (StartsWith(file, "\x89PNG\r\n\x1A\n")) return Format::kPng;
  throw ImageError(ErrorKind::kNotAnImage, "the file is neither a JPEG nor a PNG");
}

// A decoded file and what is to become of it.
struct Source {
  Picture picture;
  Metadata metadata;
  Plan plan;
};

Source ReadJpeg(std::span<const std::byte> file, const ResizeSpec& spec, Resized& report) {
  JpegReader reader(file, spec.damage, spec.limits);
  report.source = {Format::kJpeg, reader.size().width, reader.size().height};
  Source source = {.picture = {}, .metadata = reader.metadata(), .plan = {}};
  source.plan = MakePlan(reader.size(), source.metadata.orientation, spec);
  source.picture = reader.Read(DecodeDivisor(source.plan));
  report.warnings = reader.warnings();
  return source;
}

// The channel's part of `region`, which is in the picture's pixels.
Region RegionOf(const Channel& channel, const Picture& picture, const Region& region) {
  const double x = channel.width / picture.width;
  const double y = channel.height / picture.height;
  return {region.left * x, region.top * y, region.width * x, region.height * y};
}

// One of the output's channels, upright, with a sample for `step` pixels of it.
Plane OutputChannel(Source& source, std::size_t index, Size step, Filter filter) {
  if (source.plan.turn.transpose) step = Transposed(step);
  Channel& channel = source.picture.channels[index];
  const Region region = RegionOf(channel, source.picture, CoveredBy(source.plan, step));
  Plane plane = Resample(channel.plane, region, SamplesOf(source.plan.output, step), filter);
  channel.plane = {};
  return Turned(std::move(plane), source.plan.turn);
}

Metadata KeptOf(Metadata metadata, const Keep& keep) {
  if (!keep.icc) metadata.icc.clear();
  if (!keep.exif) metadata.exif.clear();
  if (!keep.xmp) metadata.xmp.clear();
  SetUpright(metadata.exif);
  return metadata;
}

// Without a detour over RGB: neither the colours are converted, nor the chroma made larger and
// smaller again.
std::vector<std::byte> ToJpegDirectly(Source& source, const ResizeSpec& spec) {
  std::vector<Plane> planes;
  for (std::size_t i = 0; i < source.picture.channels.size(); ++i) {
    const Size step = i == 0 ? Size{1, 1} : ChromaStep(spec);
    planes.push_back(OutputChannel(source, i, step, spec.filter));
  }
  return WriteJpegPlanes(planes, spec, KeptOf(std::move(source.metadata), spec.keep));
}

}  // namespace

Resized Resize(std::span<const std::byte> file, const ResizeSpec& spec) {
  CheckSpec(spec);
  if (FormatOf(file) == Format::kPng) {
    throw ImageError(ErrorKind::kUnsupported, "PNG is not read yet");
  }
  Resized result;
  Source source = ReadJpeg(file, spec, result);
  if (source.picture.model != Model::kGray && source.picture.model != Model::kYcc) {
    throw ImageError(ErrorKind::kUnsupported, "these colours are not converted yet");
  }
  const Size upright = source.plan.upright();
  result.output = {Format::kJpeg, upright.width, upright.height};
  result.file = ToJpegDirectly(source, spec);
  return result;
}

ImageInfo Inspect(std::span<const std::byte> file) {
  const Format format = FormatOf(file);
  const JpegReader reader(file, Damage::kTolerate, Limits{});
  return {format, reader.size().width, reader.size().height};
}

}  // namespace cohort::image_resizer
