// Which process pool's callbacks the calling thread runs.

#ifndef COHORT_POOLS_INTERNAL_PROCESS_LANE_H_
#define COHORT_POOLS_INTERNAL_PROCESS_LANE_H_

#include <utility>

namespace cohort::internal {

class ProcessEngine;

class ProcessLane {
 public:
  // For as long as a callback of that engine's runs.
  explicit ProcessLane(const ProcessEngine& engine) : before_(std::exchange(Current(), &engine)) {}
  ~ProcessLane() { Current() = before_; }
  ProcessLane(const ProcessLane&) = delete;
  ProcessLane& operator=(const ProcessLane&) = delete;

  static bool IsOn(const ProcessEngine& engine) noexcept { return Current() == &engine; }

 private:
  static const ProcessEngine*& Current() noexcept {
    static thread_local const ProcessEngine* current = nullptr;
    return current;
  }

  const ProcessEngine* const before_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_PROCESS_LANE_H_
