#include "apps/image_resizer/worker_call.h"

#include <unistd.h>

#include "apps/common/stopwatch.h"

namespace cohort::image_resizer {

Answer ResizeInWorker(const SharedBuffer& file, const ResizeSpec& spec) {
  const apps::Stopwatch time;
  Answer answer;
  answer.resized = Resize(file.bytes(), spec);
  answer.seconds = time.Seconds();
  answer.worker = getpid();
  return answer;
}

}  // namespace cohort::image_resizer
