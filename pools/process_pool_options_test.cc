// Options of tasks and of pools.

#include <signal.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "futures/errors.h"
#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"
#include "pools/usable_cpus.h"

namespace cohort {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Dies at its first runs, as many as it is told to.
int DieAtFirst(const std::string& file, int deaths) {
  WriteLine(file, "run");
  if (static_cast<int>(LinesOf(file).size()) <= deaths) Crash(SIGKILL);
  return 42;
}

int DieAfterGateAtFirst(const std::string& file, const std::string& gate, int deaths) {
  WriteLine(file, "run");
  PassGate(gate, 0);
  if (static_cast<int>(LinesOf(file).size()) <= deaths) Crash(SIGKILL);
  return 42;
}

TEST(ProcessPoolTaskOptions, TheNameIsInErrors) {
  ProcessPoolExecutor pool(1);
  const auto dead = pool.submit({.name = "the culprit"}, ExitWith, 3);
  try {
    dead.result();
    FAIL();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.task(), "the culprit");
    EXPECT_EQ(e.exit_status(), 3);
    EXPECT_EQ(e.signal(), 0);
    EXPECT_GT(e.pid(), 0);
    EXPECT_THAT(e.what(), AllOf(HasSubstr("the culprit"), HasSubstr(std::to_string(e.pid()))));
  }
}

TEST(ProcessPoolTaskOptions, LowerPrioritiesThanUsualRunInAPoolThatWasIdle) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Square, 2).result(), 4);
  EXPECT_EQ(pool.submit({.priority = -1}, Square, 3).result(), 9);
  EXPECT_EQ(pool.submit({.priority = -2}, Square, 4).result(), 16);
  EXPECT_EQ(pool.submit(Square, 5).result(), 25);
}

TEST(ProcessPoolTaskOptions, HigherPrioritiesFirstAndEqualOnesInOrder) {
  ScratchFolder folder;
  RemoteGate gate;
  const std::string file = folder.file("order");
  ProcessPoolExecutor pool(1);
  const auto busy = pool.submit(PassGate, gate.path(), 0);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto note = [&](int priority, const std::string& text) {
    pool.submit({.priority = priority}, WriteLine, file, text);
  };
  note(0, "usual 1");
  note(0, "usual 2");
  note(-5, "low");
  note(7, "high 1");
  note(0, "usual 3");
  note(7, "high 2");
  note(100, "highest");
  gate.Open();
  pool.shutdown();
  EXPECT_THAT(LinesOf(file),
              ElementsAre("highest", "high 1", "high 2", "usual 1", "usual 2", "usual 3", "low"));
}

TEST(ProcessPoolTaskOptions, TheTimeoutKillsWhatTakesNoToken) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto task =
      pool.submit({.name = "slow", .timeout = milliseconds(20)}, ForEver, gate.path());
  const auto behind = pool.submit(Square, 3);
  EXPECT_THROW(task.result(), TimeoutError);
  EXPECT_THAT(MessageOf(task), HasSubstr("0.02"));
  EXPECT_FALSE(task.cancelled());
  EXPECT_EQ(behind.result(), 9);
  EXPECT_EQ(pool.stats().failed, 1u);
}

TEST(ProcessPoolTaskOptions, TheTimeoutSignalsTheTokenFirst) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 1, .grace = Timeout::forever()});
  const auto task = pool.submit({.timeout = absl::Milliseconds(1)}, UntilStopped, gate.path(), 5);
  EXPECT_EQ(task.result(), 5);
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
}

TEST(ProcessPoolTaskOptions, TheTimeoutKillsWhatGoesOnAfterTheGrace) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 1, .grace = milliseconds(1)});
  const auto task = pool.submit({.timeout = milliseconds(1)}, ForEverInSpiteOf, gate.path());
  EXPECT_THROW(task.result(), TimeoutError);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolTaskOptions, TheTimeoutCountsFromTheBegin) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 1);
  const auto behind = pool.submit({.timeout = hours(1)}, Square, 3);
  const auto expired = pool.submit({.timeout = milliseconds(1)}, ForEver, gate.path());
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_THROW(expired.result(milliseconds(50)), TimeoutError);  // of the waiting
  EXPECT_FALSE(expired.done());
  gate.Open();
  EXPECT_EQ(running.result(), 1);
  EXPECT_EQ(behind.result(), 9);
  EXPECT_THROW(expired.result(), TimeoutError);
  EXPECT_TRUE(expired.done());
}

