// A task for the tests of queues, which only counts how often it was taken out.

#ifndef COHORT_POOLS_INTERNAL_FAKE_TASK_H_
#define COHORT_POOLS_INTERNAL_FAKE_TASK_H_

#include <atomic>
#include <exception>
#include <vector>

#include "futures/internal/core.h"

namespace cohort::internal {

class FakeTask final : public Runnable {
 public:
  void Take() { taken_.fetch_add(1, std::memory_order_relaxed); }
  int taken() const { return taken_.load(std::memory_order_relaxed); }

  bool Begin() noexcept override { return false; }
  CoreState Invoke() noexcept override { return CoreState::kValue; }
  bool HasListeners() const noexcept override { return false; }
  bool Complete(CoreState) noexcept override { return false; }
  void Settle() noexcept override {}
  void Discard() noexcept override {}
  bool Abandon(const std::exception_ptr&) noexcept override { return false; }
  void Drop() noexcept override {}

 private:
  std::atomic<int> taken_{0};
};

using FakeTasks = std::vector<FakeTask>;

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_FAKE_TASK_H_
