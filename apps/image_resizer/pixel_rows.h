// Rows of pixels, with the channels side by side, to the resamplers of the channels.
//
// What must be done before colours are averaged is done here, row by row: light instead of numbers,
// where that is wanted, and weighing by alpha.

#ifndef COHORT_APPS_IMAGE_RESIZER_PIXEL_ROWS_H_
#define COHORT_APPS_IMAGE_RESIZER_PIXEL_ROWS_H_

#include <cstddef>
#include <vector>

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/resampler.h"

namespace cohort::image_resizer {

// For one thread. Throws std::bad_alloc.
class PixelRows {
 public:
  // One of `channels` for each of the layout's; they take samples of sample_bytes().
  PixelRows(const Layout& layout, bool to_light, std::vector<Resampler>& channels);

  // In 16 bits, where there is anything to be done but to split the row.
  static int SampleBytes(const Layout& layout, bool to_light);

  // Of the layout's size and depth.
  void Push(const std::byte* row);

  // Whether all alpha has been so.
  bool is_opaque() const { return is_opaque_; }

 private:
  void Split(const std::byte* row);
  void Prepare();

  const Layout& layout_;
  bool to_light_;
  std::vector<Resampler>& channels_;
  bool is_opaque_ = true;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PIXEL_ROWS_H_
