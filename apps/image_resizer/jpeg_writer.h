// Writes a JPEG.

#ifndef COHORT_APPS_IMAGE_RESIZER_JPEG_WRITER_H_
#define COHORT_APPS_IMAGE_RESIZER_JPEG_WRITER_H_

#include <cstddef>
#include <vector>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/raster.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// Pixels that share a sample of chroma.
Size ChromaStep(const ResizeSpec& spec);

// From Y, Cb and Cr, the latter two with one sample for each ChromaStep(), or Y alone. What the
// rows have beyond their ends is overwritten. `metadata` is written as it is. Throws
// std::bad_alloc.
std::vector<std::byte> WriteJpegPlanes(std::vector<Plane>& planes, const ResizeSpec& spec,
                                       const Metadata& metadata);

// From kGray or kRgb with 8 bits and no alpha.
std::vector<std::byte> WriteJpeg(const Raster& raster, const ResizeSpec& spec,
                                 const Metadata& metadata);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_JPEG_WRITER_H_
