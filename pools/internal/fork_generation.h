// Whether an object was made before the last fork: in the child, the threads that it counts on do
// not exist.

#ifndef COHORT_POOLS_INTERNAL_FORK_GENERATION_H_
#define COHORT_POOLS_INTERNAL_FORK_GENERATION_H_

#include <cstdint>

namespace cohort::internal {

// Grows by one in each forked child. As cheap as reading a variable.
uint64_t ForkGeneration() noexcept;

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_FORK_GENERATION_H_
