#include "apps/image_resizer/resampler.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace cohort::image_resizer {
namespace {

// The library's vector code takes 16 rows at a time.
constexpr int kRowsAtOnce = 16;

int RowsAtOnce(int step) { return (kRowsAtOnce + step - 1) / step * step; }

// What is taken at once may begin before a band's rows and end behind them.
int WindowRows(const ResampleFilters& filters, int rows_at_once) {
  int rows = 0;
  for (const Band& band : filters.bands) rows = std::max(rows, band.source_end - band.source_first);
  return rows + 3 * rows_at_once;
}

// As a plane, so that it is aligned.
Plane WorkingMemory(std::size_t bytes) {
  constexpr std::size_t kRow = 1 << 12;
  return Plane(kRow, static_cast<int>(bytes / kRow + 1), 1);
}

Rows RowsFrom(Plane& plane, int y) { return {plane.row(y), plane.stride()}; }

}  // namespace

Resampler::Resampler(const Resampling& task, int step, int padded_width)
    : height_(task.from.height),
      step_(step),
      input_(task.from.width, RowsAtOnce(step), task.from_bytes, padded_width),
      filters_(FiltersFor(task, input_.height())),
      window_(task.to.width, WindowRows(*filters_, input_.height()), kFloatBytes),
      memory_(WorkingMemory(filters_->working_bytes())),
      result_(task.to.width, task.to.height, task.to_bytes) {}

void Resampler::Push() {
  filled_ += step_;
  if (filled_ == input_.height()) TakeInput();
}

Plane Resampler::Finish() && {
  if (filled_ > 0) TakeInput();
  return std::move(result_);
}

void Resampler::TakeInput() {
  const int first = received_;
  received_ = std::min(first + std::exchange(filled_, 0), height_);
  if (IsDone()) return;
  if (received_ <= band().source_first) {
    window_top_ = received_;
    return;
  }
  filters_->rows.Process(RowsFrom(input_, 0), RowsFrom(window_, first - window_top_),
                         memory_.row(0));
  while (!IsDone() && received_ >= band().source_end) MakeBand();
}

void Resampler::MakeBand() {
  filters_->columns[band_].Process(RowsFrom(window_, band().source_first - window_top_),
                                   RowsFrom(result_, band().first), memory_.row(0));
  ++band_;
  if (!IsDone()) DropRowsAbove(band().source_first);
}

void Resampler::DropRowsAbove(int source_row) {
  const int top = std::min(source_row, received_);
  const auto kept = static_cast<std::size_t>(received_ - top);
  std::memmove(window_.row(0), window_.row(top - window_top_), kept * window_.stride());
  window_top_ = top;
}

}  // namespace cohort::image_resizer
