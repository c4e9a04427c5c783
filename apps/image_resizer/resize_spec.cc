#include "apps/image_resizer/resize_spec.h"

#include <stdexcept>
#include <string>

namespace cohort::image_resizer {
namespace {

void CheckRange(const char* name, std::int64_t value, std::int64_t lowest, std::int64_t highest) {
  if (value >= lowest && value <= highest) return;
  throw std::invalid_argument(std::string(name) + " is " + std::to_string(value) +
                              "; it must be from " + std::to_string(lowest) + " to " +
                              std::to_string(highest));
}

}  // namespace

void Check(const ResizeSpec& spec) {
  constexpr int kMaxSide = 65500;  // libjpeg's
  CheckRange("width", spec.width, 0, kMaxSide);
  CheckRange("height", spec.height, 0, kMaxSide);
  if (spec.width == 0 && spec.height == 0) {
    throw std::invalid_argument("width and height are both 0; give at least one of them");
  }
  CheckRange("quality", spec.quality, 1, 100);
  CheckRange("png_level", spec.png_level, 0, 9);
  CheckRange("max_pixels", spec.limits.max_pixels, 1, std::int64_t{1} << 40);
  CheckRange("max_scans", spec.limits.max_scans, 1, 1'000'000);
}

}  // namespace cohort::image_resizer
