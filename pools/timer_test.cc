#include "pools/timer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <latch>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "futures/errors.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"
#include "testing/manual_executor.h"
#include "testing/manual_timer.h"

namespace cohort {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

int Add(int a, int b) { return a + b; }
int UntilStopped(std::stop_token token) {
  while (!token.stop_requested()) std::this_thread::yield();
  return 1;
}

TEST(Timer, ACallIsSubmittedAtItsMoment) {
  ManualTimer timer;
  ManualExecutor executor;
  const Future<int> late = submit_after(timer, executor, seconds(2), Add, 2, 3);
  const Future<int> early = submit_at(timer, executor, timer.now() + seconds(1), Add, 1, 1);
  timer.advance(milliseconds(999));
  EXPECT_EQ(executor.pending(), 0U);
  timer.advance(milliseconds(1));
  EXPECT_EQ(executor.pending(), 1U);
  EXPECT_FALSE(early.done());
  executor.run_all();
  EXPECT_EQ(early.result(), 2);
  timer.advance(seconds(1));
  executor.run_all();
  EXPECT_EQ(late.result(), 5);
}

TEST(Timer, AMomentThatHasPassedIsNow) {
  ManualTimer timer;
  ManualExecutor executor;
  submit_at(timer, executor, timer.now() - hours(1), Add, 1, 2);
  submit_after(timer, executor, seconds(-5), Add, 1, 2);
  submit_after(timer, executor, absl::ZeroDuration(), Add, 1, 2);
  timer.advance(milliseconds(0));
  EXPECT_EQ(executor.pending(), 3U);
}

TEST(Timer, ACallThatWaitsCanBeCancelledAndLeavesNothing) {
  ManualTimer timer;
  ManualExecutor executor;
  const auto held = std::make_shared<int>(1);
  const Future<void> future = submit_after(timer, executor, seconds(1), [held] {});
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_FALSE(future.running());
  EXPECT_TRUE(future.cancel());
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(timer.pending(), 0U);
  EXPECT_THROW(future.result(), CancelledError);
}

TEST(Timer, AskedToStopACallThatWaitsIsCancelled) {
  ManualTimer timer;
  ManualExecutor executor;
  const Future<int> future = submit_after(timer, executor, seconds(1), UntilStopped);
  EXPECT_TRUE(future.request_stop());
  EXPECT_TRUE(future.cancelled());
  EXPECT_FALSE(future.request_stop());
}

TEST(Timer, OnceSubmittedItCanBeCancelledUntilItBegins) {
  ManualTimer timer;
  ManualExecutor executor;
  const Future<int> future = submit_after(timer, executor, seconds(1), Add, 1, 2);
  timer.advance(seconds(1));
  EXPECT_FALSE(future.running());
  EXPECT_TRUE(future.cancel());
  EXPECT_TRUE(future.cancelled());
  EXPECT_EQ(executor.run_all(), 0U);
  EXPECT_EQ(executor.stats().cancelled, 1U);
}

TEST(Timer, ItRunsWhenTheExecutorRunsIt) {
  ManualTimer timer;
  ManualExecutor executor;
  Future<bool> future;
  future = submit_after(timer, executor, seconds(1),
                        [&] { return future.running() && !future.cancel(); });
  timer.advance(seconds(1));
  executor.run_all();
  EXPECT_TRUE(future.result());
}

TEST(Timer, WhatTheExecutorCancelsIsCancelled) {
  ManualTimer timer;
  ManualExecutor executor;
  const Future<int> future = submit_after(timer, executor, seconds(1), Add, 1, 2);
  timer.advance(seconds(1));
  executor.shutdown({.wait = false, .cancel_futures = true});
  EXPECT_TRUE(future.cancelled());
}

TEST(Timer, AfterAShutdownTheCallFails) {
  ManualTimer timer;
  ManualExecutor executor;
  const Future<int> future = submit_after(timer, executor, seconds(1), Add, 1, 2);
  executor.shutdown();
  timer.advance(seconds(1));
  EXPECT_THROW(future.result(), Error);
}

TEST(Timer, AnExecutorMayGoWhileCallsWait) {
  ManualTimer timer;
  auto pool = std::make_unique<ThreadPoolExecutor>(1);
  const Future<int> future = submit_after(timer, *pool, seconds(1), Add, 1, 2);
  pool.reset();
  EXPECT_FALSE(future.done());
  timer.advance(seconds(1));
  EXPECT_THROW(future.result(), Error);
}

TEST(Timer, OptionsAreThoseOfTheTask) {
  ManualTimer timer;
  ManualExecutor executor;
  std::string order;
  const auto note = [&order](char which) { order += which; };
  submit_after(timer, executor, seconds(1), {.priority = 1}, note, 'a');
  submit_at(timer, executor, timer.now() + seconds(1), {.priority = 2}, note, 'b');
  timer.advance(seconds(1));
  executor.run_all();
  EXPECT_EQ(order, "ba");
  const TaskOptions wrong{.max_retries = -1};
  EXPECT_THROW(submit_after(timer, executor, seconds(1), wrong, note, 'c'), std::invalid_argument);
}

TEST(Timer, ResultsOfAllKinds) {
  ThreadPoolExecutor pool(1);
  int number = 7;
  EXPECT_EQ(&submit_after(pool, seconds(0), [&]() -> int& { return number; }).result(), &number);
  submit_after(pool, seconds(0), [] {}).result();
  EXPECT_EQ(*submit_after(pool, seconds(0), [] { return std::make_unique<int>(3); }).result(), 3);
  EXPECT_EQ(
      submit_after(
          pool, seconds(0), [](std::unique_ptr<int> n) { return *n; }, std::make_unique<int>(4))
          .result(),
      4);
  EXPECT_THROW(
      submit_after(pool, seconds(0), []() -> int { throw std::domain_error("no"); }).result(),
      std::domain_error);
}

TEST(Timer, StopTokensReachTheCall) {
  ThreadPoolExecutor pool(1);
  const Future<int> future = submit_after(pool, seconds(0), UntilStopped);
  ASSERT_TRUE(Eventually([&] { return future.running(); }));
  EXPECT_TRUE(future.request_stop());
  EXPECT_EQ(future.result(), 1);
}

TEST(Timer, NeverEarlyByTheSystemsClock) {
  ThreadPoolExecutor pool(2);
  const auto start = steady_clock::now();
  std::vector<std::pair<milliseconds, Future<steady_clock::time_point>>> calls;
  for (const int delay : {15, 3, 9, 0, 6}) {
    calls.emplace_back(delay, submit_after(pool, milliseconds(delay), steady_clock::now));
  }
  for (const auto& [delay, begun] : calls) EXPECT_GE(begun.result() - start, delay);
}

TEST(Timer, OnProcesses) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(submit_after(pool, milliseconds(1), Add, 20, 22).result(), 42);
  const auto length = [](const std::string& text) { return text.size(); };
  EXPECT_EQ(submit_after(pool, milliseconds(1), length, "four").result(), 4U);
}

