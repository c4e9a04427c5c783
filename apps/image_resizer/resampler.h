// Makes one channel larger or smaller, while its rows come in.
//
// Memory: the rows that a band of 64 of the output's is made of, at the output's width and in
// floating point, and the output. Never is more of the source kept; of one that shrinks to 64 rows
// or less, that is all of them.
//
// For one thread. All of it throws std::bad_alloc.
//
// Example:
//   Resampler resampler({.from = {4000, 3000}, .region = {0, 0, 4000, 3000}, .to = {800, 600}});
//   for (int y = 0; y < 3000; ++y) {
//     Decode(resampler.row(0));
//     resampler.Push();
//   }
//   Plane small = std::move(resampler).Finish();

#ifndef COHORT_APPS_IMAGE_RESIZER_RESAMPLER_H_
#define COHORT_APPS_IMAGE_RESIZER_RESAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/resample_filters.h"

namespace cohort::image_resizer {

class Resampler {
 public:
  // `step` rows come at a time, and each may be written up to `padded_width`.
  explicit Resampler(const Resampling& task, int step = 1, int padded_width = 0);

  int step() const { return step_; }

  // Where the rows of the next step are to be written, `i` from 0 to step - 1.
  std::byte* row(int i) { return input_.row(filled_ + i); }

  template <typename T>
  std::span<T> row_of(int i) {
    return input_.row_of<T>(filled_ + i);
  }

  // They have been. What comes behind the last row of the source is ignored.
  void Push();

  // After all rows.
  Plane Finish() &&;

 private:
  bool IsDone() const { return band_ == filters_->bands.size(); }
  const Band& band() const { return filters_->bands[band_]; }

  void TakeInput();
  void MakeBand();
  void DropRowsAbove(int source_row);

  int height_;  // of the source
  int step_;
  Plane input_;     // the latest rows
  int filled_ = 0;  // of them
  std::shared_ptr<const ResampleFilters> filters_;
  Plane window_;          // rows that have become narrower, and may still be needed
  int window_top_ = 0;    // the first one's place in the source
  int received_ = 0;      // as many rows of the source have been taken out of input_
  std::size_t band_ = 0;  // the next one to be made
  Plane memory_;
  Plane result_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RESAMPLER_H_
