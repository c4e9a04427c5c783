#include "pools/internal/token_bucket.h"

#include <cstdint>
#include <limits>

#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

using Start = TokenBucket::Start;

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kBegin = 1'000'000 * kMs;

TEST(TokenBucket, StartsAreAnIntervalApart) {
  TokenBucket bucket(200, 1);
  EXPECT_LE(bucket.ready_at(), kBegin);
  bucket.Take(kBegin, Start::kAtOnce);
  EXPECT_EQ(bucket.ready_at(), kBegin + 5 * kMs);
  bucket.Take(kBegin + 7 * kMs, Start::kAtOnce);
  EXPECT_EQ(bucket.ready_at(), kBegin + 12 * kMs);
}

TEST(TokenBucket, ABurstAfterAPauseAndNoMore) {
  TokenBucket bucket(100, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(bucket.ready_at(), kBegin) << i;
    bucket.Take(kBegin, Start::kAtOnce);
  }
  EXPECT_EQ(bucket.ready_at(), kBegin + 10 * kMs);
  bucket.Take(kBegin + 10 * kMs, Start::kAtOnce);
  EXPECT_EQ(bucket.ready_at(), kBegin + 20 * kMs);
  // Two intervals without a start: two tokens more, and the third is not there yet.
  bucket.Take(kBegin + 40 * kMs, Start::kAtOnce);
  bucket.Take(kBegin + 40 * kMs, Start::kAtOnce);
  bucket.Take(kBegin + 40 * kMs, Start::kAtOnce);
  EXPECT_EQ(bucket.ready_at(), kBegin + 50 * kMs);
}

TEST(TokenBucket, ALittleLatenessPutsNothingOff) {
  TokenBucket bucket(200, 1);
  bucket.Take(kBegin, Start::kAtOnce);
  bucket.Take(kBegin + 5 * kMs + 80'000, Start::kHadWaited);
  EXPECT_EQ(bucket.ready_at(), kBegin + 10 * kMs);
  // What is more than a millisecond does.
  bucket.Take(kBegin + 14 * kMs, Start::kHadWaited);
  EXPECT_EQ(bucket.ready_at(), kBegin + 18 * kMs);
}

TEST(TokenBucket, AnIntervalIsRoundedUp) {
  TokenBucket bucket(3, 1);
  bucket.Take(0, Start::kAtOnce);
  EXPECT_EQ(bucket.ready_at(), 333'333'334);
}

TEST(TokenBucket, NoLimitAndExtremes) {
  EXPECT_FALSE(TokenBucket(0, 1).is_limited());
  EXPECT_FALSE(TokenBucket(std::numeric_limits<double>::infinity(), 1).is_limited());
  EXPECT_TRUE(TokenBucket(1e12, 1).is_limited());
  TokenBucket rare(1e-300, std::numeric_limits<int>::max());
  for (int i = 0; i < 9; ++i) rare.Take(kBegin, Start::kAtOnce);  // does not overflow
  EXPECT_GT(rare.ready_at(), kBegin);
}

}  // namespace
}  // namespace cohort::internal
