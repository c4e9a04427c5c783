#include "apps/image_resizer/image_error.h"

#include <array>

namespace cohort::image_resizer {
namespace {

constexpr std::array kNames = {"not an image", "unsupported", "damaged", "too large",
                               "too many scans"};

ErrorKind KindOf(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (text.starts_with(std::string(kNames[i]) + ": ")) return static_cast<ErrorKind>(i);
  }
  return ErrorKind::kDamaged;
}

}  // namespace

std::string_view NameOf(ErrorKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

ImageError::ImageError(ErrorKind kind, std::string_view reason)
    : std::runtime_error(std::string(NameOf(kind)) + ": " + std::string(reason)), kind_(kind) {}

ImageError::ImageError(const std::string& text) : std::runtime_error(text), kind_(KindOf(text)) {}

}  // namespace cohort::image_resizer
