#include "apps/image_resizer/alpha.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace cohort::image_resizer {
namespace {

constexpr std::uint32_t kTop = 65535;

void UnpremultiplyPixel(std::span<std::uint16_t> colours, std::uint32_t alpha) {
  for (std::uint16_t& colour : colours) {
    if (alpha == 0) {
      colour = 0;
    } else {
      const std::uint64_t value = (std::uint64_t{colour} * kTop + alpha / 2) / alpha;
      colour = static_cast<std::uint16_t>(std::min<std::uint64_t>(value, kTop));
    }
  }
}

// The background, as the model has colours.
std::array<std::uint32_t, 3> ChannelsOfColour(const Colour& colour) {
  return {colour.red, colour.green, colour.blue};
}

}  // namespace

bool IsOpaque(std::span<const std::uint16_t> alpha) {
  return std::all_of(alpha.begin(), alpha.end(), [](std::uint16_t a) { return a == kTop; });
}

void Premultiply(std::span<std::uint16_t> colours, std::span<const std::uint16_t> alpha) {
  for (std::size_t x = 0; x < colours.size(); ++x) {
    const std::uint32_t product = std::uint32_t{colours[x]} * alpha[x];
    colours[x] = static_cast<std::uint16_t>((std::uint64_t{product} + kTop / 2) / kTop);
  }
}

void Unpremultiply(Raster& raster) {
  const std::size_t colours = ChannelsOf(raster.model);
  for (int y = 0; y < raster.height; ++y) {
    const std::span<std::uint16_t> row = raster.samples.row_of<std::uint16_t>(y);
    for (std::size_t i = 0; i < row.size(); i += colours + 1) {
      UnpremultiplyPixel(row.subspan(i, colours), row[i + colours]);
    }
  }
}

Raster Narrowed(Raster raster) {
  if (raster.sample_bytes() == 1) return raster;
  Raster narrow(raster.model, raster.has_alpha, raster.width, raster.height, 1);
  for (int y = 0; y < raster.height; ++y) {
    std::uint8_t* to = narrow.samples.row_of<std::uint8_t>(y).data();
    for (const std::uint16_t sample : std::as_const(raster).samples.row_of<std::uint16_t>(y)) {
      *to++ = static_cast<std::uint8_t>((sample * 255u + kTop / 2) / kTop);
    }
  }
  return narrow;
}

Raster Flattened(const Raster& raster, const Colour& background) {
  const auto behind = ChannelsOfColour(background);
  const bool gray =
      raster.model == Model::kGray && behind[0] == behind[1] && behind[1] == behind[2];
  const int step = raster.channels();
  const int alpha_channel = step - 1;
  Raster result(gray ? Model::kGray : Model::kRgb, false, raster.width, raster.height, 1);
  for (int y = 0; y < raster.height; ++y) {
    const std::uint8_t* from = raster.samples.row_of<std::uint8_t>(y).data();
    std::uint8_t* to = result.samples.row_of<std::uint8_t>(y).data();
    for (int x = 0; x < raster.width; ++x, from += step) {
      const std::uint32_t alpha = from[alpha_channel];
      for (int c = 0; c < result.channels(); ++c) {
        const std::uint32_t colour = from[raster.model == Model::kGray ? 0 : c];
        *to++ = static_cast<std::uint8_t>((colour * alpha + behind[c] * (255 - alpha) + 127) / 255);
      }
    }
  }
  return result;
}

}  // namespace cohort::image_resizer
