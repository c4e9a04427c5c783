#include "apps/image_resizer/pixel_rows.h"

#include <cstdint>
#include <span>

#include "apps/image_resizer/alpha.h"
#include "apps/image_resizer/light.h"

namespace cohort::image_resizer {
namespace {

// Each becomes `factor` times as large: 257 makes 16 bits of 8.
template <typename From, typename To>
void SplitAs(const std::byte* row, int factor, std::vector<Resampler>& channels) {
  const auto* samples = reinterpret_cast<const From*>(row);
  const std::size_t step = channels.size();
  for (std::size_t c = 0; c < step; ++c) {
    const From* from = samples + c;
    for (To& to : channels[c].row_of<To>(0)) {
      to = static_cast<To>(*from * factor);
      from += step;
    }
  }
}

}  // namespace

PixelRows::PixelRows(const Layout& layout, bool to_light, std::vector<Resampler>& channels)
    : layout_(layout), to_light_(to_light), channels_(channels) {}

int PixelRows::SampleBytes(const Layout& layout, bool to_light) {
  return to_light || layout.has_alpha ? 2 : layout.sample_bytes;
}

void PixelRows::Push(const std::byte* row) {
  Split(row);
  if (to_light_ || layout_.has_alpha) Prepare();
  for (Resampler& channel : channels_) channel.Push();
}

void PixelRows::Split(const std::byte* row) {
  if (layout_.sample_bytes == 2) {
    SplitAs<std::uint16_t, std::uint16_t>(row, 1, channels_);
  } else if (SampleBytes(layout_, to_light_) == 2) {
    SplitAs<std::uint8_t, std::uint16_t>(row, 257, channels_);
  } else {
    SplitAs<std::uint8_t, std::uint8_t>(row, 1, channels_);
  }
}

void PixelRows::Prepare() {
  const std::span<Resampler> colours(channels_.data(), ChannelsOf(layout_.model));
  if (to_light_) {
    for (Resampler& channel : colours) ToLight(channel.row_of<std::uint16_t>(0));
  }
  if (!layout_.has_alpha) return;
  const std::span<const std::uint16_t> alpha = channels_.back().row_of<std::uint16_t>(0);
  if (IsOpaque(alpha)) return;
  is_opaque_ = false;
  for (Resampler& channel : colours) Premultiply(channel.row_of<std::uint16_t>(0), alpha);
}

}  // namespace cohort::image_resizer
