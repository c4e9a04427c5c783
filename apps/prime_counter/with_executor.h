// The choice of an executor at run time: all else here is written against the Executor concept.

#ifndef COHORT_APPS_PRIME_COUNTER_WITH_EXECUTOR_H_
#define COHORT_APPS_PRIME_COUNTER_WITH_EXECUTOR_H_

#include <exception>
#include <memory>

#include "apps/prime_counter/executor_kind.h"
#include "futures/future.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort::prime_counter {

// How the executor is left.
enum class Leave {
  kDone,     // all tasks have ended
  kAbandon,  // some may still run; nobody wants their results
};

namespace internal {

template <typename Use>
bool WithProcesses(int workers, Use& use) {
  ProcessPoolExecutor pool(workers);
  if (use(pool) == Leave::kAbandon) {
    // What runs fails, as is meant: nobody is to be told that it was lost.
    set_unobserved_exception_hook([](const std::exception_ptr&) {});
    pool.kill_workers();
  }
  return false;
}

template <typename Use>
bool WithThreads(int workers, Use& use) {
  auto pool = std::make_unique<ThreadPoolExecutor>(
      ThreadPoolOptions{.max_workers = workers, .thread_name_prefix = "prime_counter"});
  if (use(*pool) == Leave::kDone) return false;
  // Its destructor would wait for a piece that may take half a minute.
  static_cast<void>(pool.release());
  return true;
}

}  // namespace internal

// Calls `use(executor)`, which returns a Leave, and ends the executor. True where tasks are left
// that nothing can end: threads. The process must then end by std::_Exit, below them.
template <typename Use>
bool WithExecutor(ExecutorKind kind, int workers, Use use) {
  return kind == ExecutorKind::kProcess ? internal::WithProcesses(workers, use)
                                        : internal::WithThreads(workers, use);
}

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_WITH_EXECUTOR_H_
