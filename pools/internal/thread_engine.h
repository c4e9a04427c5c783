// The scheduler behind ThreadPoolExecutor. docs/design/thread_pool.md tells the whole story; here
// is what one needs to read the code.
//
// Queues. Tasks from outside go to one InjectionQueue; a worker takes several at a time into its
// own WorkDeque. Tasks that a worker submits go to its own deque. All take from the old end of a
// deque, its owner first of all. Tasks with a priority go to a PriorityQueue, which is looked at
// first when it has urgent ones and last when it has not.
//
// Threads. `active_` counts the threads that may take work: started, not blocked in a wait of this
// library, not in reserve. At most max_workers take new work. A thread that blocks gives its place
// up, so that another can go on: one from the reserve or a new one. When it wakes it simply goes
// on, and then there are more active threads than there should be until one of them finishes its
// task and goes into reserve.
//
// Sleep. `idle_` counts in one word the searchers (awake, or woken, and looking for work) and the
// sleepers. Who adds work wakes nobody when there is a searcher for each task that came from
// outside and is not taken yet, or a searcher and a thread awake for each processor; else one
// sleeper; else a reserve or new thread if there is a place. Nothing is forgotten, because of three
// rules:
//
//   1. Who adds a task, or gives a place up, does so before it reads idle_ and active_. Who goes to
//      sleep counts itself in idle_ before it looks at all queues a last time. Both sequentially
//      consistent: at least one of the two sees the other.
//   2. A searcher that stops being one (it found a task, or goes to sleep) looks at the queues
//      afterwards: the last searcher that found something wakes another for what is left.
//   3. A thread that is started, or comes out of reserve, does the same: it is no searcher, but the
//      last one may have added it for all that was left.

#ifndef COHORT_POOLS_INTERNAL_THREAD_ENGINE_H_
#define COHORT_POOLS_INTERNAL_THREAD_ENGINE_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "futures/internal/blocking.h"
#include "futures/internal/core.h"
#include "pools/executor.h"
#include "pools/internal/executor_registry.h"
#include "pools/internal/injection_queue.h"
#include "pools/internal/priority_queue.h"
#include "pools/internal/task.h"
#include "pools/internal/timer_queue.h"
#include "pools/internal/work_deque.h"
#include "pools/observer.h"

namespace cohort::internal {

struct ThreadEngineOptions {
  int max_workers = 1;
  std::string thread_name_prefix;
  std::function<void()> initializer;
  std::size_t max_queued = 0;  // 0: no bound
  std::shared_ptr<Observer> observer;
};

class ThreadEngine final : public RegisteredExecutor,
                           public std::enable_shared_from_this<ThreadEngine> {
 public:
  explicit ThreadEngine(ThreadEngineOptions options);
  ~ThreadEngine();

  // What Submit() needs of an engine (see submit.h). Schedule blocks while a bounded queue is full.
  void Schedule(Runnable& task, int priority);
  std::unique_ptr<TaskRecord> NewRecord(std::string_view name) {
    if (options_.observer == nullptr) [[likely]]
      return nullptr;
    return MakeRecord(name);
  }
  std::stop_token stop_token() const { return stop_source_.get_token(); }
  TimerQueue* timers() noexcept { return &timers_; }
  int max_workers() const noexcept { return options_.max_workers; }

  void Shutdown(ShutdownOptions options);

  // For the executor's destructor: shuts down and lets go of the threads, also when it runs on one
  // of them.
  void Release();

  PoolStats Stats() const;

 private:
  class Worker;
  class WorkerTable;

  // Parts of idle_.
  static constexpr uint64_t kSleeper = 1;
  static constexpr uint64_t kSearcher = uint64_t{1} << 32;
  static uint64_t Sleepers(uint64_t idle) noexcept { return idle & 0xffffffff; }
  static uint64_t Searchers(uint64_t idle) noexcept { return idle >> 32; }

  std::unique_ptr<TaskRecord> MakeRecord(std::string_view name);
  void OnCancelled() noexcept override;

  // Where a task goes.
  bool Enqueue(Runnable& task, int priority);
  [[noreturn]] void ThrowRefusal() const;
  bool InForkedChild() const noexcept;

  // A bounded queue's room.
  void AwaitRoom();
  void GiveRoom() noexcept;

  // Threads and their sleep.
  void Notify() noexcept;
  void NotifyOrThrow();
  bool SearchersSuffice(uint64_t idle) const noexcept;
  bool WakeSleeper() noexcept;
  void AddThread();
  bool HasPlace() const noexcept {
    return active_.load(std::memory_order_seq_cst) < options_.max_workers;
  }
  bool NeedsThread() const noexcept;
  void StartThread();
  void WakeAll() noexcept;
  bool HasWork() const noexcept;
  bool Finished() const noexcept;
  void JoinAll();
  void DetachAll();

  // The end of everything: nothing can be submitted any more.
  void Close();
  void DiscardQueued() noexcept;
  void Break(const std::string& reason) noexcept;
  template <typename Use>
  void DrainQueues(Use use) noexcept;

  const ThreadEngineOptions options_;
  const int processors_;
  const uint64_t fork_generation_;

  InjectionQueue injected_;
  PriorityQueue prioritized_;
  std::unique_ptr<WorkerTable> workers_;

  alignas(64) std::atomic<uint64_t> idle_{0};
  std::atomic<int> active_{0};
  std::atomic<int> blocked_{0};
  std::atomic<int> threads_{0};  // started and not ended
  std::atomic<bool> closed_{false};

  // Cold.
  std::mutex idle_mutex_;
  std::vector<Worker*> sleeping_;  // guarded by idle_mutex_; the last one is woken first
  std::vector<Worker*> reserve_;   // guarded by idle_mutex_

  std::mutex threads_mutex_;
  std::vector<std::thread> handles_;  // guarded by threads_mutex_
  bool detached_ = false;             // guarded by threads_mutex_
  std::mutex join_mutex_;             // held by the one that joins

  mutable std::mutex state_mutex_;
  std::string broken_;  // guarded by state_mutex_; why, or empty; set once

  std::atomic<uint64_t> cancelled_{0};
  std::atomic<uint64_t> abandoned_{0};
  std::atomic<uint64_t> record_ids_{0};
  std::stop_source stop_source_;
  TimerQueue timers_;

  std::mutex room_mutex_;
  std::condition_variable room_freed_;
  std::size_t room_used_ = 0;  // guarded by room_mutex_
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_THREAD_ENGINE_H_
