// What a worker does with one file.

#ifndef COHORT_APPS_IMAGE_RESIZER_WORKER_CALL_H_
#define COHORT_APPS_IMAGE_RESIZER_WORKER_CALL_H_

#include <sys/types.h>

#include "apps/image_resizer/resize.h"
#include "ipc/shared_buffer.h"

namespace cohort::image_resizer {

struct Answer {
  Resized resized = {};
  double seconds = 0;
  pid_t worker = 0;
};

// Throws what Resize() throws.
Answer ResizeInWorker(const SharedBuffer& file, const ResizeSpec& spec);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_WORKER_CALL_H_
