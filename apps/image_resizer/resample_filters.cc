#include "apps/image_resizer/resample_filters.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cohort::image_resizer {
namespace {

// More of them take more memory, and fewer more time: a graph for each band, and the rows between
// two bands belong to both.
constexpr int kBandRows = 64;

// In samples of the output, to each side of one of them.
int SupportOf(Filter filter) {
  switch (filter) {
    case Filter::kLanczos3:
      return 3;
    case Filter::kLanczos2:
    case Filter::kCubic:
      return 2;
    case Filter::kLinear:
      return 1;
    case Filter::kNearest:
      return 0;
  }
  return 0;
}

// With a row or two to spare, as the library has its own way to round. What lies beyond an edge is
// its mirror image, which must be at hand too.
Band BandAt(const Resampling& task, int first) {
  constexpr double kSpare = 2;
  const int end = std::min(first + kBandRows, task.to.height);
  const double scale = task.region.height / task.to.height;
  const double reach = std::ceil(SupportOf(task.filter) * std::max(scale, 1.0)) + kSpare;
  const double top = task.region.top + first * scale - reach;
  const double bottom = task.region.top + end * scale + reach;
  const double height = task.from.height;
  const double source_first = std::min(top, 2 * height - bottom);
  const double source_end = std::max(bottom, -top);
  return {first, end, static_cast<int>(std::clamp(std::floor(source_first), 0.0, height - 1)),
          static_cast<int>(std::clamp(std::ceil(source_end), 1.0, height))};
}

ZimgGraph RowsOf(const Resampling& task, int rows_at_once) {
  const Region region = {task.region.left, 0, task.region.width, static_cast<double>(rows_at_once)};
  return ZimgGraph({{task.from.width, rows_at_once}, task.from_bytes}, region,
                   {{task.to.width, rows_at_once}, kFloatBytes}, task.filter);
}

ZimgGraph ColumnsOf(const Resampling& task, const Band& band) {
  const int width = task.to.width;
  const int height = band.end - band.first;
  const double scale = task.region.height / task.to.height;
  const Region region = {0, task.region.top + band.first * scale - band.source_first,
                         static_cast<double>(width), height * scale};
  return ZimgGraph({{width, band.source_end - band.source_first}, kFloatBytes}, region,
                   {{width, height}, task.to_bytes}, task.filter);
}

// The library has a row of coefficients for each sample of the output, as numbers of two kinds.
double CoefficientBytes(Filter filter, double from, int to) {
  constexpr double kBytes = 6;
  constexpr double kSpare = 8;  // of the row, which is aligned
  return to * kBytes * (2 * SupportOf(filter) * std::max(from / to, 1.0) + kSpare);
}

std::size_t OwnBytes(const Resampling& task, std::size_t bands) {
  constexpr double kGraphBytes = 4096;
  return static_cast<std::size_t>(
      CoefficientBytes(task.filter, task.region.width, task.to.width) +
      CoefficientBytes(task.filter, task.region.height, task.to.height) +
      static_cast<double>(1 + bands) * kGraphBytes);
}

class FilterCache {
 public:
  using Filters = std::shared_ptr<const ResampleFilters>;

  Filters Get(const Resampling& task, int rows_at_once) {
    const auto is_this = [&](const Entry& entry) {
      return entry.filters != nullptr && entry.task == task && entry.rows_at_once == rows_at_once;
    };
    const auto found = std::find_if(entries_.begin(), entries_.end(), is_this);
    if (found == entries_.end()) {
      auto made = std::make_shared<const ResampleFilters>(task, rows_at_once);
      if (made->own_bytes > kMostCachedBytes) return made;
      entries_.back() = {task, rows_at_once, std::move(made)};
      std::rotate(entries_.begin(), entries_.end() - 1, entries_.end());
    } else {
      std::rotate(entries_.begin(), found, found + 1);
    }
    return entries_.front().filters;
  }

 private:
  struct Entry {
    Resampling task = {};
    int rows_at_once = 0;
    Filters filters;
  };

  std::array<Entry, 8> entries_;  // the latest first
};

}  // namespace

std::vector<Band> BandsOf(const Resampling& task) {
  std::vector<Band> bands;
  for (int first = 0; first < task.to.height; first += kBandRows) {
    bands.push_back(BandAt(task, first));
  }
  for (std::size_t i = 1; i < bands.size(); ++i) {
    Band& above = bands[bands.size() - i - 1];
    above.source_first = std::min(above.source_first, bands[bands.size() - i].source_first);
  }
  for (std::size_t i = 1; i < bands.size(); ++i) {
    bands[i].source_end = std::max(bands[i].source_end, bands[i - 1].source_end);
  }
  return bands;
}

ResampleFilters::ResampleFilters(const Resampling& task, int rows_at_once)
    : rows(RowsOf(task, rows_at_once)),
      bands(BandsOf(task)),
      own_bytes(OwnBytes(task, bands.size())) {
  for (const Band& band : bands) columns.push_back(ColumnsOf(task, band));
}

std::size_t ResampleFilters::working_bytes() const {
  std::size_t bytes = rows.working_bytes();
  for (const ZimgGraph& graph : columns) bytes = std::max(bytes, graph.working_bytes());
  return bytes;
}

std::shared_ptr<const ResampleFilters> FiltersFor(const Resampling& task, int rows_at_once) {
  thread_local FilterCache cache;
  return cache.Get(task, rows_at_once);
}

}  // namespace cohort::image_resizer
