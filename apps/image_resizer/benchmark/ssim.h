// How alike two pictures look.

#ifndef COHORT_APPS_IMAGE_RESIZER_BENCHMARK_SSIM_H_
#define COHORT_APPS_IMAGE_RESIZER_BENCHMARK_SSIM_H_

#include "apps/image_resizer/test_images.h"

namespace cohort::image_resizer::benchmark {

// The structural similarity of their brightness (Wang and others, 2004), in windows of 8x8 pixels:
// 1 is the same. Gray or RGB of 8 bits, of one size; for others, 0.
double Ssim(const testing::Pixels& a, const testing::Pixels& b);

}  // namespace cohort::image_resizer::benchmark

#endif  // COHORT_APPS_IMAGE_RESIZER_BENCHMARK_SSIM_H_
