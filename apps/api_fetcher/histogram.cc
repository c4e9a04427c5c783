#include "apps/api_fetcher/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace cohort::api_fetcher {
namespace {

constexpr double kPerMillisecond = 1000;

}  // namespace

// Below 2^(kSubBits+1) each microsecond has a bucket of its own. From there on the bucket is the
// number of low bits that are dropped, and what is left: kSubBits+1 bits, of which the first is 1.
std::size_t Histogram::BucketOf(std::uint64_t microseconds) {
  const int width = std::bit_width(microseconds);
  const auto dropped = static_cast<std::size_t>(std::max(0, width - kSubBits - 1));
  return (dropped << kSubBits) + (microseconds >> dropped);
}

double Histogram::MiddleOf(std::size_t bucket) {
  const std::size_t dropped = std::max<std::size_t>(bucket >> kSubBits, 1) - 1;
  const std::uint64_t low = (bucket - (dropped << kSubBits)) << dropped;
  const std::uint64_t size = std::uint64_t{1} << dropped;
  return static_cast<double>(low) + static_cast<double>(size - 1) / 2;
}

void Histogram::Add(double milliseconds) {
  constexpr std::uint64_t kMost = (std::uint64_t{1} << kMaxBits) - 1;
  const bool sane = milliseconds > 0;
  const double value = sane ? std::min(milliseconds, kMost / kPerMillisecond) : 0;
  ++buckets_[BucketOf(static_cast<std::uint64_t>(std::llround(value * kPerMillisecond)))];
  min_ = count_ == 0 ? value : std::min(min_, value);
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
}

double Histogram::mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

double Histogram::Quantile(double q) const {
  if (count_ == 0) return 0;
  const double share = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share));
  std::uint64_t below = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    below += buckets_[bucket];
    if (below >= rank) return std::clamp(MiddleOf(bucket) / kPerMillisecond, min_, max_);
  }
  return max_;
}

}  // namespace cohort::api_fetcher
