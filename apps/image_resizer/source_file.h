// Reads an image file into memory that a worker can see.

#ifndef COHORT_APPS_IMAGE_RESIZER_SOURCE_FILE_H_
#define COHORT_APPS_IMAGE_RESIZER_SOURCE_FILE_H_

#include <cstdint>
#include <string>

#include "ipc/shared_buffer.h"

namespace cohort::image_resizer {

// All of the file's bytes as they are now. Never waits for what a name may lead to by now: a pipe,
// a device. Throws std::runtime_error, which says why: no regular file, over `max_bytes`;
// std::system_error with the system's code: no rights, no more descriptors.
SharedBuffer ReadSource(const std::string& path, std::uint64_t max_bytes);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_SOURCE_FILE_H_
