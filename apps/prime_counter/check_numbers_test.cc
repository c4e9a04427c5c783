#include "apps/prime_counter/check_numbers.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "apps/prime_counter/is_prime.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort::prime_counter {
namespace {

template <typename E>
class CheckNumbersInTest : public testing::Test {};
using Executors = testing::Types<ProcessPoolExecutor, ThreadPoolExecutor>;
TYPED_TEST_SUITE(CheckNumbersInTest, Executors);

TYPED_TEST(CheckNumbersInTest, AnswersInOrder) {
  TypeParam pool(3);
  std::uint64_t next = 0;
  NumberChecker checker(
      pool, false,
      [&](const std::vector<std::uint64_t>& numbers, const Answers& answers) {
        ASSERT_EQ(numbers.size(), answers.prime.size());
        for (std::size_t i = 0; i < numbers.size(); ++i, ++next) {
          EXPECT_EQ(numbers[i], next);
          EXPECT_EQ(answers.prime[i] == 1, IsPrime(next)) << next;
        }
      },
      [] { return true; });
  for (std::uint64_t n = 0; n < 500'001; ++n) EXPECT_TRUE(checker.Add(n));
  EXPECT_TRUE(checker.Finish());
  EXPECT_EQ(next, 500'001u);
  EXPECT_TRUE(checker.Finish());
}

TYPED_TEST(CheckNumbersInTest, Factors) {
  TypeParam pool(1);
  std::vector<std::vector<std::uint64_t>> factors;
  NumberChecker checker(
      pool, true,
      [&](const std::vector<std::uint64_t>&, const Answers& answers) { factors = answers.factors; },
      [] { return true; });
  for (const std::uint64_t n : {91, 1, 7}) EXPECT_TRUE(checker.Add(n));
  EXPECT_TRUE(checker.Finish());
  EXPECT_EQ(factors, (std::vector<std::vector<std::uint64_t>>{{7, 13}, {}, {7}}));
}

TEST(CheckNumbersTest, StopsWhenTold) {
  ThreadPoolExecutor pool(1);
  bool go_on = true;
  std::uint64_t delivered = 0;
  NumberChecker checker(
      pool, false,
      [&](const std::vector<std::uint64_t>& numbers, const Answers&) {
        delivered += numbers.size();
        go_on = false;
      },
      [&] { return go_on; });
  std::uint64_t n = 0;
  while (checker.Add(n)) ASSERT_LT(++n, 10'000'000u);
  EXPECT_GT(delivered, 0u);
  EXPECT_LT(delivered, n);
}

}  // namespace
}  // namespace cohort::prime_counter
