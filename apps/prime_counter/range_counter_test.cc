#include "apps/prime_counter/range_counter.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace cohort::prime_counter {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(RangeCounterTest, Names) {
  EXPECT_EQ(NameOf(Kind::kPrimes), "primes");
  EXPECT_EQ(NameOf(Kind::kSextuplets), "sextuplets");
}

TEST(RangeCounterTest, BothEndsAreIncluded) {
  EXPECT_EQ(CountInRange(2, 7, Kind::kPrimes), 4u);
  EXPECT_EQ(CountInRange(3, 7, Kind::kTwins), 2u);
  EXPECT_EQ(CountInRange(3, 6, Kind::kTwins), 1u);
  EXPECT_EQ(CountInRange(0, 1, Kind::kPrimes), 0u);
}

TEST(RangeCounterTest, ReversedRangesAreEmpty) {
  EXPECT_EQ(CountInRange(7, 2, Kind::kPrimes), 0u);
  EXPECT_EQ(CountInRange(kMax, kMax - 1, Kind::kPrimes), 0u);
}

TEST(RangeCounterTest, TheEndOfAllNumbers) {
  EXPECT_EQ(CountInRange(18446744073709551557u, kMax, Kind::kPrimes), 1u);
  EXPECT_EQ(CountInRange(18446744073709551558u, kMax, Kind::kPrimes), 0u);
  EXPECT_EQ(CountInRange(18446744073709551533u, kMax, Kind::kPrimes), 2u);
  EXPECT_EQ(CountInRange(kMax, kMax, Kind::kPrimes), 0u);
}

// One count by tests of each number, and the same by the sieve.
TEST(RangeCounterTest, ShortRangesCountAsLongOnes) {
  const std::uint64_t begin = 100'000'000'000'000;
  const std::uint64_t step = 9'000;
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 20; ++i) {
    sum += CountInRange(begin + i * step, begin + (i + 1) * step - 1, Kind::kPrimes);
  }
  EXPECT_EQ(sum, CountInRange(begin, begin + 20 * step - 1, Kind::kPrimes));
}

}  // namespace
}  // namespace cohort::prime_counter
