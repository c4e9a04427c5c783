// What every executor must do, as a typed GoogleTest suite: an executor that passes it can stand
// where another one does.
//
// Instantiate it with a trait that says how to make one:
//
//   struct ThreadPools {
//     static std::unique_ptr<ThreadPoolExecutor> Make() { return ...; }
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(ThreadPool, ExecutorConformance, ThreadPools);
//
// Tasks are plain functions of plain values, so that they can cross to another process, and tests
// see them through their futures alone.

#ifndef COHORT_TESTING_EXECUTOR_CONFORMANCE_H_
#define COHORT_TESTING_EXECUTOR_CONFORMANCE_H_

#include <chrono>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/combinators.h"
#include "futures/wait.h"
#include "gtest/gtest.h"
#include "pools/executor.h"

namespace cohort {
namespace conformance {

inline int Square(int n) { return n * n; }
inline int Add(int a, int b) { return a + b; }
inline std::string Repeat(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}
inline void Nothing() {}
inline int RefuseOdd(int n) {
  if (n % 2 != 0) throw std::invalid_argument("odd: " + std::to_string(n));
  return n;
}
inline int UntilStopped(std::stop_token token, int result) {
  while (!token.stop_requested()) std::this_thread::yield();
  return result;
}

template <typename Call>
std::string InvalidArgumentOf(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace conformance

template <typename Trait>
class ExecutorConformance : public testing::Test {
 protected:
  auto Make() { return Trait::Make(); }
};

TYPED_TEST_SUITE_P(ExecutorConformance);

TYPED_TEST_P(ExecutorConformance, IsAnExecutor) {
  using E = std::remove_reference_t<decltype(*this->Make())>;
  static_assert(Executor<E>);
  EXPECT_GE(this->Make()->max_workers(), 1);
}

TYPED_TEST_P(ExecutorConformance, SubmitGivesTheResult) {
  const auto executor = this->Make();
  EXPECT_EQ(executor->submit(conformance::Add, 20, 22).result(), 42);
  EXPECT_EQ(executor->submit(conformance::Repeat, std::string("ab"), 3).result(), "ababab");
  executor->submit(conformance::Nothing).result();
}

TYPED_TEST_P(ExecutorConformance, AnExceptionBelongsToItsTaskAlone) {
  const auto executor = this->Make();
  const Future<int> failed = executor->submit(conformance::RefuseOdd, 3);
  const Future<int> fine = executor->submit(conformance::RefuseOdd, 4);
  EXPECT_EQ(conformance::InvalidArgumentOf([&] { failed.result(); }), "odd: 3");
  EXPECT_NE(failed.exception(), nullptr);
  EXPECT_EQ(fine.result(), 4);
  EXPECT_EQ(fine.exception(), nullptr);
}

TYPED_TEST_P(ExecutorConformance, OptionsOfATask) {
  const auto executor = this->Make();
  const TaskOptions options{.name = "named", .timeout = std::chrono::hours(1), .priority = 3};
  EXPECT_EQ(executor->submit(options, conformance::Square, 7).result(), 49);
  const TaskOptions wrong{.max_retries = -1};
  EXPECT_NE(conformance::InvalidArgumentOf([&] {
              executor->submit(wrong, conformance::Square, 7);
            }).find("max_retries"),
            std::string::npos);
}

TYPED_TEST_P(ExecutorConformance, MapKeepsTheOrder) {
  const auto executor = this->Make();
  for (const std::size_t chunksize : {1, 3, 0, 1000}) {
    int expected = 0;
    for (const int square :
         executor->map({.chunksize = chunksize}, conformance::Square, std::views::iota(0, 50))) {
      EXPECT_EQ(square, expected * expected);
      ++expected;
    }
    EXPECT_EQ(expected, 50);
  }
}

TYPED_TEST_P(ExecutorConformance, MapZipsToTheShortest) {
  const auto executor = this->Make();
  const std::vector<int> left{1, 2, 3};
  const std::vector<int> right{10, 20, 30, 40};
  std::vector<int> sums;
  for (const int sum : executor->map(conformance::Add, left, right)) sums.push_back(sum);
  EXPECT_EQ(sums, (std::vector{11, 22, 33}));
}

TYPED_TEST_P(ExecutorConformance, MapTakesAnEndlessInputLazily) {
  const auto executor = this->Make();
  auto squares = executor->map({.buffersize = 3}, conformance::Square, std::views::iota(0));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(squares.next(), i * i);
}

TYPED_TEST_P(ExecutorConformance, MapStepsOverAnElementThatThrew) {
  const auto executor = this->Make();
  for (const std::size_t chunksize : {1, 4}) {
    auto results = executor->map({.chunksize = chunksize}, conformance::RefuseOdd,
                                 std::vector{0, 1, 2, 3, 4, 5});
    std::vector<int> even;
    int odd = 0;
    for (auto it = results.begin(); it != results.end(); ++it) {
      try {
        even.push_back(*it);
      } catch (const std::invalid_argument&) {
        ++odd;
      }
    }
    EXPECT_EQ(even, (std::vector{0, 2, 4}));
    EXPECT_EQ(odd, 3);
  }
}

TYPED_TEST_P(ExecutorConformance, AsCompletedGivesEachOnce) {
  const auto executor = this->Make();
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(executor->submit(conformance::Square, i));
  int total = 0;
  for (const Future<int>& future : as_completed(futures)) total += future.result();
  EXPECT_EQ(total, 2470);
}

TYPED_TEST_P(ExecutorConformance, WaitAndCombinators) {
  const auto executor = this->Make();
  std::vector<Future<int>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(executor->submit(conformance::RefuseOdd, i));
  EXPECT_FALSE(wait(futures, {.return_when = FIRST_EXCEPTION}).done.empty());
  const auto [done, not_done] = wait(futures);
  EXPECT_EQ(done.size(), 4U);
  EXPECT_TRUE(not_done.empty());
  EXPECT_THROW(when_all(futures).result(), std::invalid_argument);
  EXPECT_EQ(when_any(futures).result().index, 0U);
}

TYPED_TEST_P(ExecutorConformance, AStopTokenReachesTheTask) {
  const auto executor = this->Make();
  const TaskOptions options{.timeout = std::chrono::milliseconds(1)};
  EXPECT_EQ(executor->submit(options, conformance::UntilStopped, 5).result(), 5);
}

TYPED_TEST_P(ExecutorConformance, ShutdownRunsWhatIsQueuedAndRefusesMore) {
  const auto executor = this->Make();
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(executor->submit(conformance::Square, i));
  executor->shutdown();
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(futures[i].done());
    EXPECT_EQ(futures[i].result(), i * i);
  }
  EXPECT_THROW(executor->submit(conformance::Square, 1), std::runtime_error);
  EXPECT_THROW(executor->map(conformance::Square, std::vector{1}), std::runtime_error);
  EXPECT_THROW(executor->post(conformance::Nothing), std::runtime_error);
  executor->shutdown();
}

TYPED_TEST_P(ExecutorConformance, ShutdownCanCancelWhatIsQueued) {
  const auto executor = this->Make();
  std::vector<Future<int>> futures;
  for (int i = 0; i < 200; ++i) futures.push_back(executor->submit(conformance::Square, i));
  executor->shutdown({.wait = true, .cancel_futures = true});
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(futures[i].done());
    if (futures[i].cancelled()) continue;
    EXPECT_EQ(futures[i].result(), i * i);
  }
}

TYPED_TEST_P(ExecutorConformance, ADroppedExecutorEndsItsTasks) {
  std::vector<Future<int>> futures;
  {
    const auto executor = this->Make();
    for (int i = 0; i < 50; ++i) futures.push_back(executor->submit(conformance::Square, i));
  }
  for (const Future<int>& future : futures) EXPECT_TRUE(future.done());
}

TYPED_TEST_P(ExecutorConformance, StatisticsAddUp) {
  const auto executor = this->Make();
  std::vector<Future<int>> futures;
  for (int i = 0; i < 10; ++i) futures.push_back(executor->submit(conformance::RefuseOdd, i));
  for (const Future<int>& future : futures) static_cast<void>(future.exception());
  executor->shutdown();
  const PoolStats stats = executor->stats();
  EXPECT_EQ(stats.succeeded, 5U);
  EXPECT_EQ(stats.failed, 5U);
  EXPECT_EQ(stats.queued, 0U);
  EXPECT_EQ(stats.running, 0U);
  EXPECT_EQ(stats.cancelled, 0U);
}

REGISTER_TYPED_TEST_SUITE_P(ExecutorConformance, IsAnExecutor, SubmitGivesTheResult,
                            AnExceptionBelongsToItsTaskAlone, OptionsOfATask, MapKeepsTheOrder,
                            MapZipsToTheShortest, MapTakesAnEndlessInputLazily,
                            MapStepsOverAnElementThatThrew, AsCompletedGivesEachOnce,
                            WaitAndCombinators, AStopTokenReachesTheTask,
                            ShutdownRunsWhatIsQueuedAndRefusesMore, ShutdownCanCancelWhatIsQueued,
                            ADroppedExecutorEndsItsTasks, StatisticsAddUp);

}  // namespace cohort

#endif  // COHORT_TESTING_EXECUTOR_CONFORMANCE_H_
