// PNG's prediction of a row from its neighbours.

#ifndef COHORT_APPS_IMAGE_RESIZER_PNG_FILTER_H_
#define COHORT_APPS_IMAGE_RESIZER_PNG_FILTER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cohort::image_resizer {

// For the rows of one picture, from above. Takes for each the filter whose differences, as signed
// numbers, are smallest in sum; that is what libpng does, and what compresses photos well.
class PngFilter {
 public:
  PngFilter(std::size_t row_bytes, std::size_t pixel_bytes);

  // Appends the filter's number and the differences.
  void Append(std::span<const std::byte> row, std::vector<std::byte>& to);

 private:
  static constexpr int kFilters = 5;  // none, left, above, average, Paeth's

  void Apply(const std::uint8_t* row);

  std::size_t row_bytes_;
  std::size_t pixel_bytes_;
  // With a pixel of zeros before it, as the format has it.
  std::vector<std::uint8_t> row_;
  std::vector<std::uint8_t> above_;
  std::array<std::vector<std::uint8_t>, kFilters> filtered_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PNG_FILTER_H_
