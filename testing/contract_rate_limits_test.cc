// Rate limits and timers as the public interface promises them.

#include <chrono>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/executor.h"
#include "pools/process_pool_executor.h"
#include "pools/rate_limited_executor.h"
#include "pools/thread_pool_executor.h"
#include "pools/timer.h"

namespace {

using namespace std::chrono_literals;

int twice(int n) { return 2 * n; }

template <cohort::Executor E>
int total(E& executor) {
  int sum = 0;
  for (const int n : executor.map(twice, std::vector{1, 2, 3})) sum += n;
  return sum;
}

static_assert(cohort::Executor<cohort::RateLimitedExecutor<cohort::ThreadPoolExecutor>>);
static_assert(cohort::Executor<cohort::RateLimitedExecutor<cohort::ProcessPoolExecutor>>);

TEST(RateLimitContract, TheSpellingOfTheInterface) {
  cohort::ThreadPoolExecutor pool(2);
  cohort::RateLimitedExecutor<cohort::ThreadPoolExecutor> limited(
      pool, {.calls_per_second = 500, .burst = 1, .max_concurrent = 0});
  cohort::Future<int> future = limited.submit(twice, 2);
  EXPECT_EQ(future.result(), 4);
  EXPECT_EQ(limited.submit({.name = "named"}, twice, 3).result(), 6);
  EXPECT_EQ(total(limited), 12);
  limited.post(twice, 1);
  limited.shutdown();
  EXPECT_THROW(limited.submit(twice, 1), std::runtime_error);
  EXPECT_EQ(pool.submit(twice, 1).result(), 2);
}

TEST(RateLimitContract, TheTypeIsDeduced) {
  cohort::ProcessPoolExecutor pool(1);
  cohort::RateLimitedExecutor limited(pool, {.max_concurrent = 1});
  EXPECT_EQ(total(limited), 12);
}

TEST(RateLimitContract, ABadOptionIsNamedWithItsValue) {
  cohort::ThreadPoolExecutor pool(1);
  const auto refusal = [&](cohort::RateLimitOptions options) -> std::string {
    try {
      cohort::RateLimitedExecutor<cohort::ThreadPoolExecutor> limited(pool, options);
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return {};
  };
  EXPECT_THAT(refusal({.calls_per_second = -1.5}),
              testing::AllOf(testing::HasSubstr("calls_per_second"), testing::HasSubstr("-1.5")));
  EXPECT_THAT(refusal({.burst = -3}),
              testing::AllOf(testing::HasSubstr("burst"), testing::HasSubstr("-3")));
  EXPECT_THAT(refusal({.max_concurrent = -2}),
              testing::AllOf(testing::HasSubstr("max_concurrent"), testing::HasSubstr("-2")));
}

TEST(TimerContract, TheSpellingOfTheInterface) {
  cohort::ThreadPoolExecutor pool(1);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(cohort::submit_after(pool, 2ms, twice, 2).result(), 4);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2ms);
  EXPECT_EQ(cohort::submit_after(pool, absl::Milliseconds(1), twice, 3).result(), 6);
  EXPECT_EQ(cohort::submit_after(pool, 1ms, {.name = "named"}, twice, 3).result(), 6);
  EXPECT_EQ(cohort::submit_at(pool, begin, twice, 4).result(), 8);
  EXPECT_EQ(cohort::submit_at(
                pool, std::chrono::steady_clock::now() + 1ms,
                [](std::stop_token, std::string text) { return text; }, "text")
                .result(),
            "text");
  const cohort::Future<int> cancelled = cohort::submit_after(pool, 1h, twice, 1);
  EXPECT_TRUE(cancelled.cancel());
  const auto [done, not_done] = cohort::wait(std::vector{cancelled});
  EXPECT_EQ(done.size(), 1U);
}

}  // namespace
