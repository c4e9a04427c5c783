#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "futures/future.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

using Limits = std::numeric_limits<int>;

// What a pool of one worker makes of tasks that are all there when it begins.
std::vector<int> OrderOf(const std::vector<int>& priorities) {
  std::vector<int> order;
  Gate gate;
  ThreadPoolExecutor pool(1);
  const auto busy = pool.submit([&gate] { gate.Pass(); });
  gate.AwaitArrivals(1);
  for (int i = 0; i < static_cast<int>(priorities.size()); ++i) {
    pool.submit({.priority = priorities[i]}, [&order, i] { order.push_back(i); });
  }
  gate.Open();
  pool.shutdown();
  return order;
}

TEST(Priority, HigherFirst) {
  EXPECT_EQ(OrderOf({-1, 3, 0, 2, 1, -2}), (std::vector<int>{1, 3, 4, 2, 0, 5}));
  EXPECT_EQ(OrderOf({Limits::min(), 0, Limits::max()}), (std::vector<int>{2, 1, 0}));
}

TEST(Priority, EqualOnesInOrderOfSubmission) {
  std::vector<int> priorities;
  std::vector<int> expected;
  for (int i = 0; i < 900; ++i) {
    priorities.push_back(i % 3 - 1);
    expected.push_back(i);
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [&](int a, int b) { return priorities[a] > priorities[b]; });
  EXPECT_EQ(OrderOf(priorities), expected);
}

TEST(Priority, OvertakesWhatAWorkerHasTakenAlready) {
  std::vector<int> order;
  ThreadPoolExecutor pool(1);
  pool.submit([&] {
        for (int i = 0; i < 10; ++i) pool.post([&order, i] { order.push_back(i); });
        pool.submit({.priority = 1}, [&order] { order.push_back(100); });
        pool.submit({.priority = -1}, [&order] { order.push_back(200); });
      })
      .result();
  pool.shutdown();
  ASSERT_EQ(order.size(), 12);
  EXPECT_EQ(order.front(), 100);
  EXPECT_EQ(order.back(), 200);
}

TEST(Priority, IsRunByAWaitOfItsOwnPool) {
  ThreadPoolExecutor pool(1);
  const auto outer = pool.submit([&] {
    return pool.submit({.priority = -5}, [] { return 1; }).result() +
           pool.submit({.priority = 5}, [] { return 2; }).result();
  });
  EXPECT_EQ(outer.result(), 3);
  pool.shutdown();
  EXPECT_EQ(pool.stats().succeeded, 3);
  EXPECT_EQ(pool.stats().queued, 0);
}

}  // namespace
}  // namespace cohort
