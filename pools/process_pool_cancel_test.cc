// What futures say of tasks in other processes, and how tasks are cancelled and ended.

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using std::chrono::milliseconds;

TEST(ProcessPoolCancel, RunningIsTrueOnceTheTaskHasBegun) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto first = pool.submit(PassGate, gate.path(), 1);
  std::vector<Future<int>> behind;
  for (int i = 0; i < 5; ++i) behind.push_back(pool.submit(PassGate, gate.path(), i));
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_TRUE(first.running());
  EXPECT_FALSE(first.done());
  for (const auto& each : behind) {
    EXPECT_FALSE(each.running());
    EXPECT_FALSE(each.done());
  }
  EXPECT_EQ(pool.stats().running, 1u);
  EXPECT_EQ(pool.stats().queued, 5u);
  gate.Open();
  EXPECT_EQ(first.result(), 1);
  EXPECT_FALSE(first.running());
}

TEST(ProcessPoolCancel, WhatRunsCannotBeCancelled) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 7);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_FALSE(running.cancel());
  EXPECT_FALSE(running.cancelled());
  gate.Open();
  EXPECT_EQ(running.result(), 7);
  EXPECT_FALSE(running.cancel());
}

TEST(ProcessPoolCancel, WhatWasSentAheadCanBe) {
  ScratchFolder folder;
  RemoteGate gate;
  const std::string file = folder.file("ran");
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 7);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  std::vector<Future<int>> behind;
  for (int i = 0; i < 10; ++i) behind.push_back(pool.submit(WriteLine, file, std::to_string(i)));
  for (const int i : {1, 0, 4, 9}) {
    EXPECT_TRUE(behind[i].cancel()) << i;
    EXPECT_TRUE(behind[i].cancel()) << "a second time, " << i;
    EXPECT_TRUE(behind[i].cancelled());
    EXPECT_TRUE(behind[i].done());
    EXPECT_THROW(behind[i].result(), CancelledError);
  }
  EXPECT_EQ(pool.stats().cancelled, 4u);
  gate.Open();
  pool.shutdown();
  EXPECT_THAT(LinesOf(file), testing::ElementsAre("2", "3", "5", "6", "7", "8"));
}

TEST(ProcessPoolCancel, ALargeTaskThatWaitsBehindAnother) {
  ScratchFolder folder;
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 7);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto large = pool.submit(WriteLine, folder.file("ran"), std::string(3 << 20, 'x'));
  const auto after = pool.submit(Square, 5);
  EXPECT_TRUE(large.cancel());
  gate.Open();
  EXPECT_EQ(after.result(), 25);
  EXPECT_THAT(LinesOf(folder.file("ran")), testing::IsEmpty());
}

// Tasks begin in the order of submission, however long one before them takes.
TEST(ProcessPoolCancel, WhatWasSentAheadBehindALongTaskIsNotLeftThere) {
  ScratchFolder folder;
  RemoteGate long_gate;
  RemoteGate gate;
  const std::string file = folder.file("order");
  ProcessPoolExecutor pool(2);
  const auto long_one = pool.submit(PassGate, long_gate.path(), 0);
  const auto short_one = pool.submit(PassGate, gate.path(), 0);
  ASSERT_TRUE(long_gate.AwaitArrivals(1) && gate.AwaitArrivals(1));
  constexpr int kMore = 3000;
  for (int i = 0; i < kMore; ++i) pool.submit(WriteLine, file, std::to_string(i));
  gate.Open();
  ASSERT_TRUE(Eventually([&] { return LinesOf(file).size() == kMore; }));
  EXPECT_FALSE(long_one.done());
  const std::vector<std::string> lines = LinesOf(file);
  for (const char* const early : {"0", "1"}) {
    const auto place = std::find(lines.begin(), lines.end(), early);
    EXPECT_LT(place - lines.begin(), kMore / 2) << early;
  }
  long_gate.Open();
}

// The first ones that there are workers for run, not any others.
TEST(ProcessPoolCancel, AsManyAsThereAreWorkersRunFirst) {
  for (int round = 0; round < 10; ++round) {
    RemoteGate first;
    RemoteGate later;
    ProcessPoolExecutor pool(3);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 9; ++i) {
      futures.push_back(pool.submit(PassGate, (i < 3 ? first : later).path(), i));
    }
    ASSERT_TRUE(first.AwaitArrivals(3));
    EXPECT_EQ(later.arrived(), 0);
    first.Open();
    later.Open();
  }
}

// Whatever cancel() says is the truth: a task has run or it was cancelled, never both or neither.
TEST(ProcessPoolCancel, IsTruthfulInARace) {
  constexpr int kTasks = 2000;
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  std::vector<bool> was_cancelled(kTasks);
  {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> futures;
    for (int i = 0; i < kTasks; ++i)
      futures.push_back(pool.submit(WriteLine, file, std::to_string(i)));
    for (int i = kTasks - 1; i >= 0; --i) was_cancelled[i] = futures[i].cancel();
    for (int i = 0; i < kTasks; ++i) {
      EXPECT_EQ(futures[i].cancelled(), was_cancelled[i]);
      if (!was_cancelled[i]) {
        EXPECT_EQ(futures[i].result(), 1);
      }
    }
  }
  std::vector<bool> has_run(kTasks);
  for (const std::string& line : LinesOf(file)) {
    EXPECT_FALSE(has_run[std::stoi(line)]) << "twice: " << line;
    has_run[std::stoi(line)] = true;
  }
  for (int i = 0; i < kTasks; ++i) EXPECT_NE(has_run[i], was_cancelled[i]) << i;
}