TEST(ProcessPoolTaskOptions, ATimeoutThatIsNotReached) {
  ProcessPoolExecutor pool(1);
  const auto pid = pool.submit(WorkerPid).result();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(pool.submit({.timeout = hours(1)}, WorkerPid).result(), pid);
  }
}

TEST(ProcessPoolTaskOptions, RetriesAfterADeath) {
  ScratchFolder folder;
  ProcessPoolExecutor pool(1);
  const std::string file = folder.file("runs");
  EXPECT_EQ(pool.submit({.max_retries = 2}, DieAtFirst, file, 2).result(), 42);
  EXPECT_EQ(LinesOf(file).size(), 3u);
  EXPECT_EQ(pool.stats().worker_deaths, 2u);
  EXPECT_EQ(pool.stats().succeeded, 1u);
  EXPECT_EQ(pool.stats().failed, 0u);
}

TEST(ProcessPoolTaskOptions, RetriesEnd) {
  ScratchFolder folder;
  ProcessPoolExecutor pool(1);
  const std::string file = folder.file("runs");
  const auto task = pool.submit({.max_retries = 2}, DieAtFirst, file, 1000);
  EXPECT_THROW(task.result(), WorkerDied);
  EXPECT_EQ(LinesOf(file).size(), 3u);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolTaskOptions, NoRetryOfAnException) {
  ScratchFolder folder;
  ProcessPoolExecutor pool(1);
  const auto fail = [](const std::string& file) -> int {
    WriteLine(file, "run");
    throw std::runtime_error("thrown");
  };
  const auto task = pool.submit({.max_retries = 5}, fail, folder.file("runs"));
  EXPECT_EQ(MessageOf(task), "thrown");
  EXPECT_EQ(LinesOf(folder.file("runs")).size(), 1u);
}

// Somebody has seen it run.
TEST(ProcessPoolTaskOptions, RetriesOfWhatWasRunning) {
  ScratchFolder folder;
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto task =
      pool.submit({.max_retries = 1}, DieAfterGateAtFirst, folder.file("runs"), gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_TRUE(task.running());
  gate.Open();
  EXPECT_EQ(task.result(), 42);
  EXPECT_EQ(LinesOf(folder.file("runs")).size(), 2u);
}

TEST(ProcessPoolTaskOptions, RetriesOfWhatHasATimeout) {
  ScratchFolder folder;
  ProcessPoolExecutor pool(1);
  const std::string file = folder.file("runs");
  const auto task = pool.submit({.timeout = hours(1), .max_retries = 1}, DieAtFirst, file, 1);
  EXPECT_EQ(task.result(), 42);
}

TEST(ProcessPoolTaskOptions, RetriesOfALargeTask) {
  ScratchFolder folder;
  ProcessPoolExecutor pool(1);
  const auto die_at_first = [](const std::string& file, const std::string& ballast) {
    return static_cast<std::size_t>(DieAtFirst(file, 1)) + ballast.size();
  };
  const auto task =
      pool.submit({.max_retries = 1}, die_at_first, folder.file("runs"), std::string(3 << 20, 'x'));
  EXPECT_EQ(task.result(), 42u + (3 << 20));
}

TEST(ProcessPoolTaskOptions, ARetriedTaskThatIsCancelledByShutdown) {
  ScratchFolder folder;
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto task =
      pool.submit({.max_retries = 10}, DieAfterGateAtFirst, folder.file("runs"), gate.path(), 1000);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_TRUE(task.running());
  gate.Open();
  pool.shutdown({.wait = true, .cancel_futures = true});
  EXPECT_TRUE(task.done());  // cancelled between two runs, or at the end of its tries
}

TEST(ProcessPoolTaskOptions, ANegativeNumberOfRetries) {
  ProcessPoolExecutor pool(1);
  try {
    pool.submit({.max_retries = -1}, Square, 1);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("max_retries"), HasSubstr("-1")));
  }
}

