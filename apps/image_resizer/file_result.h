// What has become of each file.

#ifndef COHORT_APPS_IMAGE_RESIZER_FILE_RESULT_H_
#define COHORT_APPS_IMAGE_RESIZER_FILE_RESULT_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/image_resizer/resize.h"

namespace cohort::image_resizer {

enum class Outcome {
  kNotDone,   // the run ended before
  kResized,   // the target has been written
  kUpToDate,  // the target was newer than the source
  kFailed,
};

// "not done", "resized", "up to date", "failed".
std::string_view NameOf(Outcome outcome);

struct FileResult {
  std::string source = {};
  std::string target = {};  // "": it has none
  Outcome outcome = Outcome::kNotDone;

  // Of kFailed. `error` is for people; `kind` for programs: one of ErrorKind's names, or
  //   not read      it could not be opened or read
  //   target        what is at the target must not be replaced
  //   not written   the target could not be written
  //   crashed       the worker died, twice
  //   timeout       it took longer than is allowed
  //   out of memory it needed more than is allowed
  //   failed        anything else
  std::string kind = {};
  std::string error = {};

  std::uint64_t source_bytes = 0;

  // Of kResized.
  std::uint64_t target_bytes = 0;
  ImageInfo before = {};
  ImageInfo after = {};
  std::vector<std::string> warnings = {};
  double seconds = 0;  // in the worker
  pid_t worker = 0;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_FILE_RESULT_H_
