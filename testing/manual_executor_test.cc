#include "testing/manual_executor.h"

#include <chrono>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "futures/combinators.h"
#include "futures/wait.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

int Double(int n) { return 2 * n; }

template <Executor E>
int Total(E& executor, const std::vector<int>& numbers) {
  int total = 0;
  for (int each : executor.map(Double, numbers)) total += each;
  return total;
}

TEST(ManualExecutor, RunsNothingByItself) {
  ManualExecutor executor;
  const Future<int> future = executor.submit(Double, 21);
  EXPECT_EQ(executor.pending(), 1U);
  EXPECT_FALSE(future.done());
  EXPECT_TRUE(executor.run_one());
  EXPECT_TRUE(future.done());
  EXPECT_EQ(future.result(), 42);
  EXPECT_FALSE(executor.run_one());
}

TEST(ManualExecutor, RunsInOrderOfPriorityThenSubmission) {
  ManualExecutor executor;
  std::vector<int> order;
  for (const int each : {1, 2}) executor.submit([&order, each] { order.push_back(each); });
  executor.submit(TaskOptions{.priority = 5}, [&order] { order.push_back(0); });
  executor.submit(TaskOptions{.priority = -5}, [&order] { order.push_back(4); });
  executor.post([&order] { order.push_back(3); });
  EXPECT_EQ(executor.run_all(), 5U);
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
}

TEST(ManualExecutor, StepsOverCancelledTasks) {
  ManualExecutor executor;
  const Future<int> first = executor.submit(Double, 1);
  const Future<int> second = executor.submit(Double, 2);
  EXPECT_TRUE(first.cancel());
  EXPECT_EQ(executor.pending(), 1U);
  EXPECT_TRUE(executor.run_one());
  EXPECT_EQ(second.result(), 4);
  EXPECT_EQ(executor.stats().cancelled, 1U);
  EXPECT_EQ(executor.stats().succeeded, 1U);
}

TEST(ManualExecutor, TasksSubmittedByTasksAreRunToo) {
  ManualExecutor executor;
  Future<int> inner;
  executor.submit([&] { inner = executor.submit(Double, 4); });
  EXPECT_EQ(executor.run(1), 1U);
  EXPECT_FALSE(inner.done());
  EXPECT_EQ(executor.run_all(), 1U);
  EXPECT_EQ(inner.result(), 8);
}

TEST(ManualExecutor, AnUntimedWaitRunsTheAwaitedTaskAlone) {
  ManualExecutor executor;
  const Future<int> first = executor.submit(Double, 1);
  const Future<int> second = executor.submit(Double, 2);
  EXPECT_EQ(second.result(), 4);
  EXPECT_FALSE(first.done());
  EXPECT_EQ(executor.pending(), 1U);
}

TEST(ManualExecutor, ATimedWaitTimesOut) {
  ManualExecutor executor;
  const Future<int> future = executor.submit(Double, 1);
  EXPECT_THROW(future.result(std::chrono::seconds(0)), TimeoutError);
  EXPECT_THROW(future.result(std::chrono::microseconds(1)), TimeoutError);
  EXPECT_FALSE(future.done());
}

TEST(ManualExecutor, AWaitForAnyRunsTheQueue) {
  ManualExecutor executor;
  std::vector<Future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(executor.submit(Double, i));
  int total = 0;
  for (const Future<int>& future : as_completed(futures)) total += future.result();
  EXPECT_EQ(total, 20);
}

TEST(ManualExecutor, MapIsLazyWhenAskedTo) {
  ManualExecutor executor;
  const std::vector<int> numbers{1, 2, 3, 4, 5};
  auto results = executor.map({.buffersize = 2}, Double, numbers);
  EXPECT_EQ(executor.pending(), 2U);
  EXPECT_EQ(results.next(), 2);
  EXPECT_EQ(executor.pending(), 2U);
  EXPECT_EQ(Total(executor, numbers), 30);
}

TEST(ManualExecutor, WhenAllCompletesWithTheLastStep) {
  ManualExecutor executor;
  const auto both = when_all(executor.submit(Double, 1), executor.submit(Double, 2));
  executor.run_one();
  EXPECT_FALSE(both.done());
  executor.run_one();
  ASSERT_TRUE(both.done());
  EXPECT_EQ(std::get<1>(both.result()), 4);
}

TEST(ManualExecutor, DroppedWithTasksCancelsThem) {
  Future<int> future;
  {
    ManualExecutor executor;
    future = executor.submit(Double, 1);
  }
  EXPECT_TRUE(future.cancelled());
}

TEST(ManualExecutor, ShutdownRunsOrCancelsWhatIsQueued) {
  ManualExecutor runs;
  const Future<int> ran = runs.submit(Double, 1);
  runs.shutdown();
  EXPECT_TRUE(ran.done());
  EXPECT_THROW(runs.submit(Double, 1), std::runtime_error);

  ManualExecutor cancels;
  const Future<int> cancelled = cancels.submit(Double, 1);
  cancels.shutdown({.wait = true, .cancel_futures = true});
  EXPECT_TRUE(cancelled.cancelled());
}

TEST(ManualExecutor, SeveralOnOneThreadInAnyOrderOfTheirEnds) {
  auto first = std::make_unique<ManualExecutor>();
  auto second = std::make_unique<ManualExecutor>();
  const Future<int> of_first = first->submit([&] { return second->submit(Double, 3).result(); });
  EXPECT_EQ(of_first.result(), 6);
  first.reset();
  EXPECT_EQ(second->submit(Double, 5).result(), 10);
}

TEST(ManualExecutor, AnotherThreadMayWaitWhileThisOneSteps) {
  ManualExecutor executor({.wait_policy = ManualExecutorOptions::WaitPolicy::kRunNothing});
  const Future<int> future = executor.submit(Double, 6);
  int seen = 0;
  std::thread waiter([&] { seen = future.result(); });
  executor.run_all();
  waiter.join();
  EXPECT_EQ(seen, 12);
}

TEST(ManualExecutor, StopTokens) {
  ManualExecutor executor;
  Future<bool> future;
  future = executor.submit([&future](std::stop_token token) {
    future.request_stop();
    return token.stop_requested();
  });
  EXPECT_TRUE(future.result());
}

TEST(ManualExecutor, RefusesAnImpossibleNumberOfWorkers) {
  EXPECT_THROW(ManualExecutor({.max_workers = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace cohort
