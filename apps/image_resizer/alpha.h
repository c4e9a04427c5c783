// Transparency. What is transparent must not lend its colour to its neighbours when they are
// averaged; so colours are multiplied by alpha before, and divided by it after.

#ifndef COHORT_APPS_IMAGE_RESIZER_ALPHA_H_
#define COHORT_APPS_IMAGE_RESIZER_ALPHA_H_

#include <cstdint>
#include <span>

#include "apps/image_resizer/raster.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// A row of 16 bits, as are all others.
bool IsOpaque(std::span<const std::uint16_t> alpha);

// The colours of a row become their products with alpha.
void Premultiply(std::span<std::uint16_t> colours, std::span<const std::uint16_t> alpha);

// Divides the colours, of 16 bits, by alpha.
void Unpremultiply(Raster& raster);

// 16 bits to 8; 8 stay.
Raster Narrowed(Raster raster);

// In front of `background`, and without alpha. 8 bits; kGray stays gray where the background is.
Raster Flattened(const Raster& raster, const Colour& background);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_ALPHA_H_
