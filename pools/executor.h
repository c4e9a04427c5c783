// What all executors have in common: options, statistics, and the `Executor` concept.
//
// Write a function against the concept, and it runs on threads, on processes, or step by step in a
// unit test; changing one class name changes where the work runs:
//
//   template <Executor E>
//   int total_words(E& executor, const std::vector<std::string>& paths) {
//     int total = 0;
//     for (int words : executor.map(count_words, paths)) total += words;
//     return total;
//   }

#ifndef COHORT_POOLS_EXECUTOR_H_
#define COHORT_POOLS_EXECUTOR_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "futures/future.h"
#include "futures/timeout.h"

namespace cohort {

// For one task. Each executor's header says what it adds.
struct TaskOptions {
  // For messages, observers and WorkerDied. Default: none.
  std::string name = {};

  // How long the task may run, from its start. When the time is over, its std::stop_token is
  // signalled; an executor that can (processes) then ends it by force. Default: no limit.
  Timeout timeout = Timeout::forever();

  // Higher begins first; equal ones begin in the order of submission, as far as the executor
  // promises that. Default: 0.
  int priority = 0;

  // How often the task is run again when its worker died in the middle of it. Threads do not die,
  // so that it has no effect there. Default: 0. Negative: std::invalid_argument.
  int max_retries = 0;
};

// For one call of map().
struct MapOptions {
  // How long the results may take, from the call of map(). When the time is over, the iteration
  // throws TimeoutError and ends. Default: no limit.
  Timeout timeout = Timeout::forever();

  // How many elements make one task. 0: chosen by the pool. Each element keeps an outcome of its
  // own, whatever the size. Default: 1.
  std::size_t chunksize = 1;

  // How many results are in flight at most: submitted, and not yet taken out by the iteration. The
  // input, which may be infinite, is drawn as results are taken. 0: all at once. Default: 0.
  std::size_t buffersize = 0;
};

struct ShutdownOptions {
  // Block until all tasks have ended and all workers are gone. Default: true.
  bool wait = true;

  // Cancel what has not begun, and signal the stop tokens of what runs. Default: false.
  bool cancel_futures = false;
};

// An executor's counters at one moment. Each is exact once the executor is quiet; while it is busy
// they are read one after the other.
struct PoolStats {
  std::uint64_t queued = 0;         // submitted, not begun, not cancelled
  std::uint64_t running = 0;        // begun, not ended
  std::uint64_t succeeded = 0;      // returned
  std::uint64_t failed = 0;         // threw, or could not be run by a broken executor
  std::uint64_t cancelled = 0;      // cancelled before they began
  int workers = 0;                  // threads or processes at the moment
  std::uint64_t worker_deaths = 0;  // workers that ended in the middle of a task
};

// What every executor can do: see ThreadPoolExecutor for what each call means.
template <typename E>
concept Executor = requires(E& executor, const E& reading, int (*function)(int),
                            std::vector<int>& inputs) {
  { executor.submit(function, 1) } -> std::same_as<Future<int>>;
  { executor.submit(TaskOptions{}, function, 1) } -> std::same_as<Future<int>>;
  executor.post(function, 1);
  executor.map(function, inputs);
  executor.map(MapOptions{}, function, inputs);
  executor.shutdown();
  executor.shutdown(ShutdownOptions{});
  { reading.max_workers() } -> std::same_as<int>;
  { reading.stats() } -> std::same_as<PoolStats>;
};

}  // namespace cohort

#endif  // COHORT_POOLS_EXECUTOR_H_
