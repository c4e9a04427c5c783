#include "apps/prime_counter/count_limits.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "apps/prime_counter/is_prime.h"
#include "apps/prime_counter/known_counts.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort::prime_counter {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

template <Executor E = ThreadPoolExecutor>
std::vector<std::uint64_t> Count(const CountRequest& request, int workers = 3) {
  E pool(workers);
  const CountResult result = CountLimits(pool, request, [](std::uint64_t) { return true; });
  EXPECT_EQ(result.error, "");
  std::vector<std::uint64_t> counts;
  for (const LimitCount& limit : result.counts) {
    EXPECT_TRUE(limit.complete);
    EXPECT_EQ(limit.counted_to, limit.limit);
    counts.push_back(limit.count);
  }
  return counts;
}

std::uint64_t CountOne(std::uint64_t from, std::uint64_t limit, Kind kind = Kind::kPrimes) {
  return Count({kind, from, {limit}}).front();
}

TEST(CountLimitsTest, PowersOfTenInOneRun) {
  CountRequest request;
  std::vector<std::uint64_t> expected;
  for (std::uint64_t power = 1; power <= 1'000'000'000; power *= 10) {
    request.limits.push_back(power);
    expected.push_back(KnownCount(Kind::kPrimes, power).value());
  }
  EXPECT_EQ(Count(request), expected);
}

TEST(CountLimitsTest, ManyLimitsWithoutOrderOfCompletion) {
  EXPECT_EQ(Count({.limits = {1'000'000, 2'000'000, 3'000'000, 4'000'000}}),
            (std::vector<std::uint64_t>{78498, 148933, 216816, 283146}));
}

TEST(CountLimitsTest, InProcesses) {
  EXPECT_EQ(Count<ProcessPoolExecutor>({.limits = {1'000'000, 2'000'000, 100'000'000}}),
            (std::vector<std::uint64_t>{78498, 148933, 5761455}));
  EXPECT_EQ(Count<ProcessPoolExecutor>({Kind::kTwins, 0, {10'000'000}}),
            (std::vector<std::uint64_t>{58980}));
}

TEST(CountLimitsTest, SmallLimits) {
  CountRequest request;
  std::vector<std::uint64_t> expected;
  for (std::uint64_t n = 0; n < 300; ++n) {
    request.limits.push_back(n);
    expected.push_back((expected.empty() ? 0 : expected.back()) + (IsPrime(n) ? 1 : 0));
  }
  EXPECT_EQ(Count(request), expected);
}

TEST(CountLimitsTest, Ranges) {
  EXPECT_EQ(CountOne(2, 2), 1u);
  EXPECT_EQ(CountOne(3, 3), 1u);
  EXPECT_EQ(CountOne(4, 4), 0u);
  EXPECT_EQ(CountOne(90, 96), 0u);
  EXPECT_EQ(CountOne(1'000'000'000'000, 1'001'000'000'000), 36190991u);
}

