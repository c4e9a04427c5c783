// Turns the parent's word "stop that task" into the stop token of the task that runs.

#ifndef COHORT_IPC_INTERNAL_STOP_WATCHER_H_
#define COHORT_IPC_INTERNAL_STOP_WATCHER_H_

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stop_token>

namespace cohort::ipc::internal {

class StopWatcher {
 public:
  // The word holds the sequence of the task that is to end.
  explicit StopWatcher(const std::atomic<uint64_t>& word) : word_(word) {}
  StopWatcher(const StopWatcher&) = delete;
  StopWatcher& operator=(const StopWatcher&) = delete;

  // The token of the task, the same each time. The first call of all starts a thread that sleeps
  // until the word changes, and lives as long as the process.
  std::stop_token TokenFor(uint64_t task);

  // The task is over.
  void Forget() noexcept;

 private:
  static void* Watch(void* self) noexcept;
  void WatchWord() noexcept;
  void SignalIfRequested(uint64_t task) noexcept;
  void StartThread();

  const std::atomic<uint64_t>& word_;
  bool is_watching_ = false;  // of the thread that runs the tasks
  bool has_token_ = false;    // as well
  std::mutex mutex_;
  uint64_t task_ = 0;                       // guarded by mutex_; whose token source_ is for
  std::optional<std::stop_source> source_;  // guarded by mutex_
};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_STOP_WATCHER_H_
