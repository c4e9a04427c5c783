#include "apps/image_resizer/plane.h"

#include <algorithm>
#include <new>

namespace cohort::image_resizer {
namespace {

constexpr std::align_val_t kAlign{Plane::kAlignment};

}  // namespace

Plane::Plane(int width, int height, int sample_bytes, int padded_width, int padded_height)
    : width_(width), height_(height), sample_bytes_(sample_bytes) {
  const auto row_bytes = static_cast<std::size_t>(std::max(width, padded_width)) * sample_bytes;
  stride_ = (row_bytes + kAlignment - 1) / kAlignment * kAlignment;
  const auto rows = static_cast<std::size_t>(std::max(height, padded_height));
  data_.reset(static_cast<std::byte*>(operator new[](rows* stride_, kAlign)));
}

void Plane::Free::operator()(std::byte* memory) const { operator delete[](memory, kAlign); }

}  // namespace cohort::image_resizer
