// Many short rounds in which threads submit, cancel, pause and shut down at the same time, and
// every call is accounted for.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/rate_limited_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

constexpr int kRounds = kSanitized ? 150 : 1000;
constexpr int kThreads = 3;
constexpr int kCallsOfEach = 40;

struct Account {
  std::atomic<int> ran{0};
  std::atomic<int> values{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> refused{0};
};

RateLimitOptions RandomOptions(std::mt19937& random) {
  constexpr double kRates[] = {0, 1e5, 1e6};
  return {.calls_per_second = kRates[random() % 3],
          .burst = 1 + static_cast<int>(random() % 4),
          .max_concurrent = static_cast<int>(random() % 4)};
}

void SubmitAndCancel(RateLimitedExecutor<ThreadPoolExecutor>& limited, Account& account,
                     std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Future<void>> futures;
  for (int i = 0; i < kCallsOfEach; ++i) {
    try {
      futures.push_back(limited.submit([&account] { ++account.ran; }));
    } catch (const Error&) {
      ++account.refused;
    }
    if (random() % 4 == 0 && !futures.empty()) futures[random() % futures.size()].cancel();
    if (random() % 16 == 0) {
      limited.pause_until(std::chrono::steady_clock::now() + std::chrono::microseconds(50));
    }
    if (random() % 8 == 0) std::this_thread::yield();
  }
  for (const auto& future : futures) {
    try {
      future.result();
      ++account.values;
    } catch (const CancelledError&) {
      ++account.cancelled;
    }
  }
}

void Round(ThreadPoolExecutor& pool, std::uint32_t seed) {
  std::mt19937 random(seed);
  Account account;
  PoolStats stats;
  {
    RateLimitedExecutor<ThreadPoolExecutor> limited(pool, RandomOptions(random));
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      const std::uint32_t own = random();
      threads.emplace_back([&, own] { SubmitAndCancel(limited, account, own); });
    }
    if (random() % 2 == 0) {
      std::this_thread::yield();
      limited.shutdown({.wait = random() % 2 == 0, .cancel_futures = random() % 2 == 0});
    }
    threads.clear();
    limited.shutdown();
    stats = limited.stats();
  }
  EXPECT_EQ(account.ran, account.values);
  EXPECT_EQ(account.values + account.cancelled + account.refused, kThreads * kCallsOfEach);
  EXPECT_EQ(stats.succeeded, static_cast<std::uint64_t>(account.values));
  EXPECT_EQ(stats.cancelled, static_cast<std::uint64_t>(account.cancelled));
  EXPECT_EQ(stats.queued + stats.running + stats.failed, 0U);
}

TEST(RateLimitedStress, EveryCallIsAccountedFor) {
  ThreadPoolExecutor pool(2);
  Watchdog watchdog("rate limited");
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE(round);
    Round(pool, static_cast<std::uint32_t>(round));
    watchdog.Progress();
  }
}

}  // namespace
}  // namespace cohort
