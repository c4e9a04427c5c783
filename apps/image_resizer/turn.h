// Turns a channel upright.

#ifndef COHORT_APPS_IMAGE_RESIZER_TURN_H_
#define COHORT_APPS_IMAGE_RESIZER_TURN_H_

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/plane.h"

namespace cohort::image_resizer {

Plane Turned(Plane plane, Turn turn);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_TURN_H_
