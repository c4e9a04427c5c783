#include "apps/image_resizer/worker_call.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_join.h"
#include "apps/common/stopwatch.h"

namespace cohort::image_resizer {

Answer ResizeInWorker(const SharedBuffer& file, const ResizeSpec& spec) {
  const apps::Stopwatch time;
  Resized resized = Resize(file.bytes(), spec);
  return {.file = std::move(resized.file),
          .source = resized.source,
          .output = resized.output,
          .warnings = absl::StrJoin(resized.warnings, "\n"),
          .seconds = time.Seconds(),
          .worker = getpid()};
}

}  // namespace cohort::image_resizer
