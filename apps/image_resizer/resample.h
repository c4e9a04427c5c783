// Makes one channel larger or smaller.

#ifndef COHORT_APPS_IMAGE_RESIZER_RESAMPLE_H_
#define COHORT_APPS_IMAGE_RESIZER_RESAMPLE_H_

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

// What `source` has in `region`, which is in its samples, as a plane of that size. Beyond the edges
// the plane is taken to go on as its mirror image. Throws std::bad_alloc.
//
// Each thread keeps the filters of its last eight calls, some kilobytes each.
Plane Resample(const Plane& source, const Region& region, Size size, Filter filter);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RESAMPLE_H_
