#include "pools/internal/injection_queue.h"

#include <algorithm>

namespace cohort::internal {

bool InjectionQueue::Push(Runnable& task) noexcept {
  task.link.store(nullptr, std::memory_order_relaxed);
  const auto node = reinterpret_cast<uintptr_t>(&task);
  uintptr_t tail = tail_.load(std::memory_order_relaxed);
  do {
    if ((tail & kClosed) != 0) return false;
  } while (!tail_.compare_exchange_weak(tail, node, std::memory_order_seq_cst,
                                        std::memory_order_relaxed));
  // Release: who follows the link sees the task.
  Runnable* const before = NodeOf(tail);
  (before == nullptr ? head_ : before->link).store(&task, std::memory_order_release);
  // After the link, and sequentially consistent: whoever goes to sleep and does not see the entry
  // is seen to sleep by what the producer reads next.
  pushes_.fetch_add(1, std::memory_order_seq_cst);
  return true;
}

std::size_t InjectionQueue::PopSome(Runnable** out, std::size_t limit, std::size_t share) noexcept {
  if (NodeOf(tail_.load(std::memory_order_relaxed)) == nullptr) return 0;
  // This and clear() are sequentially consistent: who goes to sleep because he finds it set is seen
  // to sleep by the taker, who looks for sleepers after clear().
  if (taking_.test_and_set(std::memory_order_seq_cst)) return 0;
  const std::size_t wanted = std::clamp<uint64_t>(size() / share, 1, limit);
  std::size_t count = 0;
  while (count < wanted) {
    Runnable* const task = PopOne();
    if (task == nullptr) break;
    out[count++] = task;
  }
  pops_.store(pops_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  taking_.clear(std::memory_order_seq_cst);
  return count;
}

// The oldest entry goes only once its successor is known, or when it is the newest as well.
Runnable* InjectionQueue::PopOne() noexcept {
  Runnable* const oldest = head_.load(std::memory_order_acquire);
  if (oldest == nullptr) return nullptr;
  Runnable* next = oldest->link.load(std::memory_order_acquire);
  if (next == nullptr) {
    if (TryDetachLast(*oldest)) return oldest;
    // Somebody has put himself behind it meanwhile.
    next = oldest->link.load(std::memory_order_acquire);
    if (next == nullptr) return nullptr;
  }
  head_.store(next, std::memory_order_relaxed);
  return oldest;
}

bool InjectionQueue::TryDetachLast(Runnable& last) noexcept {
  uintptr_t tail = tail_.load(std::memory_order_relaxed);
  if (NodeOf(tail) != &last) return false;
  head_.store(nullptr, std::memory_order_relaxed);  // invariant 2
  while (NodeOf(tail) == &last) {
    if (tail_.compare_exchange_weak(tail, tail & kClosed, std::memory_order_seq_cst,
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  head_.store(&last, std::memory_order_relaxed);
  return false;
}

}  // namespace cohort::internal
