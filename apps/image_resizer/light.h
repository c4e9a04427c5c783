// sRGB's numbers and the light that they stand for.

#ifndef COHORT_APPS_IMAGE_RESIZER_LIGHT_H_
#define COHORT_APPS_IMAGE_RESIZER_LIGHT_H_

#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/raster.h"

namespace cohort::image_resizer {

// Numbers of 8 or 16 bits to light, in 16.
Plane ToLight(const Plane& numbers);

// The colours of 16 bits, from light to numbers. Alpha is no light.
void FromLight(Raster& raster);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_LIGHT_H_
