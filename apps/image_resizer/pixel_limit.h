// Holds a declared size against the limit.

#ifndef COHORT_APPS_IMAGE_RESIZER_PIXEL_LIMIT_H_
#define COHORT_APPS_IMAGE_RESIZER_PIXEL_LIMIT_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/image_error.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// Throws ImageError(kTooLarge).
inline void CheckPixels(Size size, const Limits& limits) {
  constexpr int kMaxSide = 300'000;  // the resampler's time grows with its square
  const std::int64_t pixels = std::int64_t{size.width} * size.height;
  if (size.width > kMaxSide || size.height > kMaxSide) {
    throw ImageError(ErrorKind::kTooLarge, "a side of " +
                                               std::to_string(std::max(size.width, size.height)) +
                                               " pixels; the limit is " + std::to_string(kMaxSide));
  }
  if (pixels <= limits.max_pixels) return;
  throw ImageError(ErrorKind::kTooLarge, std::to_string(size.width) + " x " +
                                             std::to_string(size.height) + " are " +
                                             std::to_string(pixels) + " pixels; the limit is " +
                                             std::to_string(limits.max_pixels));
}

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PIXEL_LIMIT_H_
