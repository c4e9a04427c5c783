#include "apps/image_resizer/png_filter.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

namespace cohort::image_resizer {
namespace {

std::uint8_t Paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner);
  const int to_above = std::abs(left - corner);
  const int to_corner = std::abs(left + above - 2 * corner);
  const int second = to_above <= to_corner ? above : corner;
  return static_cast<std::uint8_t>(to_left <= to_above && to_left <= to_corner ? left : second);
}

std::uint64_t SumOfDifferences(const std::vector<std::uint8_t>& differences) {
  std::uint64_t sum = 0;
  for (const std::uint8_t d : differences) sum += d < 128 ? d : 256 - d;
  return sum;
}

}  // namespace

PngFilter::PngFilter(std::size_t row_bytes, std::size_t pixel_bytes)
    : row_bytes_(row_bytes),
      pixel_bytes_(pixel_bytes),
      row_(pixel_bytes + row_bytes),
      above_(pixel_bytes + row_bytes) {
  for (auto& filtered : filtered_) filtered.resize(row_bytes);
}

// Loops of their own, which the compiler turns into vector instructions.
void PngFilter::Apply(const std::uint8_t* row) {
  const std::size_t size = row_bytes_;
  const std::uint8_t* const left = row - pixel_bytes_;
  const std::uint8_t* const above = above_.data() + pixel_bytes_;
  const std::uint8_t* const corner = above_.data();
  std::uint8_t* const by_left = filtered_[1].data();
  std::uint8_t* const by_above = filtered_[2].data();
  std::uint8_t* const by_average = filtered_[3].data();
  std::uint8_t* const by_paeth = filtered_[4].data();

  std::memcpy(filtered_[0].data(), row, size);
  for (std::size_t i = 0; i < size; ++i) by_left[i] = row[i] - left[i];
  for (std::size_t i = 0; i < size; ++i) by_above[i] = row[i] - above[i];
  for (std::size_t i = 0; i < size; ++i) by_average[i] = row[i] - (left[i] + above[i]) / 2;
  for (std::size_t i = 0; i < size; ++i) by_paeth[i] = row[i] - Paeth(left[i], above[i], corner[i]);
}

void PngFilter::Append(std::span<const std::byte> row, std::vector<std::byte>& to) {
  std::memcpy(row_.data() + pixel_bytes_, row.data(), row_bytes_);
  Apply(row_.data() + pixel_bytes_);

  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();
  std::size_t best = 0;
  for (std::size_t filter = 0; filter < filtered_.size(); ++filter) {
    const std::uint64_t sum = SumOfDifferences(filtered_[filter]);
    if (sum < smallest) {
      smallest = sum;
      best = filter;
    }
  }
  to.push_back(static_cast<std::byte>(best));
  const auto bytes = std::as_bytes(std::span(filtered_[best]));
  to.insert(to.end(), bytes.begin(), bytes.end());
  std::swap(row_, above_);
}

}  // namespace cohort::image_resizer
