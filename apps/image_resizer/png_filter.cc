#include "apps/image_resizer/png_filter.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace cohort::image_resizer {
namespace {

// Loops of their own over plain bytes, which the compiler turns into vector instructions.
using Row = const std::uint8_t* __restrict;
using Out = std::uint8_t* __restrict;

void ByNeighbour(Row row, Row neighbour, Out to, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint8_t>(row[i] - neighbour[i]);
}

void ByAverage(Row row, Row left, Row above, Out to, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    to[i] = static_cast<std::uint8_t>(row[i] - (left[i] + above[i]) / 2);
  }
}

// The one of the three that is nearest to left + above - corner.
std::int16_t Paeth(std::int16_t left, std::int16_t above, std::int16_t corner) {
  const std::int16_t up = static_cast<std::int16_t>(above - corner);
  const std::int16_t along = static_cast<std::int16_t>(left - corner);
  const std::int16_t both = static_cast<std::int16_t>(up + along);
  const std::int16_t to_left = up < 0 ? -up : up;
  const std::int16_t to_above = along < 0 ? -along : along;
  const std::int16_t to_corner = both < 0 ? -both : both;
  const std::int16_t second = to_above <= to_corner ? above : corner;
  const std::int16_t second_distance = to_above <= to_corner ? to_above : to_corner;
  return to_left <= second_distance ? left : second;
}

void ByPaeth(Row row, Row left, Row above, Row corner, Out to, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    to[i] = static_cast<std::uint8_t>(row[i] - Paeth(left[i], above[i], corner[i]));
  }
}

std::uint32_t SumOfDifferences(Row differences, std::size_t size) {
  std::uint32_t sum = 0;  // a row has less than 2^25 bytes
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t d = differences[i];
    const std::uint8_t opposite = static_cast<std::uint8_t>(-d);
    sum += std::min(d, opposite);
  }
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

void PngFilter::Apply(const std::uint8_t* row) {
  const std::uint8_t* const left = row - pixel_bytes_;
  const std::uint8_t* const above = above_.data() + pixel_bytes_;
  const std::uint8_t* const corner = above_.data();
  std::memcpy(filtered_[0].data(), row, row_bytes_);
  ByNeighbour(row, left, filtered_[1].data(), row_bytes_);
  ByNeighbour(row, above, filtered_[2].data(), row_bytes_);
  ByAverage(row, left, above, filtered_[3].data(), row_bytes_);
  ByPaeth(row, left, above, corner, filtered_[4].data(), row_bytes_);
}

void PngFilter::Append(std::span<const std::byte> row, std::vector<std::byte>& to) {
  std::memcpy(row_.data() + pixel_bytes_, row.data(), row_bytes_);
  Apply(row_.data() + pixel_bytes_);

  std::uint32_t smallest = std::numeric_limits<std::uint32_t>::max();
  std::size_t best = 0;
  for (std::size_t filter = 0; filter < filtered_.size(); ++filter) {
    const std::uint32_t sum = SumOfDifferences(filtered_[filter].data(), row_bytes_);
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
