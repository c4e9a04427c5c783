#include "apps/image_resizer/resize.h"

namespace cohort::image_resizer {

Resized Resize(std::span<const std::byte>, const ResizeSpec&) {
  throw ImageError(ErrorKind::kUnsupported, "no format is read yet");
}

ImageInfo Inspect(std::span<const std::byte>) {
  throw ImageError(ErrorKind::kUnsupported, "no format is read yet");
}

}  // namespace cohort::image_resizer
