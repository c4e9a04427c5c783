// How alike two pictures look: structural similarity of their luma.

#ifndef COHORT_APPS_IMAGE_RESIZER_SSIM_H_
#define COHORT_APPS_IMAGE_RESIZER_SSIM_H_

#include <vector>

#include "apps/image_resizer/test_images.h"

namespace cohort::image_resizer::testing {

// Luma, 0 to 255, not rounded.
struct Luma {
  int width = 0;
  int height = 0;
  std::vector<double> values;
};

// Of gray or RGB with 8 bits.
Luma LumaOf(const Pixels& pixels);

// The mean over all windows of 8 x 8, one for every second pixel on both axes. 1: the same.
double Ssim(const Luma& a, const Luma& b);

// What a resizer is held against: `pixels` in that size by Lanczos' filter with three lobes, in
// floating point, slowly and from its definition. Then rounded to whole numbers.
Pixels LanczosReference(const Pixels& pixels, int width, int height);

}  // namespace cohort::image_resizer::testing

#endif  // COHORT_APPS_IMAGE_RESIZER_SSIM_H_
