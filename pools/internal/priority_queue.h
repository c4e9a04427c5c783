// The tasks whose priority is not 0: few, so that one lock will do. A worker looks here before its
// other queues when something urgent is waiting, and when there is nothing else to do.

#ifndef COHORT_POOLS_INTERNAL_PRIORITY_QUEUE_H_
#define COHORT_POOLS_INTERNAL_PRIORITY_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <mutex>

#include "futures/internal/core.h"

namespace cohort::internal {

class PriorityQueue {
 public:
  // False: the queue is closed.
  bool Push(Runnable& task, int priority);

  // The highest priority, and in that the oldest; null where there is none above 0, or none.
  Runnable* PopUrgent() noexcept { return HasUrgent() ? Pop(1) : nullptr; }
  Runnable* PopAny() noexcept { return Empty() ? nullptr : Pop(std::numeric_limits<int>::min()); }

  // Sequentially consistent, for who is about to sleep.
  bool Empty() const noexcept { return size_.load(std::memory_order_seq_cst) == 0; }
  bool HasUrgent() const noexcept { return urgent_.load(std::memory_order_relaxed) != 0; }

  // Tasks ever added.
  uint64_t pushes() const noexcept { return pushes_.load(std::memory_order_relaxed); }

  void Close();

 private:
  Runnable* Pop(int at_least) noexcept;

  std::mutex mutex_;
  std::map<int, std::deque<Runnable*>, std::greater<>> tasks_;  // guarded by mutex_
  bool closed_ = false;                                         // guarded by mutex_
  std::atomic<uint64_t> size_{0};
  std::atomic<uint64_t> urgent_{0};  // those above 0
  std::atomic<uint64_t> pushes_{0};
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_PRIORITY_QUEUE_H_
