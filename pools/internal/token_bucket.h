// When the next of many starts may be, by a token bucket on a monotonic clock.
//
// The bucket holds `burst` tokens and gets one each 1 / rate seconds; a start takes one. It is kept
// as one number, the moment at which it would be full again (the generic cell rate algorithm of
// ITU-T I.371 does the same). Nothing here reads a clock: times are given, in nanoseconds.

#ifndef COHORT_POOLS_INTERNAL_TOKEN_BUCKET_H_
#define COHORT_POOLS_INTERNAL_TOKEN_BUCKET_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace cohort::internal {

class TokenBucket {
 public:
  // No timer is punctual. What a start that had to wait for its token is late by, up to this much,
  // does not move the ones after it, or else a rate would never be reached.
  static constexpr int64_t kForgivenLateness = 1'000'000;

  // Whether the start had to wait for its token, or came when there was one.
  enum class Start { kAtOnce, kHadWaited };

  // `per_second` 0: no limit.
  TokenBucket(double per_second, int burst)
      : interval_(per_second > 0 ? ToNanoseconds(1 / per_second) : 0),
        depth_(interval_ > kCentury / burst ? kCentury : interval_ * (burst - 1)) {}

  bool is_limited() const noexcept { return interval_ > 0; }

  // The next start may not be before this.
  int64_t ready_at() const noexcept { return full_at_ - depth_; }

  // A start takes its token. `now` is not before ready_at().
  void Take(int64_t now, Start start) noexcept {
    const int64_t due = start == Start::kHadWaited ? now - kForgivenLateness : now;
    full_at_ = std::min(std::max(full_at_, due), kNever - interval_) + interval_;
  }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // Rounded up: never early. A century is as good as never.
  static constexpr int64_t kCentury = 3'200'000'000'000'000'000;
  static int64_t ToNanoseconds(double seconds) {
    return static_cast<int64_t>(std::ceil(std::min(seconds * 1e9, static_cast<double>(kCentury))));
  }

  const int64_t interval_;
  const int64_t depth_;  // how long before it is full it has its first token
  int64_t full_at_ = 0;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_TOKEN_BUCKET_H_
