// Twins of CPython's tests of shutdown (Lib/test/test_concurrent_futures, test_shutdown.py) and of
// initializers (test_init.py), each under the name of its model. Tests of threads and their names
// are in thread_pool_shutdown_test.cc.

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
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

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A program that does `work` and then returns from main(), as far as a child can play that: static
// objects and exit handlers have their turn. Gives its exit status.
int StatusOfProgram(const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    exit(0);  // NOLINT(concurrency-mt-unsafe)
  }
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Fail(int /*n*/) { throw std::runtime_error("failed"); }

// test_run_after_shutdown
TEST(CPythonShutdown, RunAfterShutdown) {
  ProcessPoolExecutor pool(1);
  pool.shutdown();
  EXPECT_THROW(pool.submit(Square, 2), std::runtime_error);
}

// test_interpreter_shutdown
TEST(CPythonShutdown, InterpreterShutdown) {
  if (kSanitized) GTEST_SKIP() << "the leak checker stops a child of this process at its end";
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  EXPECT_EQ(StatusOfProgram([&] {
              static ProcessPoolExecutor pool(1);
              pool.submit(WriteLine, file, "apple");
            }),
            0);
  EXPECT_THAT(LinesOf(file), ElementsAre("apple"));
}

// test_submit_after_interpreter_shutdown
TEST(CPythonShutdown, SubmitAfterInterpreterShutdown) {
  if (kSanitized) GTEST_SKIP() << "the leak checker stops a child of this process at its end";
  ScratchFolder folder;
  static std::string file;
  file = folder.file("error");
  EXPECT_EQ(StatusOfProgram([] {
              static ProcessPoolExecutor* const pool = new ProcessPoolExecutor(1);
              pool->submit(Square, 2).result();
              atexit([] {
                try {
                  pool->shutdown();
                  pool->submit(Square, 3);
                } catch (const std::runtime_error& e) {
                  WriteLine(file, e.what());
                }
              });
            }),
            0);
  EXPECT_THAT(LinesOf(file), ElementsAre(HasSubstr("shutdown")));
}

// test_hang_issue12364
TEST(CPythonShutdown, HangIssue12364) {
  ProcessPoolExecutor pool(3);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(Square, i));
  pool.shutdown();
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(futures[i].done());
    EXPECT_EQ(futures[i].result(), i * i);
  }
}

// test_cancel_futures
TEST(CPythonShutdown, CancelFutures) {
  RemoteGate gate;
  ProcessPoolExecutor pool(5);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(PassGate, gate.path(), i));
  ASSERT_TRUE(gate.AwaitArrivals(1));
  pool.shutdown({.wait = false, .cancel_futures = true});
  gate.Open();
  pool.shutdown();
  int cancelled = 0;
  int finished = 0;
  for (const auto& future : futures) {
    EXPECT_TRUE(future.done());
    if (future.cancelled()) {
      ++cancelled;
    } else {
      EXPECT_EQ(future.exception(), nullptr);
      ++finished;
    }
  }
  EXPECT_GT(cancelled, 20);
  EXPECT_GE(finished, 1);
}

// test_hang_gh83386
TEST(CPythonShutdown, HangGh83386) {
  if (kSanitized) GTEST_SKIP() << "the leak checker stops a child of this process at its end";
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  EXPECT_EQ(StatusOfProgram([&] {
              static ProcessPoolExecutor pool(1);
              pool.submit(WriteLine, file, "apple");
              pool.shutdown({.wait = false});
            }),
            0);
  EXPECT_THAT(LinesOf(file), ElementsAre("apple"));
}

// test_hang_gh94440
TEST(CPythonShutdown, HangGh94440) {
  for (int round = 0; round < 20; ++round) {
    ProcessPoolExecutor pool(1);
    pool.submit(Square, 1).result();
    pool.submit(Square, 1).cancel();
    pool.shutdown();
  }
}

// test_cancel_futures_wait_false
TEST(CPythonShutdown, CancelFuturesWaitFalse) {
  if (kSanitized) GTEST_SKIP() << "the leak checker stops a child of this process at its end";
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  EXPECT_EQ(StatusOfProgram([&] {
              static ProcessPoolExecutor pool(1);
              pool.submit(WriteLine, file, "apple");
              pool.shutdown({.wait = false, .cancel_futures = true});
            }),
            0);
  EXPECT_THAT(LinesOf(file), testing::AnyOf(IsEmpty(), ElementsAre("apple")));
}

