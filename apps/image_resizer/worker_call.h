// What a worker does with one file.

#ifndef COHORT_APPS_IMAGE_RESIZER_WORKER_CALL_H_
#define COHORT_APPS_IMAGE_RESIZER_WORKER_CALL_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "apps/image_resizer/resize.h"
#include "ipc/shared_buffer.h"

namespace cohort::image_resizer {

// What a Resized has. A worker that was taken over may send what it likes; so nothing in here takes
// much more memory than bytes were sent for it, as a list of empty strings would.
struct Answer {
  std::vector<std::byte> file = {};
  ImageInfo source = {};
  ImageInfo output = {};
  std::string warnings = {};  // a line each
  double seconds = 0;
  pid_t worker = 0;
};

// Throws what Resize() throws.
Answer ResizeInWorker(const SharedBuffer& file, const ResizeSpec& spec);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_WORKER_CALL_H_
