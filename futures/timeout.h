// How long a call may block, and the moment that this makes.
//
// `Timeout` is the parameter type of every call that can wait. It is made from any `std::chrono`
// duration and from `absl::Duration`; left out, or std::nullopt, a call waits for ever. Zero or
// less polls.
// Durations beyond 292 years, infinities among them, mean for ever.
//
//   f.result(std::chrono::milliseconds(50));
//   f.result(absl::Seconds(2));
//   f.result(Timeout::forever());
//
// `Deadline` is the same on the monotonic clock (CLOCK_MONOTONIC, which std::chrono::steady_clock
// reads on Linux): a step of the wall clock shortens or lengthens no wait.

#ifndef COHORT_FUTURES_TIMEOUT_H_
#define COHORT_FUTURES_TIMEOUT_H_

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/time/time.h"

namespace cohort {

class Timeout {
 public:
  constexpr Timeout() noexcept = default;
  constexpr Timeout(std::nullopt_t) noexcept {}  // NOLINT(google-explicit-constructor)

  template <typename Rep, typename Period>
  constexpr Timeout(std::chrono::duration<Rep, Period> duration) noexcept  // NOLINT
      : nanoseconds_(FromChrono(duration)) {}

  Timeout(absl::Duration duration) noexcept  // NOLINT(google-explicit-constructor)
      : nanoseconds_(FromAbsl(duration)) {}

  static constexpr Timeout forever() noexcept { return Timeout(); }

  constexpr bool is_forever() const noexcept { return nanoseconds_ == kForever; }

  // Never negative; the largest value there is where it is_forever().
  constexpr std::chrono::nanoseconds duration() const noexcept {
    return std::chrono::nanoseconds(nanoseconds_);
  }

  friend constexpr bool operator==(Timeout, Timeout) noexcept = default;

 private:
  static constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

  template <typename Rep, typename Period>
  static constexpr int64_t FromChrono(std::chrono::duration<Rep, Period> duration) noexcept {
    // A long double holds each int64_t exactly, so that the comparison cannot overflow.
    using Wide = std::chrono::duration<long double, std::nano>;
    const Wide wide = duration;
    if (!(wide.count() > 0)) return 0;  // NaN polls too
    if (wide.count() >= static_cast<long double>(kForever)) return kForever;
    return static_cast<int64_t>(wide.count());
  }

  static int64_t FromAbsl(absl::Duration duration) noexcept {
    if (duration <= absl::ZeroDuration()) return 0;
    return absl::ToInt64Nanoseconds(duration);  // saturates
  }

  int64_t nanoseconds_ = kForever;
};

class Deadline {
 public:
  static constexpr Deadline never() noexcept { return Deadline(kNever); }

  // That much after now. Reads the clock only where it must.
  static Deadline after(Timeout timeout) noexcept {
    if (timeout.is_forever()) return never();
    if (timeout.duration().count() == 0) return Deadline(0);
    const int64_t now = Now();
    const int64_t wait = timeout.duration().count();
    return Deadline(wait > kNever - now ? kNever : now + wait);
  }

  // What nanoseconds() gave.
  static constexpr Deadline at(int64_t nanoseconds) noexcept { return Deadline(nanoseconds); }

  constexpr bool is_never() const noexcept { return nanoseconds_ == kNever; }
  bool has_passed() const noexcept {
    return !is_never() && (nanoseconds_ == 0 || Now() >= nanoseconds_);
  }

  // What is left of it, never negative.
  Timeout remaining() const noexcept {
    if (is_never()) return Timeout::forever();
    return std::chrono::nanoseconds(nanoseconds_ == 0 ? 0 : nanoseconds_ - Now());
  }

  // Nanoseconds since the monotonic clock's own beginning.
  constexpr int64_t nanoseconds() const noexcept { return nanoseconds_; }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  explicit constexpr Deadline(int64_t nanoseconds) noexcept : nanoseconds_(nanoseconds) {}

  static int64_t Now() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  int64_t nanoseconds_;
};

}  // namespace cohort

#endif  // COHORT_FUTURES_TIMEOUT_H_
