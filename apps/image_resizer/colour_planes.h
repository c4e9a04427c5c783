// From the models that JPEG stores to those that colours are computed in.

#ifndef COHORT_APPS_IMAGE_RESIZER_COLOUR_PLANES_H_
#define COHORT_APPS_IMAGE_RESIZER_COLOUR_PLANES_H_

#include <vector>

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/raster.h"

namespace cohort::image_resizer {

// kYcc becomes kRgb and kYcck kCmyk, in place; others stay. The planes are of the same size and,
// for these two, of 8 bits.
Model ToBaseModel(Model model, std::vector<Plane>& planes);

// Of planes of one size and depth, in a base model.
Raster ToRaster(const std::vector<Plane>& planes, Model model, bool has_alpha);

// Without a profile: ink takes light away, each on its own. 8 bits, no alpha.
Raster CmykToRgb(const Raster& cmyk);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_COLOUR_PLANES_H_
