// Waiting a moment before a sleep, for another process that may need this very CPU.

#ifndef COHORT_IPC_INTERNAL_SPIN_H_
#define COHORT_IPC_INTERNAL_SPIN_H_

#include <sched.h>

#include "futures/internal/futex.h"

namespace cohort::ipc::internal {

// How long to look, each round being some microsecond.
enum class SpinRounds : int {
  kFew = 4,    // for what may or may not come
  kMany = 32,  // for what is under way: the next piece of a stream, which takes 16 us to copy
};

// Looks again, so many rounds. Gives way to others meanwhile: where both processes share a CPU, a
// plain spin would hold up what it waits for (measured: a round trip of 7 us plus twice the spin,
// against 9 us with yields).
template <typename Ready>
bool SpinAndYield(Ready ready, SpinRounds rounds = SpinRounds::kFew) {
  constexpr int kPausesInARound = 32;
  if (cohort::internal::SpinLimit() == 0) return ready();
  for (int round = 0; round < static_cast<int>(rounds); ++round) {
    for (int pause = 0; pause < kPausesInARound; ++pause) {
      if (ready()) return true;
      cohort::internal::CpuRelax();
    }
    sched_yield();
  }
  return ready();
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_SPIN_H_
