// The queue for tasks from outside a pool: any thread adds, first in, first out; a worker takes
// several at a time, so that the line of cache that all producers write is rarely touched by the
// workers.
//
// A linked list through the tasks themselves. A producer puts itself at the end by one
// compare-and-swap of `tail_` and then links itself to the one before; only one consumer at a time
// walks the list, under a lock that is only ever tried. Derived from Vyukov's intrusive queue
// (1024cores.net, "Intrusive MPSC node-based queue"), with an empty list in place of his stub node,
// and with a bit of tail_ that closes the queue: from one instant on no Push() succeeds, and none
// that succeeded before is lost.
//
// Invariants:
//   1. tail_ is null (but for the bit) exactly when the queue is empty, and else the newest entry.
//   2. head_ is written by the producer that found the queue empty, or by the consumer, which
//      empties it before it makes tail_ null: so never by both at once.
//   3. An entry other than the newest has a link, or its successor's producer is about to set it.

#ifndef COHORT_POOLS_INTERNAL_INJECTION_QUEUE_H_
#define COHORT_POOLS_INTERNAL_INJECTION_QUEUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "futures/internal/core.h"

namespace cohort::internal {

class InjectionQueue {
 public:
  // False: the queue is closed.
  bool Push(Runnable& task) noexcept;

  // Takes up to `limit` of the oldest entries, but no more than a `share`th of all there are. 0
  // where there is none, where another thread is taking some (which then sees to it that the rest
  // is not forgotten), or where a producer is in the middle of a Push().
  std::size_t PopSome(Runnable** out, std::size_t limit, std::size_t share) noexcept;

  // Whether the last Push() is taken out. Sequentially consistent, for who is about to sleep.
  bool Empty() const noexcept { return NodeOf(tail_.load(std::memory_order_seq_cst)) == nullptr; }

  // Tasks ever added.
  uint64_t pushes() const noexcept { return pushes_.load(std::memory_order_relaxed); }

  // Tasks that are in it, about: exact when no other thread adds or takes. (A task can be taken
  // before it is counted.)
  uint64_t size() const noexcept {
    const uint64_t pops = pops_.load(std::memory_order_relaxed);
    const uint64_t pushes = pushes_.load(std::memory_order_relaxed);
    return pushes > pops ? pushes - pops : 0;
  }

  void Close() noexcept { tail_.fetch_or(kClosed, std::memory_order_seq_cst); }

 private:
  static constexpr uintptr_t kClosed = 1;

  static Runnable* NodeOf(uintptr_t tail) noexcept {
    return reinterpret_cast<Runnable*>(tail & ~kClosed);
  }

  Runnable* PopOne() noexcept;
  bool TryDetachLast(Runnable& last) noexcept;

  // Producers.
  alignas(64) std::atomic<uintptr_t> tail_{0};
  std::atomic<uint64_t> pushes_{0};

  // The consumer.
  alignas(64) std::atomic<Runnable*> head_{nullptr};
  std::atomic_flag taking_ = ATOMIC_FLAG_INIT;
  std::atomic<uint64_t> pops_{0};
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_INJECTION_QUEUE_H_
