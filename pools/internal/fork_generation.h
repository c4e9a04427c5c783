// Whether an object was made before the last fork: in the child, the threads that it counts on do
// not exist.

#ifndef COHORT_POOLS_INTERNAL_FORK_GENERATION_H_
#define COHORT_POOLS_INTERNAL_FORK_GENERATION_H_

#include <atomic>
#include <cstdint>

namespace cohort::internal {

// Written by ForkGeneration()'s handler alone.
extern std::atomic<uint64_t> fork_generation;

// Grows by one in each forked child.
inline uint64_t ForkGeneration() noexcept {
  return fork_generation.load(std::memory_order_relaxed);
}

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_FORK_GENERATION_H_
