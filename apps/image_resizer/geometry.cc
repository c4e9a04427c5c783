#include "apps/image_resizer/geometry.h"

#include <algorithm>
#include <cmath>

namespace cohort::image_resizer {
namespace {

// Half a pixel is rounded up.
int ToPixels(double length) {
  return std::max(1, static_cast<int>(std::floor(std::min(length, 1e9) + 0.5)));
}

struct Scale {
  double x;
  double y;
};

// The box over the picture. A side of 0 follows the other.
Scale ScaleToBox(Size picture, const ResizeSpec& spec) {
  const double x = static_cast<double>(spec.width) / picture.width;
  const double y = static_cast<double>(spec.height) / picture.height;
  return {spec.width == 0 ? y : x, spec.height == 0 ? x : y};
}

Scale WithMode(Scale scale, Mode mode) {
  if (mode == Mode::kExact) return scale;
  const double both = mode == Mode::kFit ? std::min(scale.x, scale.y) : std::max(scale.x, scale.y);
  return {both, both};
}

// What is left of the scaled picture within the box.
Size OutputSize(Size picture, Scale scale, const ResizeSpec& spec) {
  Size size = {ToPixels(picture.width * scale.x), ToPixels(picture.height * scale.y)};
  if (spec.mode == Mode::kFill) {
    if (spec.width > 0) size.width = std::min(size.width, spec.width);
    if (spec.height > 0) size.height = std::min(size.height, spec.height);
  }
  return size;
}

// In the middle. Where nothing is cut off this is all of the picture, so that rounding to whole
// pixels stretches it by a fraction of one and loses no edge.
Region SourceRegion(Size picture, Size output, Scale scale, Mode mode) {
  Region region = {0, 0, static_cast<double>(picture.width), static_cast<double>(picture.height)};
  if (mode != Mode::kFill) return region;
  if (output.width + 0.5 < picture.width * scale.x) region.width = output.width / scale.x;
  if (output.height + 0.5 < picture.height * scale.y) region.height = output.height / scale.y;
  region.left = (picture.width - region.width) / 2;
  region.top = (picture.height - region.height) / 2;
  return region;
}

}  // namespace

Turn TurnOf(int orientation) {
  switch (orientation) {
    case 2:
      return {.flip_x = true};
    case 3:
      return {.flip_x = true, .flip_y = true};
    case 4:
      return {.flip_y = true};
    case 5:
      return {.transpose = true};
    case 6:
      return {.flip_y = true, .transpose = true};
    case 7:
      return {.flip_x = true, .flip_y = true, .transpose = true};
    case 8:
      return {.flip_x = true, .transpose = true};
    default:
      return {};
  }
}

Plan MakePlan(Size stored, int orientation, const ResizeSpec& spec) {
  Plan plan;
  plan.turn = TurnOf(orientation);
  const Size upright = plan.turn.transpose ? Transposed(stored) : stored;

  Scale scale = WithMode(ScaleToBox(upright, spec), spec.mode);
  if (spec.enlarge == Enlarge::kNever) scale = {std::min(scale.x, 1.0), std::min(scale.y, 1.0)};
  plan.output = OutputSize(upright, scale, spec);
  plan.source = SourceRegion(upright, plan.output, scale, spec.mode);

  // The region is in the middle, so that mirroring does not move it.
  if (plan.turn.transpose) {
    plan.output = Transposed(plan.output);
    std::swap(plan.source.left, plan.source.top);
    std::swap(plan.source.width, plan.source.height);
  }
  return plan;
}

int DecodeDivisor(const Plan& plan) {
  constexpr double kRest = 2;
  for (const int divisor : {8, 4, 2}) {
    if (plan.source.width >= kRest * divisor * plan.output.width &&
        plan.source.height >= kRest * divisor * plan.output.height) {
      return divisor;
    }
  }
  return 1;
}

Size SamplesOf(Size pixels, Size step) {
  return {(pixels.width + step.width - 1) / step.width,
          (pixels.height + step.height - 1) / step.height};
}

Region CoveredBy(const Plan& plan, Size step) {
  const Size samples = SamplesOf(plan.output, step);
  Region region = plan.source;
  region.width *= static_cast<double>(samples.width * step.width) / plan.output.width;
  region.height *= static_cast<double>(samples.height * step.height) / plan.output.height;
  // A mirrored picture has its last sample at the beginning.
  if (plan.turn.flip_x) region.left += plan.source.width - region.width;
  if (plan.turn.flip_y) region.top += plan.source.height - region.height;
  return region;
}

}  // namespace cohort::image_resizer
