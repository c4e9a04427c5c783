// Any bytes, taken for an image: that must be an ImageError or a small image.
//
// The first byte of an input chooses what is asked for.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <span>

#include "apps/image_resizer/resize.h"

namespace {

using cohort::image_resizer::Damage;
using cohort::image_resizer::Depth16;
using cohort::image_resizer::ImageError;
using cohort::image_resizer::Mode;
using cohort::image_resizer::OutputFormat;
using cohort::image_resizer::Resize;
using cohort::image_resizer::Resized;
using cohort::image_resizer::ResizeSpec;

ResizeSpec SpecOf(uint8_t choice) {
  const auto bit = [choice](int i) { return (choice >> i & 1) != 0; };
  ResizeSpec spec = {.width = 24, .height = 16};
  spec.mode = bit(0) ? Mode::kFill : Mode::kFit;
  spec.damage = bit(1) ? Damage::kRefuse : Damage::kTolerate;
  spec.format = bit(2) ? OutputFormat::kJpeg : OutputFormat::kPng;
  spec.linear_light = bit(3);
  spec.keep = {.icc = bit(4), .exif = bit(5), .xmp = bit(5)};
  spec.depth16 = bit(6) ? Depth16::kReduceTo8 : Depth16::kKeep;
  spec.progressive = bit(7);
  spec.limits = {.max_pixels = 200'000, .max_scans = 20};
  return spec;
}

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::span<const std::byte> file = std::as_bytes(std::span(data + 1, size - 1));
  const ResizeSpec spec = SpecOf(data[0]);
  try {
    const Resized small = Resize(file, spec);
    Require(small.output.width >= 1 && small.output.width <= spec.width, "a wrong width");
    Require(small.output.height >= 1 && small.output.height <= spec.height, "a wrong height");
    // What is written is whole: reading it again finds no fault.
    ResizeSpec again = spec;
    again.damage = Damage::kRefuse;
    const Resized same = Resize(small.file, again);
    Require(same.output.width == small.output.width, "the output has another width");
  } catch (const ImageError&) {
  } catch (const std::bad_alloc&) {
  }
  return 0;
}
