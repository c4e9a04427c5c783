#include "apps/image_resizer/light.h"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace cohort::image_resizer {
namespace {

using Table = std::vector<std::uint16_t>;

constexpr int kTop = 65535;

double LightOf(double number) {
  return number <= 0.04045 ? number / 12.92 : std::pow((number + 0.055) / 1.055, 2.4);
}

double NumberOf(double light) {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

Table MakeTable(double function(double)) {
  Table table(kTop + 1);
  for (int i = 0; i <= kTop; ++i) {
    table[i] = static_cast<std::uint16_t>(std::lround(function(i / double{kTop}) * kTop));
  }
  return table;
}

template <typename T>
void MapRows(const Plane& from, int factor, Plane& to) {
  static const Table table = MakeTable(&LightOf);
  for (int y = 0; y < from.height(); ++y) {
    std::uint16_t* out = to.row_of<std::uint16_t>(y).data();
    for (const T number : from.row_of<T>(y)) *out++ = table[number * factor];
  }
}

}  // namespace

Plane ToLight(const Plane& numbers) {
  Plane light(numbers.width(), numbers.height(), 2);
  if (numbers.sample_bytes() == 1) {
    MapRows<std::uint8_t>(numbers, 257, light);
  } else {
    MapRows<std::uint16_t>(numbers, 1, light);
  }
  return light;
}

void FromLight(Raster& raster) {
  static const Table table = MakeTable(&NumberOf);
  const int channels = raster.channels();
  for (int y = 0; y < raster.height; ++y) {
    const std::span<std::uint16_t> row = raster.samples.row_of<std::uint16_t>(y);
    for (std::size_t pixel = 0; pixel < row.size(); pixel += channels) {
      for (int c = 0; c < ChannelsOf(raster.model); ++c) row[pixel + c] = table[row[pixel + c]];
    }
  }
}

}  // namespace cohort::image_resizer
