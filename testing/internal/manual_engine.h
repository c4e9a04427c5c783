// The queue behind ManualExecutor.

#ifndef COHORT_TESTING_INTERNAL_MANUAL_ENGINE_H_
#define COHORT_TESTING_INTERNAL_MANUAL_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string_view>

#include "futures/internal/core.h"
#include "pools/executor.h"
#include "pools/internal/executor_registry.h"
#include "pools/internal/task.h"
#include "pools/internal/timer_queue.h"

namespace cohort::internal {

class ManualEngine final : public RegisteredExecutor {
 public:
  explicit ManualEngine(int max_workers) : max_workers_(max_workers) {}
  ~ManualEngine();

  // What Submit() needs of an engine (see submit.h).
  void Schedule(Runnable& task, int priority);
  std::unique_ptr<TaskRecord> NewRecord(std::string_view /*name*/) { return nullptr; }
  std::stop_token stop_token() const { return stop_source_.get_token(); }
  TimerQueue* timers() noexcept { return &timers_; }
  int max_workers() const noexcept { return max_workers_; }

  bool RunOne();
  void Shutdown(ShutdownOptions options);
  PoolStats Stats() const;

  // For a thread that waits: runs this task if it is one of this engine that nobody has begun.
  bool RunAwaited(CoreBase& awaited);

 private:
  Runnable* Pop();
  void Run(Runnable& task);
  void OnCancelled() noexcept override;

  const int max_workers_;
  std::stop_source stop_source_;
  TimerQueue timers_;

  mutable std::mutex mutex_;
  std::map<int, std::deque<Runnable*>, std::greater<>> tasks_;  // guarded by mutex_
  PoolStats stats_;                                             // guarded by mutex_
  bool closed_ = false;                                         // guarded by mutex_
};

}  // namespace cohort::internal

#endif  // COHORT_TESTING_INTERNAL_MANUAL_ENGINE_H_
