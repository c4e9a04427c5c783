// ManualTimer: a clock that a unit test moves by hand.
//
//   ManualTimer timer;
//   RateLimitedExecutor<ManualExecutor> limited(executor, {.calls_per_second = 2, .timer =
//   &timer}); limited.submit(f);                                   // starts at once
//   limited.submit(f);                                   // waits half a second
//   timer.advance(std::chrono::milliseconds(499));
//   EXPECT_EQ(executor.pending(), 1U);
//   timer.advance(std::chrono::milliseconds(1));
//   EXPECT_EQ(executor.pending(), 2U);
//
// Time stands still but for advance(), which makes the calls that become due, each at its own
// moment, in their order, on the calling thread. It must outlive what uses it. Thread-safe; let one
// thread advance it at a time.

#ifndef COHORT_TESTING_MANUAL_TIMER_H_
#define COHORT_TESTING_MANUAL_TIMER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "pools/timer.h"

namespace cohort {

class ManualTimer final : public Timer {
 public:
  // It begins an hour after the clock's epoch, so that there is a past.
  ManualTimer() = default;

  TimePoint now() const override;
  Id call_at(TimePoint when, std::function<void()> function) override;
  bool remove(Id id) override;

  // Moves the time on. Zero makes the calls that are due now.
  void advance(std::chrono::nanoseconds by);

  // How many calls wait.
  std::size_t pending() const;

 private:
  using Key = std::pair<std::int64_t, std::uint64_t>;

  mutable std::mutex mutex_;
  std::int64_t now_ = 3'600'000'000'000;            // guarded by mutex_
  std::uint64_t last_ = 0;                          // guarded by mutex_
  std::map<Key, std::function<void()>> functions_;  // guarded by mutex_
};

}  // namespace cohort

#endif  // COHORT_TESTING_MANUAL_TIMER_H_
