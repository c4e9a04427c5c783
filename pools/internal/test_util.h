// What the tests of this folder share.

#ifndef COHORT_POOLS_INTERNAL_TEST_UTIL_H_
#define COHORT_POOLS_INTERNAL_TEST_UTIL_H_

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <latch>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort {

// Keeps a pool's workers busy until it is opened, in a way that the pool knows nothing of. To be
// declared before the pool: it must be there for as long as tasks may use it.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  void Open() {
    if (open_.exchange(true)) return;
    open_.notify_all();
  }
  void Pass() {
    ++arrived_;
    arrived_.notify_all();
    open_.wait(false);
  }
  // Blocks until that many are in Pass() or through it.
  void AwaitArrivals(int count) const {
    for (int here = arrived_; here < count; here = arrived_) arrived_.wait(here);
  }

 private:
  std::atomic<bool> open_{false};
  std::atomic<int> arrived_{0};
};

// Looks again and again, giving way in between. False after a number of looks that is never needed
// where nothing is wrong.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 2'000'000; ++i) {
    if (condition()) return true;
    i < 1'000 ? sched_yield() : usleep(10);
  }
  return false;
}

// Ends the process, loudly, when Progress() was not called for a long while: a wake-up was lost.
class Watchdog {
 public:
  explicit Watchdog(const char* what)
      : thread_([this, what](std::stop_token stop) {
          uint64_t seen = 0;
          for (int quiet = 0; !stop.stop_requested(); usleep(10'000)) {
            const uint64_t now = progress_.load(std::memory_order_relaxed);
            quiet = now == seen ? quiet + 1 : 0;
            seen = now;
            if (quiet < kQuietLooks) continue;
            std::fprintf(stderr, "%s: no progress after %llu steps\n", what,
                         static_cast<unsigned long long>(now));
            std::abort();
          }
        }) {}
  void Progress() { progress_.fetch_add(1, std::memory_order_relaxed); }

 private:
  static constexpr int kQuietLooks = 2'000;

  std::atomic<uint64_t> progress_{0};
  std::jthread thread_;
};

// The threads of this process now.
inline std::size_t ThreadsAlive() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
    ++count;
  }
  return count;
}

}  // namespace cohort

#endif  // COHORT_POOLS_INTERNAL_TEST_UTIL_H_
