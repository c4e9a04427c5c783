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

}  // namespace

void ToLight(std::span<std::uint16_t> numbers) {
  static const Table table = MakeTable(&LightOf);
  for (std::uint16_t& number : numbers) number = table[number];
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
