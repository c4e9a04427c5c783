// Writes a PNG.
//
// The format's own part is small: five ways to predict a row, of which the one is taken that leaves
// the smallest differences, and one stream of deflate. That is packed in two ways, one for photos
// and one for drawings, and the smaller is written.

#ifndef COHORT_APPS_IMAGE_RESIZER_PNG_WRITER_H_
#define COHORT_APPS_IMAGE_RESIZER_PNG_WRITER_H_

#include <cstddef>
#include <vector>

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/raster.h"

namespace cohort::image_resizer {

// From kGray or kRgb with 8 or 16 bits, with or without alpha. `level`: 0 to 9. `metadata` is
// written as it is. Throws std::bad_alloc.
std::vector<std::byte> WritePng(Raster raster, int level, const Metadata& metadata);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PNG_WRITER_H_
