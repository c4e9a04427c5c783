// Waiting a moment before a sleep, for another process that may need this very CPU.

#ifndef COHORT_IPC_INTERNAL_SPIN_H_
#define COHORT_IPC_INTERNAL_SPIN_H_

#include <sched.h>

#include "futures/internal/futex.h"

namespace cohort::ipc::internal {

// Looks again for some 2 to 5 microseconds. Gives way to others meanwhile: where both processes
// share a CPU, a plain spin would hold up what it waits for (measured: a round trip of 7 us plus
// twice the spin, against 9 us with yields).
template <typename Ready>
bool SpinAndYield(Ready ready) {
  constexpr int kRounds = 4;
  constexpr int kPausesInARound = 32;
  if (cohort::internal::SpinLimit() == 0) return ready();
  for (int round = 0; round < kRounds; ++round) {
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
