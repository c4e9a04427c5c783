// Workers: their initializer, their replacement, what they may do, and how they are ended.

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <stdexcept>
#include <string>
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

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

std::string initialized_with = "nothing";

void Initialize(const std::string& file, const std::string& value) {
  initialized_with += value;
  WriteLine(file, std::to_string(getpid()));
}
std::string InitializedWith() { return initialized_with; }
void FailToInitialize(const std::string& text) { throw std::domain_error(text); }
void DieToInitialize() { _exit(9); }

std::string PassAndTell(const std::string& gate) {
  PassGate(gate, 0);
  return initialized_with;
}

template <typename F>
std::string BrokenMessage(F call) {
  try {
    call();
  } catch (const BrokenProcessPool& e) {
    return e.what();
  }
  return "not broken";
}

TEST(ProcessPoolInitializer, RunsOnceInEachWorkerBeforeItsFirstTask) {
  ScratchFolder folder;
  RemoteGate gate;
  const std::string file = folder.file("workers");
  ProcessPoolExecutor pool({.max_workers = 2, .initializer = initializer(Initialize, file, "+x")});
  std::vector<Future<std::string>> futures;
  for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(PassAndTell, gate.path()));
  ASSERT_TRUE(gate.AwaitArrivals(2));
  gate.Open();
  for (const auto& future : futures) EXPECT_EQ(future.result(), "nothing+x");
  EXPECT_EQ(initialized_with, "nothing");
  const std::vector<std::string> lines = LinesOf(file);
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_EQ(std::set<std::string>(lines.begin(), lines.end()).size(), 2u);
}

TEST(ProcessPoolInitializer, RunsInWorkersThatComeLater) {
  ScratchFolder folder;
  const std::string file = folder.file("workers");
  ProcessPoolExecutor pool({.max_workers = 1,
                            .max_tasks_per_child = 1,
                            .initializer = initializer(Initialize, file, "+y")});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.submit(InitializedWith).result(), "nothing+y");
  EXPECT_THROW(pool.submit(Crash, SIGKILL).result(), WorkerDied);
  EXPECT_EQ(pool.submit(InitializedWith).result(), "nothing+y");
  EXPECT_GE(LinesOf(file).size(), 5u);
}

TEST(ProcessPoolInitializer, TakesArgumentsOfAnySize) {
  for (const std::size_t size : {std::size_t{200} << 10, std::size_t{5} << 20}) {
    const auto keep = [](std::string text) { initialized_with = std::move(text); };
    ProcessPoolExecutor pool(
        {.max_workers = 2, .initializer = initializer(keep, std::string(size, 'x'))});
    const auto length = [] { return initialized_with.size(); };
    std::vector<Future<std::size_t>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(length));
    for (const auto& future : futures) EXPECT_EQ(future.result(), size);
    const auto quick_end = pool.submit(length);
  }
}

TEST(ProcessPoolInitializer, ThatThrowsBreaksThePool) {
  ProcessPoolExecutor pool(
      {.max_workers = 2, .initializer = initializer(FailToInitialize, "no licence")});
  std::vector<Future<int>> futures;
  try {
    for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(Square, i));
  } catch (const BrokenProcessPool&) {
    EXPECT_FALSE(futures.empty());
  }
  std::set<const void*> objects;
  std::vector<std::exception_ptr> errors;
  for (const auto& future : futures) {
    EXPECT_THAT(BrokenMessage([&] { future.result(); }), HasSubstr("no licence"));
    errors.push_back(future.exception());
    try {
      std::rethrow_exception(errors.back());
    } catch (const std::exception& e) {
      objects.insert(&e);
    }
  }
  EXPECT_EQ(objects.size(), futures.size()) << "futures share an exception object";
  EXPECT_THAT(BrokenMessage([&] { pool.submit(Square, 1); }),
              AllOf(HasSubstr("initializer"), HasSubstr("no licence")));
  EXPECT_THAT(BrokenMessage([&] { pool.post(Square, 1); }), HasSubstr("no licence"));
  pool.shutdown();
  EXPECT_EQ(pool.stats().workers, 0);
}

TEST(ProcessPoolInitializer, ThatDiesBreaksThePool) {
  ProcessPoolExecutor pool({.max_workers = 1, .initializer = initializer(DieToInitialize)});
  const auto future = pool.submit(Square, 1);
  EXPECT_THAT(BrokenMessage([&] { future.result(); }),
              AllOf(HasSubstr("initializer"), HasSubstr("9")));
  EXPECT_THAT(BrokenMessage([&] { pool.submit(Square, 1); }), HasSubstr("initializer"));
}

// In an orderly pool, one broken worker takes with it what runs in the others, too.
TEST(ProcessPoolInitializer, ThatFailsInALaterWorkerEndsWhatRuns) {
  ScratchFolder folder;
  RemoteGate gate;
  const auto fail_in_the_second = [](const std::string& file) {
    WriteLine(file, "worker");
    if (LinesOf(file).size() > 1) throw std::domain_error("the second one");
  };
  ProcessPoolExecutor pool(
      {.max_workers = 2, .initializer = initializer(fail_in_the_second, folder.file("workers"))});
  const auto running = pool.submit(ForEver, gate.path());
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto waiting = pool.submit(ForEver, gate.path());
  EXPECT_THAT(BrokenMessage([&] { waiting.result(); }), HasSubstr("the second one"));
  EXPECT_THAT(BrokenMessage([&] { running.result(); }), HasSubstr("the second one"));
}

