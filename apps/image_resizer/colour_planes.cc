#include "apps/image_resizer/colour_planes.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace cohort::image_resizer {
namespace {

using Row = std::span<std::uint8_t>;

std::uint8_t Clamp(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

// In 16 bits after the point.
constexpr int Fixed(double value) { return static_cast<int>(value * 65536 + 0.5); }

// JFIF's formulas.
void YccRowToRgb(Row first, Row second, Row third) {
  constexpr int kHalf = 1 << 15;
  for (std::size_t x = 0; x < first.size(); ++x) {
    const int y = first[x] << 16;
    const int cb = second[x] - 128;
    const int cr = third[x] - 128;
    first[x] = Clamp((y + Fixed(1.402) * cr + kHalf) >> 16);
    second[x] = Clamp((y - Fixed(0.344136286) * cb - Fixed(0.714136286) * cr + kHalf) >> 16);
    third[x] = Clamp((y + Fixed(1.772) * cb + kHalf) >> 16);
  }
}

void Invert(Row row) {
  for (std::uint8_t& sample : row) sample = static_cast<std::uint8_t>(255 - sample);
}

template <typename T>
void Interleave(const Plane& plane, int channel, Raster& raster) {
  const int step = raster.channels();
  for (int y = 0; y < raster.height; ++y) {
    const std::span<const T> from = plane.row_of<T>(y);
    T* to = raster.samples.row_of<T>(y).data() + channel;
    for (const T sample : from) {
      *to = sample;
      to += step;
    }
  }
}

// a * b, where 255 is one.
std::uint8_t Product(int a, int b) { return static_cast<std::uint8_t>((a * b + 127) / 255); }

}  // namespace

Model ToBaseModel(Model model, std::vector<Plane>& planes) {
  if (model != Model::kYcc && model != Model::kYcck) return model;
  for (int y = 0; y < planes[0].height(); ++y) {
    const Row rows[] = {planes[0].row_of<std::uint8_t>(y), planes[1].row_of<std::uint8_t>(y),
                        planes[2].row_of<std::uint8_t>(y)};
    YccRowToRgb(rows[0], rows[1], rows[2]);
    if (model == Model::kYcck) std::for_each(std::begin(rows), std::end(rows), Invert);
  }
  return model == Model::kYcc ? Model::kRgb : Model::kCmyk;
}

Raster ToRaster(const std::vector<Plane>& planes, Model model, bool has_alpha) {
  Raster raster(model, has_alpha, planes[0].width(), planes[0].height(), planes[0].sample_bytes());
  for (int c = 0; c < raster.channels(); ++c) {
    raster.sample_bytes() == 1 ? Interleave<std::uint8_t>(planes[c], c, raster)
                               : Interleave<std::uint16_t>(planes[c], c, raster);
  }
  return raster;
}

Raster CmykToRgb(const Raster& cmyk) {
  Raster rgb(Model::kRgb, false, cmyk.width, cmyk.height, 1);
  for (int y = 0; y < cmyk.height; ++y) {
    const std::uint8_t* from = cmyk.samples.row_of<std::uint8_t>(y).data();
    for (const Row to = rgb.samples.row_of<std::uint8_t>(y); std::uint8_t & sample : to) {
      const std::size_t i = &sample - to.data();
      sample = Product(from[i / 3 * 4 + i % 3], from[i / 3 * 4 + 3]);
    }
  }
  return rgb;
}

}  // namespace cohort::image_resizer