TEST(ProcessPoolCancel, RequestStopSignalsTheToken) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 1, .grace = Timeout::forever()});
  const auto task = pool.submit(UntilStopped, gate.path(), 5);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const pid_t before = pool.worker_pids().at(0);
  EXPECT_TRUE(task.request_stop());
  EXPECT_EQ(task.result(), 5);
  EXPECT_FALSE(task.cancelled());
  EXPECT_FALSE(task.request_stop());
  EXPECT_EQ(pool.submit(WorkerPid).result(), before);
}

TEST(ProcessPoolCancel, RequestStopIsForOneTaskAlone) {
  RemoteGate first;
  RemoteGate second;
  ProcessPoolExecutor pool({.max_workers = 2, .grace = Timeout::forever()});
  const auto stopped = pool.submit(UntilStopped, first.path(), 1);
  const auto other = pool.submit(UntilStopped, second.path(), 2);
  ASSERT_TRUE(first.AwaitArrivals(1) && second.AwaitArrivals(1));
  EXPECT_TRUE(stopped.request_stop());
  EXPECT_EQ(stopped.result(), 1);
  EXPECT_FALSE(other.done());
  // Neither does it reach who comes after it in the same worker.
  const auto next = pool.submit([](std::stop_token token) { return token.stop_requested(); });
  EXPECT_FALSE(next.result());
  EXPECT_TRUE(other.request_stop());
  EXPECT_EQ(other.result(), 2);
}

TEST(ProcessPoolCancel, RequestStopKillsWhatTakesNoToken) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto task = pool.submit(ForEver, gate.path());
  const auto behind = pool.submit(Square, 3);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_TRUE(task.request_stop());
  EXPECT_THROW(task.result(), CancelledError);
  EXPECT_THROW(task.exception(), CancelledError);
  EXPECT_TRUE(task.cancelled());
  EXPECT_TRUE(task.done());
  EXPECT_EQ(behind.result(), 9);
}

TEST(ProcessPoolCancel, RequestStopKillsWhatGoesOnAfterTheGrace) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 1, .grace = milliseconds(1)});
  const auto task = pool.submit(ForEverInSpiteOf, gate.path());
  const auto behind = pool.submit(Square, 3);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_TRUE(task.request_stop());
  EXPECT_THROW(task.result(), CancelledError);
  EXPECT_TRUE(task.cancelled());
  EXPECT_EQ(behind.result(), 9);
}

TEST(ProcessPoolCancel, RequestStopOfWhatHasNotBegunCancels) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto behind = pool.submit(Square, 3);
  EXPECT_TRUE(behind.request_stop());
  EXPECT_TRUE(behind.cancelled());
  EXPECT_FALSE(running.done());
  gate.Open();
  EXPECT_EQ(running.result(), 1);
}

// A worker is killed for one task; the tasks that it was sent ahead are not blamed.
TEST(ProcessPoolCancel, TheEndByForceIsOneTasksAlone) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto task = pool.submit(ForEver, gate.path());
  std::vector<Future<int>> behind;
  for (int i = 0; i < 20; ++i) behind.push_back(pool.submit(Square, i));
  ASSERT_TRUE(gate.AwaitArrivals(1));
  task.request_stop();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(behind[i].result(), i * i);
  EXPECT_EQ(pool.stats().succeeded, 20u);
  EXPECT_EQ(pool.stats().cancelled, 1u);
  EXPECT_EQ(pool.stats().failed, 0u);
}

TEST(ProcessPoolCancel, OfATaskThatEndsAtThatMoment) {
  for (int i = 0; i < 50; ++i) {
    ProcessPoolExecutor pool(1);
    const auto task = pool.submit(Square, 4);
    std::thread stopper([&] { task.request_stop(); });
    try {
      EXPECT_EQ(task.result(), 16);
    } catch (const CancelledError&) {
      EXPECT_TRUE(task.cancelled());
    }
    stopper.join();
    EXPECT_EQ(pool.submit(Square, 5).result(), 25);
  }
}

TEST(ProcessPoolCancel, ShutdownSignalsTokens) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 2, .grace = Timeout::forever()});
  const auto one = pool.submit(UntilStopped, gate.path(), 1);
  const auto two = pool.submit(UntilStopped, gate.path(), 2);
  ASSERT_TRUE(gate.AwaitArrivals(2));
  const auto never = pool.submit(UntilStopped, gate.path(), 3);
  pool.shutdown({.wait = true, .cancel_futures = true});
  EXPECT_EQ(one.result(), 1);
  EXPECT_EQ(two.result(), 2);
  EXPECT_TRUE(never.cancelled());
}

TEST(ProcessPoolCancel, WaitersOfACancelledTaskWakeUp) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto behind = pool.submit(Square, 3);
  BlockedThread waiter([&] { EXPECT_THROW(behind.result(), CancelledError); });
  EXPECT_TRUE(behind.cancel());
  waiter.Join();
  gate.Open();
}

}  // namespace
}  // namespace cohort
