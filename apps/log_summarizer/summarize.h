// Counts many files with an executor.

#ifndef COHORT_APPS_LOG_SUMMARIZER_SUMMARIZE_H_
#define COHORT_APPS_LOG_SUMMARIZER_SUMMARIZE_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "apps/log_summarizer/discover.h"
#include "apps/log_summarizer/line_scanner.h"
#include "apps/log_summarizer/part.h"
#include "apps/log_summarizer/plan.h"
#include "apps/log_summarizer/summary.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "pools/executor.h"

namespace cohort::log_summarizer {

// How far the work is.
struct Progress {
  std::uint64_t bytes = 0;
  std::size_t tasks = 0;
  std::size_t all_tasks = 0;
};

// Counts all parts of the batch with the thread's own scanner.
std::vector<PartResult> CountBatch(const Batch& batch, Rule rule);

// Puts the parts' results together.
class Collector {
 public:
  // `tasks`: how many there are.
  Collector(const std::vector<FoundFile>& files, std::size_t tasks);

  // One task's results.
  void Add(const std::vector<PartResult>& results);

  const Progress& progress() const { return progress_; }

  // The files in the order they were given.
  Summary Finish() &&;

 private:
  std::vector<LineCounts> counts_;
  Summary summary_;
  Progress progress_;
};

// Counts `files` by `rule`. `on_progress(const Progress&)` is called in this thread after each
// task.
template <Executor E, typename OnProgress>
Summary Summarize(E& executor, const std::vector<FoundFile>& files, std::vector<Batch> batches,
                  Rule rule, OnProgress on_progress) {
  Collector collector(files, batches.size());
  std::vector<Future<std::vector<PartResult>>> futures;
  futures.reserve(batches.size());
  for (Batch& batch : batches) {
    futures.push_back(executor.submit(
        [rule](const Batch& parts) { return CountBatch(parts, rule); }, std::move(batch)));
  }
  for (const auto& future : as_completed(futures)) {
    collector.Add(future.result());
    on_progress(collector.progress());
  }
  return std::move(collector).Finish();
}

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_SUMMARIZE_H_
