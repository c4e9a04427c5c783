// Transparency. What is transparent must not lend its colour to its neighbours when they are
// averaged; so colours are multiplied by alpha before, and divided by it after.

#ifndef COHORT_APPS_IMAGE_RESIZER_ALPHA_H_
#define COHORT_APPS_IMAGE_RESIZER_ALPHA_H_

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/raster.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

bool IsOpaque(const Plane& alpha);

// `colour` times `alpha`, in 16 bits. Each may have 8 or 16.
Plane Premultiplied(const Plane& colour, const Plane& alpha);

// 8 bits to 16; 16 are copied.
Plane Widened(const Plane& plane);

// Divides the colours, of 16 bits, by alpha.
void Unpremultiply(Raster& raster);

// 16 bits to 8; 8 stay.
Raster Narrowed(Raster raster);

// In front of `background`, and without alpha. 8 bits; kGray stays gray where the background is.
Raster Flattened(const Raster& raster, const Colour& background);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_ALPHA_H_
