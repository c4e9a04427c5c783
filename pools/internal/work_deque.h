// A worker's own queue: its owner adds at the bottom, everybody takes from the top, oldest first.
// The owner can also take back what it added last.
//
// This is the deque of Chase and Lev ("Dynamic circular work-stealing deque", SPAA 2005) with the
// memory orders of Lê, Pop, Cohen and Zappa Nardelli ("Correct and efficient work-stealing for weak
// memory models", PPoPP 2013), their fences replaced by sequentially consistent accesses, which
// ThreadSanitizer understands.
//
// Used other than usual: tasks begin in the order of their submission, so that the owner takes from
// the top, too. The bottom is for one case: a task that its owner has just submitted and now waits
// for (fork and join), which is then popped for good instead of being left behind as an entry that
// somebody ran already.
//
// Invariant: the entries are those at [top_, bottom_). Only the owner changes bottom_ and the
// buffer; top_ only grows, by whoever takes an entry. The owner's step down of bottom_ and a
// taker's step up of top_ are ordered by sequential consistency: for the last entry at least one of
// the two sees the other's, and the compare-and-swap of top_ decides.

#ifndef COHORT_POOLS_INTERNAL_WORK_DEQUE_H_
#define COHORT_POOLS_INTERNAL_WORK_DEQUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "futures/internal/core.h"

namespace cohort::internal {

class WorkDeque {
 public:
  WorkDeque() {
    buffers_.push_back(std::make_unique<Buffer>(kFirstCapacity));
    buffer_.store(buffers_.back().get(), std::memory_order_relaxed);
  }
  WorkDeque(const WorkDeque&) = delete;
  WorkDeque& operator=(const WorkDeque&) = delete;

  // Owner. The next Push() of that many does not throw.
  void Reserve(std::size_t count) {
    BufferFor(bottom_.load(std::memory_order_relaxed), static_cast<int64_t>(count));
  }

  // Owner. The store of bottom_ is sequentially consistent: whoever goes to sleep after it sees the
  // entry, or is seen to sleep by what the owner reads next.
  void Push(Runnable* task) {
    const int64_t bottom = bottom_.load(std::memory_order_relaxed);
    BufferFor(bottom, 1)->Put(bottom, task);
    bottom_.store(bottom + 1, std::memory_order_seq_cst);
  }

  // Owner; all at once.
  void Push(Runnable* const* tasks, std::size_t count) {
    const int64_t bottom = bottom_.load(std::memory_order_relaxed);
    Buffer* const buffer = BufferFor(bottom, static_cast<int64_t>(count));
    for (std::size_t i = 0; i < count; ++i) buffer->Put(bottom + static_cast<int64_t>(i), tasks[i]);
    bottom_.store(bottom + static_cast<int64_t>(count), std::memory_order_seq_cst);
  }

  // Owner. Takes back the newest entry if it is this one.
  bool PopIfNewest(const Runnable* task) noexcept {
    const int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (bottom < top_.load(std::memory_order_relaxed)) return false;
    if (buffer_.load(std::memory_order_relaxed)->Get(bottom) != task) return false;
    bottom_.store(bottom, std::memory_order_seq_cst);
    int64_t top = top_.load(std::memory_order_seq_cst);
    if (top < bottom) return true;
    // The last entry, or none: whoever moves top_ has it, and the deque is empty either way.
    const bool mine =
        top == bottom && top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                                      std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return mine;
  }

  // Anybody. The oldest entry, or null where there is none.
  Runnable* TakeOldest() noexcept {
    for (;;) {
      int64_t top = top_.load(std::memory_order_seq_cst);
      if (top >= bottom_.load(std::memory_order_seq_cst)) return nullptr;
      // Acquire: the buffer's entries. One that was overwritten since is noticed by the swap.
      Runnable* const task = buffer_.load(std::memory_order_acquire)->Get(top);
      if (top_.compare_exchange_weak(top, top + 1, std::memory_order_seq_cst,
                                     std::memory_order_relaxed)) {
        return task;
      }
    }
  }

  // Anybody.
  bool Empty() const noexcept {
    return top_.load(std::memory_order_seq_cst) >= bottom_.load(std::memory_order_seq_cst);
  }

 private:
  static constexpr int64_t kFirstCapacity = 256;

  class Buffer {
   public:
    explicit Buffer(int64_t capacity)
        : capacity_(capacity),
          entries_(new std::atomic<Runnable*>[static_cast<std::size_t>(capacity)]) {}

    int64_t capacity() const noexcept { return capacity_; }
    // Release and acquire: who gets the entry sees the task.
    void Put(int64_t index, Runnable* task) noexcept {
      entries_[Place(index)].store(task, std::memory_order_release);
    }
    Runnable* Get(int64_t index) const noexcept {
      return entries_[Place(index)].load(std::memory_order_acquire);
    }

   private:
    std::size_t Place(int64_t index) const noexcept {
      return static_cast<std::size_t>(index & (capacity_ - 1));
    }

    const int64_t capacity_;  // a power of two
    const std::unique_ptr<std::atomic<Runnable*>[]> entries_;
  };

  // The buffer with room for `count` more.
  Buffer* BufferFor(int64_t bottom, int64_t count) {
    Buffer* const buffer = buffer_.load(std::memory_order_relaxed);
    const int64_t top = top_.load(std::memory_order_acquire);
    if (bottom - top + count <= buffer->capacity()) [[likely]]
      return buffer;
    return Grow(top, bottom, count);
  }

  // Old buffers are kept, since others may be reading there; together they are smaller than the
  // newest.
  [[gnu::noinline]] Buffer* Grow(int64_t top, int64_t bottom, int64_t count) {
    Buffer* const buffer = buffers_.back().get();
    int64_t capacity = buffer->capacity();
    while (bottom - top + count > capacity) capacity *= 2;
    auto larger = std::make_unique<Buffer>(capacity);
    for (int64_t i = top; i < bottom; ++i) larger->Put(i, buffer->Get(i));
    buffers_.push_back(std::move(larger));
    buffer_.store(buffers_.back().get(), std::memory_order_release);
    return buffers_.back().get();
  }

  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::atomic<Buffer*> buffer_{nullptr};
  std::atomic<int64_t> bottom_{0};
  alignas(64) std::atomic<int64_t> top_{0};
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_WORK_DEQUE_H_
