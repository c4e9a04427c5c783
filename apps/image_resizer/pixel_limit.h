// Holds a picture's size against the limits.

#ifndef COHORT_APPS_IMAGE_RESIZER_PIXEL_LIMIT_H_
#define COHORT_APPS_IMAGE_RESIZER_PIXEL_LIMIT_H_

#include <algorithm>
#include <cstdint>
#include <string>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/image_error.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// Which limit is exceeded, or "".
inline std::string OverLimit(Size size, const Limits& limits) {
  constexpr int kMaxSide = 300'000;  // the resampler's time grows with its square
  const int side = std::max(size.width, size.height);
  if (side > kMaxSide) {
    return "a side of " + std::to_string(side) + " pixels; the limit is " +
           std::to_string(kMaxSide);
  }
  const std::int64_t pixels = std::int64_t{size.width} * size.height;
  if (pixels <= limits.max_pixels) return {};
  return std::to_string(size.width) + " x " + std::to_string(size.height) + " are " +
         std::to_string(pixels) + " pixels; the limit is " + std::to_string(limits.max_pixels);
}

// As the file declares it. Throws ImageError(kTooLarge).
inline void CheckPixels(Size size, const Limits& limits) {
  const std::string reason = OverLimit(size, limits);
  if (!reason.empty()) throw ImageError(ErrorKind::kTooLarge, reason);
}

// Of the copy, which is enlarged from the file's and can be anything. Throws the same.
inline void CheckOutput(Size size, const Limits& limits) {
  const std::string reason = OverLimit(size, limits);
  if (reason.empty()) return;
  throw ImageError(ErrorKind::kTooLarge, "the copy would be " + std::to_string(size.width) + " x " +
                                             std::to_string(size.height) + ": " + reason +
                                             "; give both sides of a smaller box");
}

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PIXEL_LIMIT_H_
