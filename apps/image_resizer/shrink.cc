#include "apps/image_resizer/shrink.h"

#include <cstddef>
#include <utility>

#include "apps/image_resizer/pixel_rows.h"
#include "apps/image_resizer/resampler.h"
#include "apps/image_resizer/turn.h"

namespace cohort::image_resizer {
namespace {

// The channel's part of `region`, which is in the picture's pixels.
Region RegionOf(const Channel& channel, const Layout& layout, const Region& region) {
  const double x = channel.width / layout.width;
  const double y = channel.height / layout.height;
  return {region.left * x, region.top * y, region.width * x, region.height * y};
}

// With a sample of the upright output for `step` pixels.
Resampling TaskOf(const Channel& channel, const Layout& layout, const Plan& plan, Filter filter,
                  Size step) {
  if (plan.turn.transpose) step = Transposed(step);
  return {.from = {channel.columns, channel.rows},
          .region = RegionOf(channel, layout, CoveredBy(plan, step)),
          .to = SamplesOf(plan.output, step),
          .filter = filter};
}

std::vector<Plane> Finished(std::vector<Resampler> channels, Turn turn) {
  std::vector<Plane> planes;
  for (Resampler& channel : channels) {
    planes.push_back(Turned(std::move(channel).Finish(), turn));
  }
  return planes;
}

void ReadChannels(JpegReader& reader, std::vector<Resampler>& channels) {
  std::vector<JpegReader::RowPointers> rows(channels.size());
  while (!reader.AtEnd()) {
    for (std::size_t c = 0; c < channels.size(); ++c) {
      rows[c].clear();
      for (int i = 0; i < channels[c].step(); ++i) {
        rows[c].push_back(reinterpret_cast<JSAMPROW>(channels[c].row(i)));
      }
    }
    reader.ReadStep(rows);
    for (Resampler& channel : channels) channel.Push();
  }
  reader.Finish();
}

template <typename Reader>
Shrunk ShrinkPixelsOf(Reader& reader, const Layout& layout, const Plan& plan, Filter filter,
                      bool to_light) {
  Shrunk small = {layout.model, layout.has_alpha, {}};
  std::vector<Resampler> channels;
  for (const Channel& channel : layout.channels) {
    Resampling task = TaskOf(channel, layout, plan, filter, {1, 1});
    task.from_bytes = task.to_bytes = PixelRows::SampleBytes(layout, to_light);
    channels.emplace_back(task);
  }
  PixelRows rows(layout, to_light, channels);
  Plane row(layout.width * static_cast<int>(channels.size()), 1, layout.sample_bytes);
  for (int y = 0; y < layout.height; ++y) {
    reader.ReadRow(row.row(0));
    rows.Push(row.row(0));
  }
  reader.Finish();
  if (layout.has_alpha && rows.is_opaque()) {
    channels.pop_back();
    small.has_alpha = false;
  }
  small.channels = Finished(std::move(channels), plan.turn);
  return small;
}

}  // namespace

Shrunk ShrinkChannels(JpegReader& reader, const Layout& layout, const Plan& plan, Filter filter,
                      Size chroma_step) {
  std::vector<Resampler> channels;
  for (const Channel& channel : layout.channels) {
    const auto index = static_cast<int>(channels.size());
    const JpegReader::Step step = reader.StepOf(index);
    const Size samples = index == 0 ? Size{1, 1} : chroma_step;
    channels.emplace_back(TaskOf(channel, layout, plan, filter, samples), step.rows,
                          step.padded_width);
  }
  ReadChannels(reader, channels);
  return {layout.model, false, Finished(std::move(channels), plan.turn)};
}

Shrunk ShrinkPixels(JpegReader& reader, const Layout& layout, const Plan& plan, Filter filter,
                    bool to_light) {
  return ShrinkPixelsOf(reader, layout, plan, filter, to_light);
}

Shrunk ShrinkPixels(PngReader& reader, const Layout& layout, const Plan& plan, Filter filter,
                    bool to_light) {
  return ShrinkPixelsOf(reader, layout, plan, filter, to_light);
}

}  // namespace cohort::image_resizer
