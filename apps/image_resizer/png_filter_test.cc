#include "apps/image_resizer/png_filter.h"

#include <cstdint>
#include <cstdlib>
#include <random>
#include <set>
#include <span>
#include <vector>

#include "gtest/gtest.h"

namespace cohort::image_resizer {
namespace {

using Row = std::vector<std::uint8_t>;

// The format's own definition, byte by byte.
std::uint8_t Prediction(int filter, int left, int above, int corner) {
  const int estimate = left + above - corner;
  const int to_left = std::abs(estimate - left);
  const int to_above = std::abs(estimate - above);
  const int to_corner = std::abs(estimate - corner);
  const int paeth = to_left <= to_above && to_left <= to_corner ? left
                    : to_above <= to_corner                     ? above
                                                                : corner;
  const int predictions[] = {0, left, above, (left + above) / 2, paeth};
  return static_cast<std::uint8_t>(predictions[filter]);
}

Row Undone(std::span<const std::byte> filtered, const Row& above, std::size_t pixel) {
  const int filter = std::to_integer<int>(filtered[0]);
  Row row(above.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool first = i < pixel;
    row[i] = static_cast<std::uint8_t>(
        std::to_integer<int>(filtered[i + 1]) +
        Prediction(filter, first ? 0 : row[i - pixel], above[i], first ? 0 : above[i - pixel]));
  }
  return row;
}

// Filters these rows, one after the other, and looks whether they can be had back.
std::set<int> CheckRows(const std::vector<Row>& rows, std::size_t pixel) {
  std::set<int> used;
  PngFilter filter(rows[0].size(), pixel);
  Row above(rows[0].size());
  for (const Row& row : rows) {
    std::vector<std::byte> filtered;
    filter.Append(std::as_bytes(std::span(row)), filtered);
    EXPECT_EQ(filtered.size(), row.size() + 1);
    above = Undone(filtered, above, pixel);
    EXPECT_EQ(above, row);
    used.insert(std::to_integer<int>(filtered[0]));
  }
  return used;
}

template <typename Function>
std::vector<Row> MakeRows(Function value) {
  std::vector<Row> rows(40, Row(48));
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 48; ++x) rows[y][x] = static_cast<std::uint8_t>(value(x, y));
  }
  return rows;
}

TEST(PngFilterTest, EachFilterCanBeUndone) {
  std::mt19937 random(1);
  std::set<int> used;
  for (const std::size_t pixel : {1, 2, 3, 4, 6, 8}) {
    const std::vector<std::vector<Row>> pictures = {
        MakeRows([](int, int) { return 0; }),
        MakeRows([](int, int y) { return 77 * y; }),
        MakeRows([](int x, int) { return 91 * x; }),
        MakeRows([](int x, int y) { return 3 * x + 5 * y; }),
        MakeRows([](int x, int y) { return x * x + y * y * y; }),
        MakeRows([&random](int x, int y) { return 4 * (x + y) + random() % 16; }),
        MakeRows([&random](int, int) { return random(); })};
    for (const auto& picture : pictures) used.merge(CheckRows(picture, pixel));
  }
  EXPECT_EQ(used, (std::set<int>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace cohort::image_resizer