TEST(ProcessPoolOptionsTest, BadValues) {
  const auto message = [](ProcessPoolOptions options) -> std::string {
    try {
      const ProcessPoolExecutor pool(std::move(options));
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "nothing was thrown";
  };
  EXPECT_THAT(message({.max_workers = -3}), AllOf(HasSubstr("max_workers"), HasSubstr("-3")));
  EXPECT_THAT(message({.max_tasks_per_child = -2}),
              AllOf(HasSubstr("max_tasks_per_child"), HasSubstr("-2")));
  EXPECT_THROW(ProcessPoolExecutor(-1), std::invalid_argument);
}

TEST(ProcessPoolOptionsTest, Defaults) {
  EXPECT_EQ(ProcessPoolExecutor().max_workers(), usable_cpus());
  EXPECT_EQ(ProcessPoolExecutor(3).max_workers(), 3);
  EXPECT_EQ(ProcessPoolExecutor({.max_workers = 2}).max_workers(), 2);
}

TEST(ProcessPoolOptionsTest, AllAtOnce) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 2,
                            .max_tasks_per_child = 3,
                            .initializer = initializer(Square, 2),
                            .worker_memory_limit = kSanitized ? 0 : std::size_t{1} << 30,
                            .grace = absl::Milliseconds(1)});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool.submit({.priority = i % 4}, Square, i));
  const auto killed = pool.submit({.timeout = milliseconds(1)}, ForEverInSpiteOf, gate.path());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(futures[i].result(), i * i);
  EXPECT_THROW(killed.result(), TimeoutError);
}

TEST(ProcessPoolOptionsTest, OverTheMemoryLimitTheTaskFailsAlone) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's shadow memory is more than any sensible limit";
  ProcessPoolExecutor pool({.max_workers = 1, .worker_memory_limit = std::size_t{256} << 20});
  const auto use = [](std::size_t bytes) {
    const std::vector<char> memory(bytes, 'x');
    return memory[bytes / 2];
  };
  const auto too_much = pool.submit(use, std::size_t{1} << 30);
  const auto enough = pool.submit(use, std::size_t{16} << 20);
  EXPECT_THROW(too_much.result(), std::bad_alloc);
  EXPECT_EQ(enough.result(), 'x');
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
}

std::string TextOf(std::size_t bytes) { return std::string(bytes, 't'); }

std::string ThrowTextOf(std::size_t bytes) { throw std::runtime_error(TextOf(bytes)); }

std::string ErrorText(const Future<std::string>& future) {
  try {
    future.result();
  } catch (const WorkerDied& died) {
    return died.what();
  }
  return "no WorkerDied";
}

// Within a ring, and as a stream.
TEST(ProcessPoolOptionsTest, AnAnswerOverItsLimitCostsItsTaskAndItsWorker) {
  for (const std::size_t limit : {std::size_t{1} << 10, std::size_t{4} << 20}) {
    ProcessPoolExecutor pool({.max_workers = 1, .max_answer_bytes = limit});
    const auto before = pool.submit(TextOf, limit / 2);
    const auto too_large = pool.submit(TextOf, limit + 1);
    std::vector<Future<std::string>> others;
    const TaskOptions again = {.max_retries = 2};  // those behind it may have begun
    for (int i = 0; i < 20; ++i) others.push_back(pool.submit(again, TextOf, limit / 2));
    EXPECT_EQ(before.result().size(), limit / 2);
    EXPECT_THAT(ErrorText(too_large),
                AllOf(HasSubstr("its answer has "),
                      HasSubstr("max_answer_bytes allows " + std::to_string(limit))));
    const auto thrown = pool.submit({.priority = 1}, ThrowTextOf, limit + 1);
    EXPECT_THAT(ErrorText(thrown), HasSubstr("max_answer_bytes"));
    for (const auto& other : others) EXPECT_EQ(other.result().size(), limit / 2);
    EXPECT_EQ(pool.stats().worker_deaths, 2u);
  }
}

