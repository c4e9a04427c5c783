// sRGB's numbers and the light that they stand for.

#ifndef COHORT_APPS_IMAGE_RESIZER_LIGHT_H_
#define COHORT_APPS_IMAGE_RESIZER_LIGHT_H_

#include <cstdint>
#include <span>

#include "apps/image_resizer/raster.h"

namespace cohort::image_resizer {

// A row of numbers to light, of 16 bits as they are.
void ToLight(std::span<std::uint16_t> numbers);

// The colours of 16 bits, from light to numbers. Alpha is no light.
void FromLight(Raster& raster);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_LIGHT_H_