// The pool's one worker is busy and its queue full; the timer must not wait for room.
TEST(Timer, ABoundedQueueDoesNotHoldUpTheTimer) {
  std::latch go(1);
  ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1});
  const auto busy = pool.submit([&] { go.wait(); });
  ASSERT_TRUE(Eventually([&] { return busy.running(); }));
  const auto queued = pool.submit([] {});
  ManualTimer timer;
  const Future<int> late = submit_after(timer, pool, seconds(1), Add, 1, 2);
  timer.advance(seconds(1));  // would not return
  go.count_down();
  EXPECT_EQ(late.result(), 3);
}

TEST(Timer, AForkedChildHasATimerOfItsOwn) {
  if (kSanitized) GTEST_SKIP() << "sanitizers do not follow threads into a forked child";
  ThreadPoolExecutor pool(1);
  submit_after(pool, milliseconds(1), Add, 1, 2).result();  // its thread runs
  const pid_t child = fork();
  if (child == 0) {
    ThreadPoolExecutor own(1);
    _exit(submit_after(own, milliseconds(1), Add, 1, 2).result() == 3 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// The last reference to a failed call goes with its timer; the hook that hears of it sets another.
TEST(Timer, TheHookOfAnUnobservedFailureMaySetATimer) {
  ThreadPoolExecutor live(1);
  std::latch ran(1);
  const auto before = set_unobserved_exception_hook([&](const std::exception_ptr&) {
    submit_after(live, milliseconds(1), [&] { ran.count_down(); });
  });
  {
    auto gone = std::make_unique<ThreadPoolExecutor>(1);
    submit_after(*gone, milliseconds(5), Add, 1, 2);
    gone.reset();
  }
  ran.wait();
  set_unobserved_exception_hook(before);
}

// The callback runs on the timer's thread.
TEST(Timer, ACallbackMayWaitForAnotherTimer) {
  ThreadPoolExecutor live(1);
  auto gone = std::make_unique<ThreadPoolExecutor>(1);
  const Future<int> waited =
      submit_after(*gone, milliseconds(5), Add, 1, 2).then([&](const Future<int>&) {
        return submit_after(live, milliseconds(1), Add, 20, 22).result();
      });
  gone.reset();
  EXPECT_EQ(waited.result(), 42);
  EXPECT_EQ(submit_after(live, milliseconds(1), Add, 1, 1).result(), 2);
}

// Calls begin, are cancelled, and their futures dropped, at the same moments.
TEST(Timer, CancelsThatRaceWithTheMoment) {
  constexpr int kRounds = kSanitized ? 2000 : 20000;
  std::atomic<int> calls{0};
  int cancelled = 0;
  {
    ThreadPoolExecutor pool(2);
    std::vector<Future<void>> futures;
    for (int i = 0; i < kRounds; ++i) {
      futures.push_back(submit_after(pool, std::chrono::microseconds(i % 50), [&] { ++calls; }));
      if (i % 3 == 0) futures[static_cast<std::size_t>(i) / 2].cancel();
    }
    for (const auto& future : futures) {
      future.cancel();
      try {
        future.result();
      } catch (const CancelledError&) {
        ++cancelled;
      }
    }
  }
  EXPECT_EQ(calls + cancelled, kRounds);
}

}  // namespace
}  // namespace cohort
