// A picture with its channels side by side in each pixel, as colour conversion and encoders want
// it.

#ifndef COHORT_APPS_IMAGE_RESIZER_RASTER_H_
#define COHORT_APPS_IMAGE_RESIZER_RASTER_H_

#include <utility>

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/plane.h"

namespace cohort::image_resizer {

struct Raster {
  Raster(Model model, bool has_alpha, int width, int height, int sample_bytes)
      : model(model),
        has_alpha(has_alpha),
        width(width),
        height(height),
        samples(width * (ChannelsOf(model) + (has_alpha ? 1 : 0)), height, sample_bytes) {}

  int channels() const { return ChannelsOf(model) + (has_alpha ? 1 : 0); }
  int sample_bytes() const { return samples.sample_bytes(); }

  Model model;
  bool has_alpha;  // the last channel
  int width;
  int height;
  Plane samples;  // `channels()` for each pixel
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RASTER_H_
