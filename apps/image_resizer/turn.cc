#include "apps/image_resizer/turn.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace cohort::image_resizer {
namespace {

template <typename T>
void FlipX(Plane& plane) {
  for (int y = 0; y < plane.height(); ++y) {
    const std::span<T> row = plane.row_of<T>(y);
    std::reverse(row.begin(), row.end());
  }
}

template <typename T>
void FlipY(Plane& plane) {
  for (int y = 0; y < plane.height() / 2; ++y) {
    const std::span<T> row = plane.row_of<T>(y);
    std::swap_ranges(row.begin(), row.end(), plane.row_of<T>(plane.height() - 1 - y).begin());
  }
}

// In squares that stay in the cache.
template <typename T>
Plane Transposed(const Plane& plane) {
  constexpr int kSquare = 32;
  Plane result(plane.height(), plane.width(), sizeof(T));
  for (int top = 0; top < plane.height(); top += kSquare) {
    const int bottom = std::min(top + kSquare, plane.height());
    for (int x = 0; x < plane.width(); ++x) {
      const std::span<T> row = result.row_of<T>(x);
      for (int y = top; y < bottom; ++y) row[y] = plane.row_of<T>(y)[x];
    }
  }
  return result;
}

template <typename T>
Plane TurnedAs(Plane plane, Turn turn) {
  if (turn.flip_x) FlipX<T>(plane);
  if (turn.flip_y) FlipY<T>(plane);
  return turn.transpose ? Transposed<T>(plane) : std::move(plane);
}

}  // namespace

Plane Turned(Plane plane, Turn turn) {
  return plane.sample_bytes() == 1 ? TurnedAs<std::uint8_t>(std::move(plane), turn)
                                   : TurnedAs<std::uint16_t>(std::move(plane), turn);
}

}  // namespace cohort::image_resizer
