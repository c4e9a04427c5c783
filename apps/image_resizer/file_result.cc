#include "apps/image_resizer/file_result.h"

#include <array>
#include <cstddef>

namespace cohort::image_resizer {

std::string_view NameOf(Outcome outcome) {
  static constexpr std::array<std::string_view, 4> kNames = {"not done", "resized", "up to date",
                                                             "failed"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

}  // namespace cohort::image_resizer
