// Runs a batch on an executor.
//
//   ProcessPoolExecutor pool(options);
//   ResizeFiles(pool, batch, {.spec = spec}, [&](const Batch& batch) { return !interrupted; });
//
// A few images at a time are in memory, however many there are: as many as keep the workers busy
// while one is written and the next one is read.

#ifndef COHORT_APPS_IMAGE_RESIZER_RESIZE_FILES_H_
#define COHORT_APPS_IMAGE_RESIZER_RESIZE_FILES_H_

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "apps/image_resizer/batch.h"
#include "apps/image_resizer/worker_call.h"
#include "futures/errors.h"
#include "futures/future.h"
#include "futures/timeout.h"
#include "futures/wait.h"
#include "pools/executor.h"

namespace cohort::image_resizer {

struct RunOptions {
  ResizeSpec spec = {};
  Timeout timeout = Timeout::forever();  // for each image
};

namespace internal {

// In flight at the same time, at most: more wait on the disk. One larger than that goes alone.
inline constexpr std::size_t kBytesInFlight = std::size_t{256} << 20;

template <Executor E>
class Runner {
 public:
  Runner(E& executor, Batch& batch, const RunOptions& options)
      : executor_(executor),
        batch_(batch),
        options_(options),
        window_(2 * static_cast<std::size_t>(executor.max_workers()) + 1) {}

  template <typename GoOn>
  void Run(GoOn go_on) {
    while (go_on(std::as_const(batch_)) && !batch_.stopped()) {
      Fill();
      if (in_flight_.empty()) break;
      TakeOne();
    }
  }

 private:
  struct InFlight {
    std::size_t file;
    std::size_t bytes;
  };

  void Fill() {
    while (in_flight_.size() < window_ && bytes_in_flight_ < kBytesInFlight) {
      std::optional<Batch::Job> job = batch_.Next(!in_flight_.empty());
      if (!job) return;
      Submit(std::move(*job));
    }
  }

  void Submit(Batch::Job job) try {
    const std::size_t bytes = job.bytes.size();
    TaskOptions task = {.name = batch_.results()[job.file].source, .timeout = options_.timeout};
    Future<Answer> future =
        executor_.submit(std::move(task), ResizeInWorker, std::move(job.bytes), options_.spec);
    in_flight_.emplace(future, InFlight{job.file, bytes});
    bytes_in_flight_ += bytes;
    queue_.add(std::move(future));
  } catch (const BrokenExecutor& error) {
    batch_.Stop(error.what());
  }

  // Waits a moment for one.
  void TakeOne() {
    Future<Answer> future;
    try {
      future = queue_.next(std::chrono::milliseconds(100));
    } catch (const TimeoutError&) {
      return;
    }
    const auto found = in_flight_.find(future);
    const auto [file, bytes] = found->second;
    in_flight_.erase(found);
    bytes_in_flight_ -= bytes;
    Settle(file, std::move(future));
  }

  void Settle(std::size_t file, Future<Answer> future) {
    Answer answer;
    try {
      answer = std::move(future).result();
    } catch (const BrokenExecutor& error) {
      return batch_.Stop(error.what());
    } catch (...) {
      return batch_.Failed(file, std::current_exception());
    }
    batch_.Done(file, answer);
  }

  E& executor_;
  Batch& batch_;
  const RunOptions& options_;
  const std::size_t window_;
  CompletionQueue<Answer> queue_;
  std::unordered_map<Future<Answer>, InFlight> in_flight_;
  std::size_t bytes_in_flight_ = 0;
};

}  // namespace internal

// Until all files have a result, the batch has stopped, or `go_on(batch)` says no, which is asked
// after each result and ten times a second. What is in flight by then is left to the executor.
// An exception that is no file's, such as no memory for the parent, stops the batch: what was done
// until then is to be reported.
template <Executor E, typename GoOn>
void ResizeFiles(E& executor, Batch& batch, const RunOptions& options, GoOn go_on) try {
  internal::Runner<E>(executor, batch, options).Run(std::move(go_on));
} catch (const std::exception& error) {
  batch.Stop(error.what());
}

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RESIZE_FILES_H_