TEST(ProcessPoolOptionsTest, AnAnswerThatMayBeTriedAgainIsRefusedAgain) {
  ProcessPoolExecutor pool({.max_workers = 1, .max_answer_bytes = 1000});
  const auto future = pool.submit({.max_retries = 1}, TextOf, std::size_t{2000});
  EXPECT_THAT(ErrorText(future), HasSubstr("max_answer_bytes allows 1000"));
  EXPECT_EQ(pool.stats().worker_deaths, 2u);
}

std::string TextOfAfterGate(const std::string& gate, std::size_t bytes) {
  PassGate(gate, 0);
  return TextOf(bytes);
}

// A worker whose answer is refused has most likely begun the next task by then, or even done it.
TEST(ProcessPoolOptionsTest, WhatBeganBehindAnAnswerOverTheLimitRunsOnce) {
  const ScratchFolder folder;
  for (int round = 0; round < 20; ++round) {
    const std::string runs = folder.file(std::to_string(round));
    RemoteGate gate;
    ProcessPoolExecutor pool({.max_workers = 1, .max_answer_bytes = 1000});
    const auto too_large = pool.submit(TextOfAfterGate, gate.path(), std::size_t{2000});
    ASSERT_TRUE(gate.AwaitArrivals(1));
    const auto behind = pool.submit({.name = "behind"}, WriteLine, runs, "run");
    gate.Open();
    EXPECT_THAT(ErrorText(too_large), Not(HasSubstr("an earlier task")));
    if (behind.exception() != nullptr) {
      EXPECT_THAT(MessageOf(behind), AllOf(HasSubstr("in the middle of task 'behind'"),
                                           HasSubstr("for an earlier task: its answer has ")));
    }
    EXPECT_LE(LinesOf(runs).size(), 1u) << round;
    EXPECT_EQ(pool.stats().worker_deaths, 1u);  // though it may have cost two tasks
  }
}

TEST(ProcessPoolOptionsTest, WhatBeganBehindAnAnswerOverTheLimitIsTriedAgainIfItMay) {
  for (int round = 0; round < 20; ++round) {
    RemoteGate gate;
    ProcessPoolExecutor pool({.max_workers = 1, .max_answer_bytes = 1000});
    const auto too_large = pool.submit(TextOfAfterGate, gate.path(), std::size_t{2000});
    ASSERT_TRUE(gate.AwaitArrivals(1));
    const auto behind = pool.submit({.max_retries = 1}, Square, 3);
    gate.Open();
    EXPECT_THAT(ErrorText(too_large), HasSubstr("max_answer_bytes"));
    EXPECT_EQ(behind.result(), 9);
  }
}

void ThrowOverTheLimit() { throw std::runtime_error(TextOf(2000)); }

TEST(ProcessPoolOptionsTest, AnInitializerThatThrowsOverTheLimitIsToldOf) {
  ProcessPoolExecutor pool(
      {.max_workers = 1, .initializer = initializer(ThrowOverTheLimit), .max_answer_bytes = 1000});
  EXPECT_THAT(MessageOf(pool.submit(Square, 2)),
              AllOf(HasSubstr("the initializer ended the process"),
                    HasSubstr("the pool killed it, for its answer has "),
                    HasSubstr("max_answer_bytes allows 1000")));
}

// The initializer's answer is one too.
TEST(ProcessPoolOptionsTest, WithinTheLimitNothingChanges) {
  ProcessPoolExecutor pool(
      {.max_workers = 2, .initializer = initializer(Square, 2), .max_answer_bytes = 100});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pool.submit(Square, i).result(), i * i);
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
}

}  // namespace
}  // namespace cohort
