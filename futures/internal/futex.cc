#include "futures/internal/futex.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace cohort::internal {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

int Flags(FutexScope scope) noexcept {
  return scope == FutexScope::kProcess ? FUTEX_PRIVATE_FLAG : 0;
}

int UsableCpus() noexcept {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return CPU_COUNT(&set);
}

}  // namespace

bool FutexWait(const void* word, uint32_t expected, Deadline deadline, FutexScope scope) noexcept {
  timespec until;
  timespec* limit = nullptr;
  if (!deadline.is_never()) {
    until.tv_sec = deadline.nanoseconds() / kNanosecondsPerSecond;
    until.tv_nsec = deadline.nanoseconds() % kNanosecondsPerSecond;
    limit = &until;
  }
  // The BITSET form takes an absolute time, on the monotonic clock.
  const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | Flags(scope), expected, limit,
                              nullptr, FUTEX_BITSET_MATCH_ANY);
  return !(result == -1 && errno == ETIMEDOUT);
}

void FutexWake(const void* word, int count, FutexScope scope) noexcept {
  syscall(SYS_futex, word, FUTEX_WAKE | Flags(scope), count, nullptr, nullptr, 0);
}

int SpinLimit() noexcept {
  static const int limit = UsableCpus() > 1 ? 200 : 0;
  return limit;
}

}  // namespace cohort::internal