TEST(ProcessPoolWorker, IsUsedAgain) {
  ProcessPoolExecutor pool(3);
  const pid_t first = pool.submit(WorkerPid).result();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(pool.submit(WorkerPid).result(), first);
  EXPECT_EQ(pool.stats().workers, 1);
}

TEST(ProcessPoolWorker, IsReplacedAfterSoManyTasks) {
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 3});
  std::vector<Future<pid_t>> futures;
  for (int i = 0; i < 9; ++i) futures.push_back(pool.submit(WorkerPid));
  std::vector<pid_t> pids;
  for (const auto& future : futures) pids.push_back(future.result());
  for (const int i : {0, 3, 6}) {
    EXPECT_EQ(pids[i], pids[i + 1]);
    EXPECT_EQ(pids[i], pids[i + 2]);
  }
  EXPECT_EQ(std::set<pid_t>(pids.begin(), pids.end()).size(), 3u);
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
}

TEST(ProcessPoolWorker, CancelledTasksDoNotCountAsTasks) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 3});
  const auto first = pool.submit(PidAfterGate, gate.path());
  ASSERT_TRUE(gate.AwaitArrivals(1));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(pool.submit(Square, i).cancel());
  gate.Open();
  const pid_t pid = first.result();
  EXPECT_EQ(pool.submit(WorkerPid).result(), pid);
  EXPECT_EQ(pool.submit(WorkerPid).result(), pid);
  EXPECT_NE(pool.submit(WorkerPid).result(), pid);
}

TEST(ProcessPoolWorker, ThatIsKilledFromOutsideIsReplaced) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PidAfterGate, gate.path());
  const auto behind = pool.submit(Square, 3);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const pid_t pid = pool.worker_pids().at(0);
  kill(pid, SIGKILL);
  try {
    running.result();
    FAIL();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.pid(), pid);
    EXPECT_EQ(e.signal(), SIGKILL);
    EXPECT_EQ(e.exit_status(), 0);
  }
  EXPECT_EQ(behind.result(), 9);
  EXPECT_TRUE(IsGone(pid));
}

TEST(ProcessPoolWorker, ThatIsKilledWhileIdleIsReplaced) {
  ProcessPoolExecutor pool(1);
  const pid_t pid = pool.submit(WorkerPid).result();
  kill(pid, SIGKILL);
  EXPECT_TRUE(Eventually([&] { return IsGone(pid); }));
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
}

TEST(ProcessPoolWorker, DeathsOneAfterTheOther) {
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> dead;
  std::vector<Future<int>> fine;
  for (int i = 0; i < 10; ++i) {
    dead.push_back(pool.submit(ExitWith, i + 1));
    fine.push_back(pool.submit(Square, i));
  }
  for (int i = 0; i < 10; ++i) {
    try {
      dead[i].result();
      ADD_FAILURE();
    } catch (const WorkerDied& e) {
      EXPECT_EQ(e.exit_status(), i + 1);
    }
    EXPECT_EQ(fine[i].result(), i * i);
  }
  EXPECT_EQ(pool.stats().worker_deaths, 10u);
}

TEST(ProcessPoolWorker, InASandboxOnlyComputes) {
  if (kSanitized) GTEST_SKIP() << "sanitizers open files and start processes of their own";
  ScratchFolder folder;
  ProcessPoolExecutor pool({.max_workers = 1, .sandbox = Sandbox::compute().allow_missing()});
  const auto create = pool.submit(
      [](const std::string& file) {
        return open(file.c_str(), O_WRONLY | O_CREAT, 0600) < 0 ? errno : 0;
      },
      folder.file("new"));
  const auto connect = pool.submit([] { return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0; });
  const auto start = pool.submit([] {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    return child < 0 ? errno : 0;
  });
  const auto is_refused = testing::AnyOf(EPERM, EACCES, ENOSYS);
  EXPECT_THAT(create.result(), is_refused);
  EXPECT_THAT(connect.result(), is_refused);
  EXPECT_THAT(start.result(), is_refused);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolWorker, KilledOrTerminatedAllAtOnce) {
  for (const int signal : {SIGTERM, SIGKILL}) {
    RemoteGate gate;
    ProcessPoolExecutor pool(2);
    const auto one = pool.submit(ForEver, gate.path());
    const auto two = pool.submit(ForEver, gate.path());
    ASSERT_TRUE(gate.AwaitArrivals(2));
    const auto waiting = pool.submit(Square, 3);
    signal == SIGTERM ? pool.terminate_workers() : pool.kill_workers();
    for (const auto& each : {one, two}) {
      try {
        each.result();
        ADD_FAILURE();
      } catch (const WorkerDied& e) {
        EXPECT_EQ(e.signal(), signal);
      }
    }
    EXPECT_TRUE(waiting.cancelled());
    EXPECT_THROW(pool.submit(Square, 3), Error);
    pool.shutdown();
    EXPECT_EQ(pool.stats().workers, 0);
  }
}

}  // namespace
}  // namespace cohort