// test_processes_terminate
TEST(CPythonShutdown, ProcessesTerminate) {
  ProcessPoolExecutor pool(3);
  for (int i = 0; i < 15; ++i) pool.submit(Square, i);
  pool.submit(Square, 1).result();
  const std::vector<pid_t> pids = pool.worker_pids();
  EXPECT_GE(pids.size(), 1u);
  EXPECT_LE(pids.size(), 3u);
  pool.shutdown();
  for (const pid_t pid : pids) EXPECT_TRUE(IsGone(pid));
}

// test_context_manager_shutdown, test_del_shutdown
TEST(CPythonShutdown, ContextManagerShutdown) {
  std::vector<pid_t> pids;
  {
    ProcessPoolExecutor pool(2);
    int next = 0;
    for (const int square : pool.map(Square, {0, 1, 2, 3})) {
      EXPECT_EQ(square, next * next);
      ++next;
    }
    pids = pool.worker_pids();
  }
  for (const pid_t pid : pids) EXPECT_TRUE(IsGone(pid));
}

TEST(CPythonShutdown, ContextManagerShutdownWhenLeftByAnException) {
  Future<int> future;
  try {
    ProcessPoolExecutor pool(1);
    future = pool.submit(Square, 5);
    throw std::logic_error("leave");
  } catch (const std::logic_error&) {
  }
  EXPECT_TRUE(future.done());
  EXPECT_EQ(future.result(), 25);
}

// test_shutdown_no_wait (of processes)
TEST(CPythonShutdown, ShutdownNoWait) {
  ProcessPoolExecutor pool(3);
  auto results = pool.map(Square, {-5, -4, -3, 3, 4, 5});
  const std::vector<pid_t> pids = pool.worker_pids();
  pool.shutdown({.wait = false});
  for (const int expected : {25, 16, 9, 9, 16, 25}) EXPECT_EQ(results.next(), expected);
  for (const pid_t pid : pids) EXPECT_TRUE(Eventually([&] { return IsGone(pid); }));
}

// test_shutdown_gh_132969_case_1, test_shutdown_gh_132969_case_2
TEST(CPythonShutdown, ShutdownGh132969) {
  for (const int workers : {2, 4}) {
    ProcessPoolExecutor pool({.max_workers = workers, .max_tasks_per_child = 1});
    const auto bad = pool.submit(Fail, 1);
    const auto good = pool.submit(Square, 2);
    EXPECT_THROW(bad.result(), std::runtime_error);
    pool.shutdown({.wait = false});
    EXPECT_EQ(good.result(), 4);
  }
}

// test_init.py

std::string initializer_status = "uninitialized";
void SetStatus(const std::string& status) { initializer_status = status; }
std::string StatusAfterGate(const std::string& gate) {
  PassGate(gate, 0);
  return initializer_status;
}
void FailToInitialize() { throw std::invalid_argument("error in initializer"); }

// test_initializer
TEST(CPythonInit, Initializer) {
  RemoteGate gate;
  ProcessPoolExecutor pool(
      {.max_workers = 2, .initializer = initializer(SetStatus, "initialized")});
  std::vector<Future<std::string>> futures;
  for (int i = 0; i < 2; ++i) futures.push_back(pool.submit(StatusAfterGate, gate.path()));
  ASSERT_TRUE(gate.AwaitArrivals(2));
  gate.Open();
  for (const auto& future : futures) EXPECT_EQ(future.result(), "initialized");
}

// test_initializer, the failing one
TEST(CPythonInit, FailingInitializer) {
  ProcessPoolExecutor pool({.max_workers = 2, .initializer = initializer(FailToInitialize)});
  testing::internal::CaptureStderr();
  const auto future = pool.submit(Square, 1);
  EXPECT_THROW(future.result(), BrokenProcessPool);
  EXPECT_THROW(pool.submit(Square, 1), BrokenProcessPool);
  pool.shutdown();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("error in initializer"));
}

// test_spawn, test_forkserver: nothing is left behind by an initializer that fails.
TEST(CPythonInit, FailingInitializerLeavesNothing) {
  const auto count = [](const char* folder) {
    std::error_code ignored;
    return std::distance(std::filesystem::directory_iterator(folder, ignored),
                         std::filesystem::directory_iterator());
  };
  const auto fail = [] {
    ProcessPoolExecutor pool({.max_workers = 2, .initializer = initializer(FailToInitialize)});
    const auto future = pool.submit(Square, 1);
    EXPECT_THROW(future.result(), BrokenProcessPool);
  };
  fail();
  const auto descriptors = count("/proc/self/fd");
  fail();
  fail();
  EXPECT_EQ(count("/proc/self/fd"), descriptors);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no child, dead or alive
}

}  // namespace
}  // namespace cohort
