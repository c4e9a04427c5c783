// Calls functions at given moments of the monotonic clock, on a thread of its own that starts with
// the first of them. A function that waits for a future, in a wait of this library, has another
// thread take its place meanwhile: what it waits for may need a timer.

#ifndef COHORT_POOLS_INTERNAL_TIMER_QUEUE_H_
#define COHORT_POOLS_INTERNAL_TIMER_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "futures/timeout.h"

namespace cohort::internal {

class TimerQueue {
 public:
  using Id = std::pair<int64_t, uint64_t>;  // when, and which of those

  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // Drops what is not due, and waits for the call that is under way.
  ~TimerQueue();

  // Never early. The function must be short and must not throw. Throws std::system_error where the
  // thread cannot be started.
  Id Add(Deadline when, std::function<void()> function);

  // False: it is being called or has been.
  bool Remove(Id id);

 private:
  class Waits;
  using Timers = std::map<Id, std::function<void()>>;

  void StartThread();
  void Run(std::list<std::thread>::iterator own);
  bool CallNext(std::unique_lock<std::mutex>& lock);
  void JoinLeft();
  void WakeThread() noexcept;

  std::mutex mutex_;
  // All guarded by mutex_.
  Timers timers_;
  uint64_t last_ = 0;
  bool closed_ = false;
  std::list<std::thread> threads_;
  std::list<std::thread> left_;  // that have nothing more to do, to be joined
  std::size_t blocked_ = 0;      // threads in a function that waits

  std::atomic<uint32_t> changes_{0};  // a futex; counts what may wake a thread
};

// A timer for as long as a scope lasts. None where the timeout is for ever.
class ScopedTimer {
 public:
  template <typename F>
  ScopedTimer(TimerQueue* timers, Timeout timeout, const F& function) : timers_(timers) {
    if (timers != nullptr && !timeout.is_forever()) {
      id_ = timers->Add(Deadline::after(timeout), function);
    }
  }
  ~ScopedTimer() {
    if (id_) timers_->Remove(*id_);
  }
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

 private:
  TimerQueue* const timers_;
  std::optional<TimerQueue::Id> id_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_TIMER_QUEUE_H_
