// What a Resampler needs to know of its task: which rows of the source make which of the output's,
// and the filters for it.

#ifndef COHORT_APPS_IMAGE_RESIZER_RESAMPLE_FILTERS_H_
#define COHORT_APPS_IMAGE_RESIZER_RESAMPLE_FILTERS_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/resize_spec.h"
#include "apps/image_resizer/zimg_graph.h"

namespace cohort::image_resizer {

// What `from` has in `region`, which is in its samples, at the size `to`.
struct Resampling {
  Size from;
  Region region;
  Size to;
  int from_bytes = 1;  // of a sample: 1 or 2
  int to_bytes = 1;
  Filter filter = Filter::kLanczos3;

  friend bool operator==(const Resampling&, const Resampling&) = default;
};

// A few rows of the output, and the rows of the source that they are made of.
struct Band {
  int first = 0;
  int end = 0;
  int source_first = 0;
  int source_end = 0;
};

// From above. Neither side of the bands ever goes back.
std::vector<Band> BandsOf(const Resampling& task);

// Rows become narrower first, some at a time; of these, each band is made. Between the two, samples
// are in floating point, so that nothing is rounded, nor cut off at black and white, twice.
struct ResampleFilters {
  ResampleFilters(const Resampling& task, int rows_at_once);

  std::size_t working_bytes() const;

  ZimgGraph rows;
  std::vector<Band> bands;
  std::vector<ZimgGraph> columns;  // for each band
  std::size_t own_bytes;           // that all of them take, nearly
};

// To build them takes longer than to resample a small plane, Cb's are Cr's as well, and a batch
// often has pictures of one size: each thread keeps its last eight. Some hundred kilobytes each is
// usual; those of more than kMostCachedBytes are not kept.
inline constexpr std::size_t kMostCachedBytes = std::size_t{2} << 20;
std::shared_ptr<const ResampleFilters> FiltersFor(const Resampling& task, int rows_at_once);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RESAMPLE_FILTERS_H_
