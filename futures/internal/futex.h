// The kernel's wait queue for one 32-bit word, and the pause before it.
//
// std::atomic::wait goes through tables that unrelated objects share and has no timeout; this goes
// to the kernel's own queue for the word.

#ifndef COHORT_FUTURES_INTERNAL_FUTEX_H_
#define COHORT_FUTURES_INTERNAL_FUTEX_H_

#include <atomic>
#include <bit>
#include <cstdint>

#include "futures/timeout.h"

namespace cohort::internal {

// Who may sleep on the word, and wake its sleepers. The kernel keeps the two apart.
enum class FutexScope {
  kProcess,  // this process alone
  kShared,   // every process that has mapped the word's memory; also where it is mapped read-only
};

// Sleeps while the word has the expected value. Returns false once the deadline has passed, and
// true otherwise, also for no reason at all: look at the word again.
bool FutexWait(const void* word, uint32_t expected, Deadline deadline,
               FutexScope scope = FutexScope::kProcess) noexcept;

// Wakes up to `count` threads that sleep on the word. The word need not exist any more: the kernel
// only compares its address, so that a sleeper that has seen its news already may have freed it.
void FutexWake(const void* word, int count, FutexScope scope = FutexScope::kProcess) noexcept;

inline constexpr int kWakeAll = 0x7fffffff;

// The half of a 64-bit atomic that a futex can watch: the low one.
inline const void* FutexHalf(const std::atomic<uint64_t>& word) noexcept {
  static_assert(std::endian::native == std::endian::little);
  return &word;
}

inline void CpuRelax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// How many times to look again, with a CpuRelax() between, before it is worth a system call to
// sleep: a few microseconds, about what the sleep and the wake-up cost together (Karlin's rule: at
// most twice the best choice in hindsight). 0 where there is one CPU, and nobody to wait for.
int SpinLimit() noexcept;

// Spins until ready() or the limit; returns what ready() said last.
template <typename Ready>
bool SpinUntil(Ready ready) noexcept(noexcept(ready())) {
  for (int left = SpinLimit(); left > 0; --left) {
    if (ready()) return true;
    CpuRelax();
  }
  return ready();
}

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_FUTEX_H_