TEST(CountLimitsTest, NearTheLargestNumber) {
  std::uint64_t expected = 0;
  for (std::uint64_t n = kMax; n > kMax - 10'000; --n) expected += IsPrime(n) ? 1 : 0;
  EXPECT_EQ(Count({.from = kMax - 9'999, .limits = {kMax - 59, kMax - 58, kMax}}),
            (std::vector<std::uint64_t>{expected - 1, expected, expected}));
  EXPECT_EQ(CountOne(kMax, kMax), 0u);
}

// By the patterns that primesieve counts.
std::uint64_t SlowTupletCount(Kind kind, std::uint64_t from, std::uint64_t limit) {
  static const std::vector<std::vector<std::vector<std::uint64_t>>> kPatterns = {
      {{0}},
      {{0, 2}},
      {{0, 2, 6}, {0, 4, 6}},
      {{0, 2, 6, 8}},
      {{0, 2, 6, 8, 12}, {0, 4, 6, 10, 12}},
      {{0, 4, 6, 10, 12, 16}}};
  std::uint64_t count = 0;
  for (const auto& pattern : kPatterns[static_cast<std::size_t>(kind) - 1]) {
    for (std::uint64_t p = from; p + pattern.back() <= limit; ++p) {
      bool all = true;
      for (const std::uint64_t offset : pattern) all = all && IsPrime(p + offset);
      count += all ? 1 : 0;
    }
  }
  return count;
}

// Tuplets across the limits in between belong to the later ones only.
TEST(CountLimitsTest, TupletsAcrossLimits) {
  for (int primes = 1; primes <= 6; ++primes) {
    const Kind kind{primes};
    for (const std::uint64_t from : {0, 4, 5, 11, 12}) {
      CountRequest request = {kind, from, {}};
      std::vector<std::uint64_t> expected;
      for (std::uint64_t limit = 12; limit < 200; limit += 1 + limit % 3) {
        request.limits.push_back(limit);
        expected.push_back(SlowTupletCount(kind, from, limit));
      }
      EXPECT_EQ(Count(request), expected) << NameOf(kind) << " from " << from;
    }
  }
}

TEST(CountLimitsTest, KnownTuplets) {
  const std::vector<std::uint64_t> limits = {1'000'000, 10'000'000, 100'000'000, 1'000'000'000};
  EXPECT_EQ(Count({Kind::kTwins, 0, limits}),
            (std::vector<std::uint64_t>{8169, 58980, 440312, 3424506}));
  EXPECT_EQ(Count({Kind::kQuadruplets, 0, {100'000'000}}), (std::vector<std::uint64_t>{4768}));
  EXPECT_EQ(CountOne(0, 100'000'000, Kind::kTriplets), 111156u);
}

TEST(CountLimitsTest, OneWorkerOrMany) {
  for (const int workers : {1, 2, 7}) {
    EXPECT_EQ(Count({.limits = {50'000'000}}, workers), (std::vector<std::uint64_t>{3001134}));
  }
}

// What it has when it is told to stop is exact, up to where it says.
TEST(CountLimitsTest, StoppedItHasAPartialResult) {
  ThreadPoolExecutor pool(2);
  const CountResult result =
      CountLimits(pool, {.limits = {1'000'000, 10'000'000'000}},
                  [](std::uint64_t numbers) { return numbers < 50'000'000; });
  EXPECT_EQ(result.error, "");
  EXPECT_TRUE(result.counts[0].complete);
  EXPECT_EQ(result.counts[0].count, 78498u);
  EXPECT_FALSE(result.counts[1].complete);
  const std::uint64_t counted_to = result.counts[1].counted_to.value();
  EXPECT_LT(counted_to, 10'000'000'000u);
  EXPECT_EQ(result.counts[1].count, CountOne(0, counted_to));
}

// A pool may break in mid-run: what was counted until then is not lost.
TEST(CountLimitsTest, WhatCannotBeSubmittedIsAnError) {
  ThreadPoolExecutor pool(2);
  const CountResult result =
      CountLimits(pool, {.limits = {1'000'000, 10'000'000'000}}, [&](std::uint64_t numbers) {
        if (numbers > 50'000'000) pool.shutdown({.wait = false});
        return true;
      });
  EXPECT_EQ(result.error, "submit: cannot schedule new tasks after shutdown");
  EXPECT_EQ(result.counts[0].count, 78498u);
  EXPECT_FALSE(result.counts[1].complete);
  EXPECT_EQ(result.counts[1].count, CountOne(0, result.counts[1].counted_to.value()));
}

TEST(CountLimitsTest, ProgressReachesTheEnd) {
  ThreadPoolExecutor pool(2);
  std::uint64_t last = 0;
  CountLimits(pool, {.limits = {1'000'000'000}}, [&](std::uint64_t numbers) {
    EXPECT_GE(numbers, last);
    last = numbers;
    return true;
  });
  EXPECT_GT(last, 900'000'000u);
}

}  // namespace
}  // namespace cohort::prime_counter
