// One thread of a ThreadEngine. For thread_engine.cc and thread_worker.cc alone.

#ifndef COHORT_POOLS_INTERNAL_THREAD_WORKER_H_
#define COHORT_POOLS_INTERNAL_THREAD_WORKER_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "futures/internal/blocking.h"
#include "futures/internal/core.h"
#include "pools/internal/thread_engine.h"
#include "pools/internal/work_deque.h"

namespace cohort::internal {

// A number that one thread writes and others read.
class OwnedCounter {
 public:
  void Add(uint64_t by) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_release);
  }
  uint64_t Get() const noexcept { return value_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint64_t> value_{0};
};

class ThreadEngine::Worker final : public WaitScheduler {
 public:
  Worker(ThreadEngine& engine, int index) : engine_(engine), index_(index) {}

  // The thread's life, from the start to the end.
  void Main();

  // The calling thread's worker if it is one of this engine's, else null.
  static Worker* CurrentOf(const ThreadEngine& engine) noexcept;

  // On the worker's own thread: a task that it submits.
  void Push(Runnable& task) {
    deque_.Reserve(1);  // throws before anything has changed
    pushed_.Add(1);
    deque_.Push(&task);
  }

  // The rest, from any thread.
  const WorkDeque& deque() const noexcept { return deque_; }
  WorkDeque& deque() noexcept { return deque_; }
  void Wake() noexcept;

  uint64_t pushed() const noexcept { return pushed_.Get(); }
  uint64_t started() const noexcept { return started_.Get(); }
  uint64_t finished() const noexcept { return finished_.Get(); }
  uint64_t succeeded() const noexcept { return succeeded_.Get(); }
  uint64_t failed() const noexcept { return failed_.Get(); }

  // WaitScheduler
  bool RunAwaited(CoreBase& awaited) override;
  void BeginBlocking(Deadline deadline) override;
  void EndBlocking() noexcept override;

 private:
  // How many tasks a worker takes from the common queue at a time, at most; several only while they
  // have been as short as this, so that none begins much after one that came later.
  static constexpr std::size_t kLargestBatch = 32;
  static constexpr std::chrono::nanoseconds kShortTask = std::chrono::microseconds(5);

  // How often a worker looks there first although it has tasks of its own, so that neither side
  // starves the other.
  static constexpr uint32_t kLookOutsideEvery = 64;

  void SetUpThread();
  bool RunInitializer() noexcept;

  Runnable* NextTask() noexcept;
  Runnable* FindTask() noexcept;
  Runnable* TakeInjected() noexcept;
  std::size_t NextBatch() noexcept;
  Runnable* Steal() noexcept;
  Runnable* SearchThenSleep() noexcept;
  Runnable* SpinForTask() noexcept;
  void Park() noexcept;
  void EnterSleep(bool was_searching) noexcept;
  void LeaveSleep() noexcept;
  bool TryStartSearching() noexcept;
  void StopSearching() noexcept;
  bool IsSurplus() const noexcept;
  void LeaveIfSurplus() noexcept;
  void PassOn() noexcept;

  void Execute(Runnable& task) noexcept;
  void Run(Runnable& task) noexcept;
  CoreState InvokeObserved(Runnable& task) noexcept;
  bool StackHasRoom() const noexcept;

  ThreadEngine& engine_;
  const int index_;
  const std::byte* stack_middle_ = nullptr;
  uint32_t looks_ = 0;
  std::size_t batch_ = 1;
  std::chrono::steady_clock::time_point batch_taken_;

  WorkDeque deque_;
  OwnedCounter pushed_;
  OwnedCounter started_;
  OwnedCounter finished_;
  OwnedCounter succeeded_;
  OwnedCounter failed_;

  alignas(64) std::atomic<uint32_t> wake_{0};  // a futex: 1 when Wake() was called
};

// The workers there have ever been; grows only. Readers need no lock.
class ThreadEngine::WorkerTable {
 public:
  WorkerTable() { Grow(kFirstCapacity); }

  // Under threads_mutex_.
  Worker& Append(ThreadEngine& engine) {
    const std::size_t index = size();
    owned_.push_back(std::make_unique<Worker>(engine, static_cast<int>(index)));
    if (index == arrays_.back().size()) Grow(index * 2);
    arrays_.back()[index] = owned_.back().get();
    // Release: who reads the size finds the entries.
    array_.store(arrays_.back().data(), std::memory_order_release);
    size_.store(index + 1, std::memory_order_seq_cst);
    return *owned_.back();
  }

  std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }
  // Only below a size() read before.
  Worker& operator[](std::size_t index) const noexcept {
    return *array_.load(std::memory_order_acquire)[index];
  }

 private:
  static constexpr std::size_t kFirstCapacity = 16;

  // Old arrays are kept: somebody may be reading there.
  void Grow(std::size_t capacity) {
    std::vector<Worker*> larger(capacity, nullptr);
    for (std::size_t i = 0; i < owned_.size() && !arrays_.empty() && i < arrays_.back().size();
         ++i) {
      larger[i] = arrays_.back()[i];
    }
    arrays_.push_back(std::move(larger));
  }

  std::vector<std::unique_ptr<Worker>> owned_;
  std::vector<std::vector<Worker*>> arrays_;
  std::atomic<Worker* const*> array_{nullptr};
  std::atomic<std::size_t> size_{0};
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_THREAD_WORKER_H_
