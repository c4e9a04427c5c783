#include "apps/image_resizer/resize.h"

#include <algorithm>
#include <iterator>
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
#include "apps/image_resizer/pixel_limit.h"
#include "apps/image_resizer/png_reader.h"
#include "apps/image_resizer/png_writer.h"
#include "apps/image_resizer/raster.h"
#include "apps/image_resizer/shrink.h"
#include "apps/image_resizer/xmp.h"

namespace cohort::image_resizer {
namespace {

using Warnings = std::vector<std::string>;

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

bool IsCmyk(Model model) { return ChannelsOf(model) == 4; }

// What the picture has after ToBaseModel().
Model BaseModelOf(Model model) {
  if (IsCmyk(model)) return Model::kCmyk;
  return model == Model::kGray ? Model::kGray : Model::kRgb;
}

// A file, as its header says, and what is to become of it.
struct Task {
  const ResizeSpec& spec;
  ImageInfo source;
  Model model;
  bool has_alpha;
  Plan plan;
  Format output;
  Metadata kept = {};
  std::shared_ptr<ColourProfile> profile = nullptr;
  Warnings warnings = {};

  bool to_light() const { return spec.linear_light && !IsCmyk(model); }

  // Without a detour over RGB: neither are the colours converted, nor is the chroma made larger and
  // smaller again.
  bool is_direct() const {
    return output == Format::kJpeg && profile == nullptr && !has_alpha && !to_light() &&
           (model == Model::kGray || model == Model::kYcc);
  }
};

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

Metadata Kept(const Metadata& metadata, const Task& task, Warnings& warnings) {
  Metadata kept;
  const Keep& keep = task.spec.keep;
  if (keep.icc && !IsCmyk(task.model)) kept.icc = metadata.icc;
  if (keep.exif) kept.exif = metadata.exif;
  if (keep.xmp) kept.xmp = metadata.xmp;
  SetUpright(kept.exif);
  SetXmpUpright(kept.xmp);
  if (task.output == Format::kJpeg) DropWhatDoesNotFit(kept, warnings);
  return kept;
}

Task MakeTask(const ImageInfo& source, Model model, bool has_alpha, const Metadata& metadata,
              const ResizeSpec& spec) {
  const Size size = {source.width, source.height};
  Task task = {.spec = spec,
               .source = source,
               .model = model,
               .has_alpha = has_alpha,
               .plan = MakePlan(size, metadata.orientation, spec),
               .output = OutputOf(source.format, spec.format)};
  CheckOutput(task.plan.upright(), spec.limits);
  task.kept = Kept(metadata, task, task.warnings);
  if (task.kept.icc.empty()) {
    task.profile = ColourProfile::Read(metadata.icc, BaseModelOf(model), task.warnings);
  }
  return task;
}

// In the colours of the source, and of 8 or 16 bits.
Raster ToRaster(Shrunk small, const Task& task, int sample_bytes) {
  const Model model = ToBaseModel(small.model, small.channels);
  Raster raster = ToRaster(small.channels, model, small.has_alpha);
  small.channels.clear();
  if (raster.has_alpha) Unpremultiply(raster);
  if (task.to_light()) FromLight(raster);
  return sample_bytes == 1 ? Narrowed(std::move(raster)) : std::move(raster);
}

Raster InSrgb(Raster raster, ColourProfile* profile) {
  if (profile != nullptr) return profile->ToSrgb(raster);
  return raster.model == Model::kCmyk ? CmykToRgb(raster) : std::move(raster);
}

std::vector<std::byte> Encode(Raster raster, Task& task) {
  if (task.output == Format::kPng)
    return WritePng(std::move(raster), task.spec.png_level, task.kept);
  if (raster.has_alpha) {
    const Model before = raster.model;
    raster = Flattened(raster, task.spec.background);
    if (raster.model != before) task.kept.icc.clear();  // it is for gray
  }
  return WriteJpeg(raster, task.spec, task.kept);
}

Resized Finish(Shrunk small, Task& task, int sample_bytes, Warnings warnings) {
  const Size upright = task.plan.upright();
  Resized result = {.file = {},
                    .source = task.source,
                    .output = {task.output, upright.width, upright.height},
                    .warnings = std::move(warnings)};
  std::ranges::move(task.warnings, std::back_inserter(result.warnings));
  if (task.is_direct()) {
    result.file = WriteJpegPlanes(small.channels, task.spec, task.kept);
  } else {
    Raster raster = ToRaster(std::move(small), task, sample_bytes);
    result.file = Encode(InSrgb(std::move(raster), task.profile.get()), task);
  }
  return result;
}

Shrunk Shrink(JpegReader& reader, const Task& task) {
  const Filter filter = task.spec.filter;
  if (task.to_light()) {  // the reduced decoding averages numbers
    return ShrinkPixels(reader, reader.StartPixels(), task.plan, filter, true);
  }
  const Layout layout = reader.StartChannels(DecodeDivisor(task.plan));
  const Size chroma_step = task.is_direct() ? ChromaStep(task.spec) : Size{1, 1};
  return ShrinkChannels(reader, layout, task.plan, filter, chroma_step);
}

Resized ResizeJpeg(std::span<const std::byte> file, const ResizeSpec& spec) {
  JpegReader reader(file, spec.damage, spec.limits);
  const ImageInfo source = {Format::kJpeg, reader.size().width, reader.size().height};
  Task task = MakeTask(source, reader.model(), false, reader.metadata(), spec);
  Shrunk small = Shrink(reader, task);
  return Finish(std::move(small), task, 1, reader.warnings());
}

Resized ResizePng(std::span<const std::byte> file, const ResizeSpec& spec) {
  PngReader reader(file, spec);
  const ImageInfo source = {Format::kPng, reader.size().width, reader.size().height};
  const bool to_8_bits =
      OutputOf(Format::kPng, spec.format) == Format::kJpeg || spec.depth16 == Depth16::kReduceTo8;
  const Layout layout = reader.Start(to_8_bits);
  Task task = MakeTask(source, layout.model, layout.has_alpha, reader.metadata(), spec);
  Shrunk small = ShrinkPixels(reader, layout, task.plan, spec.filter, task.to_light());
  return Finish(std::move(small), task, layout.sample_bytes, reader.warnings());
}

}  // namespace

Resized Resize(std::span<const std::byte> file, const ResizeSpec& spec) {
  Check(spec);
  return FormatOf(file) == Format::kJpeg ? ResizeJpeg(file, spec) : ResizePng(file, spec);
}

ImageInfo Inspect(std::span<const std::byte> file) {
  const Format format = FormatOf(file);
  const ResizeSpec spec = {.damage = Damage::kTolerate};
  const Size size = format == Format::kJpeg ? JpegReader(file, spec.damage, spec.limits).size()
                                            : PngReader(file, spec).size();
  return {format, size.width, size.height};
}

}  // namespace cohort::image_resizer
