// The end of a process pool, and what is left of it: nothing.

#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
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

using testing::HasSubstr;

// The descriptors of this process that are open now.
std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

TEST(ProcessPoolShutdown, OfAPoolThatWasNeverUsed) {
  ProcessPoolExecutor pool(2);
  pool.shutdown({.wait = false});
  pool.shutdown();
  pool.shutdown({.wait = true, .cancel_futures = true});
}

TEST(ProcessPoolShutdown, SaysWhyNothingIsAccepted) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Square, 2).result(), 4);
  pool.shutdown();
  for (const auto& call : {+[](ProcessPoolExecutor& p) { p.submit(Square, 2); },
                           +[](ProcessPoolExecutor& p) { p.post(Square, 2); },
                           +[](ProcessPoolExecutor& p) {
                             p.map(Square, {1, 2});
                           }}) {
    try {
      call(pool);
      ADD_FAILURE() << "accepted";
    } catch (const std::runtime_error& e) {
      EXPECT_THAT(e.what(), HasSubstr("shutdown"));
    }
  }
}

TEST(ProcessPoolShutdown, WaitsForTheTasksAndTheWorkers) {
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  ProcessPoolExecutor pool(2);
  for (int i = 0; i < 100; ++i) pool.post(WriteLine, file, "x");
  pool.submit(Square, 1).result();
  const std::vector<pid_t> pids = pool.worker_pids();
  pool.shutdown();
  EXPECT_EQ(LinesOf(file).size(), 100u);
  for (const pid_t pid : pids) EXPECT_TRUE(IsGone(pid));
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProcessPoolShutdown, WithoutWaitingStillRunsEverything) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(PassGate, gate.path(), i));
  pool.shutdown({.wait = false});
  EXPECT_THROW(pool.submit(Square, 1), Error);
  gate.Open();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(futures[i].result(), i);
  EXPECT_TRUE(Eventually([&] { return pool.stats().workers == 0; }));
}

TEST(ProcessPoolShutdown, CancelsWhatHasNotBegun) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) {
    futures.push_back(pool.submit({.priority = i % 3}, PassGate, gate.path(), i));
  }
  ASSERT_TRUE(gate.AwaitArrivals(2));
  pool.shutdown({.wait = false, .cancel_futures = true});
  gate.Open();
  pool.shutdown();
  EXPECT_EQ(gate.arrived(), 2);
  int cancelled = 0;
  for (const auto& future : futures) {
    EXPECT_TRUE(future.done());
    cancelled += future.cancelled() ? 1 : 0;
    if (!future.cancelled()) {
      EXPECT_EQ(future.exception(), nullptr);
    }
  }
  EXPECT_EQ(cancelled, 48);
  EXPECT_EQ(pool.stats().cancelled, 48u);
  EXPECT_EQ(pool.stats().succeeded, 2u);
}

TEST(ProcessPoolShutdown, CancellingMayComeLater) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 1);
  const auto waiting = pool.submit(Square, 2);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  pool.shutdown({.wait = false});
  EXPECT_FALSE(waiting.done());
  pool.shutdown({.wait = false, .cancel_futures = true});
  EXPECT_TRUE(waiting.cancelled());
  gate.Open();
  EXPECT_EQ(running.result(), 1);
}

TEST(ProcessPoolShutdown, FuturesOutliveThePool) {
  RemoteGate gate;
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  const auto fine = pool->submit(Square, 3);
  const auto bad = pool->submit(Throw, "bad");
  const auto dead = pool->submit(ExitWith, 4);
  const auto busy = pool->submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto cancelled = pool->submit(Square, 3);
  cancelled.cancel();
  gate.Open();
  pool.reset();
  EXPECT_EQ(fine.result(), 9);
  EXPECT_EQ(MessageOf(bad), "bad");
  EXPECT_THROW(dead.result(), WorkerDied);
  EXPECT_THROW(cancelled.result(), CancelledError);
  EXPECT_FALSE(fine.cancel());
  EXPECT_FALSE(fine.request_stop());
  EXPECT_FALSE(fine.running());
}

TEST(ProcessPoolShutdown, ByManyThreadsAtOnce) {
  for (int round = 0; round < 10; ++round) {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> futures;
    for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(Square, i));
    RunThreads(3, [&](int t) { pool.shutdown({.wait = t != 1, .cancel_futures = t == 2}); });
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(futures[i].done());
      if (!futures[i].cancelled()) {
        EXPECT_EQ(futures[i].result(), i * i);
      }
    }
  }
}

TEST(ProcessPoolShutdown, WhileOthersSubmit) {
  for (int round = 0; round < 10; ++round) {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> accepted;
    std::thread submitter([&] {
      try {
        while (true) accepted.push_back(pool.submit(Square, 5));
      } catch (const Error&) {
      }
    });
    pool.submit(Square, 1).result();
    pool.shutdown();
    submitter.join();
    for (const auto& each : accepted) EXPECT_EQ(each.result(), 25);
  }
}

TEST(ProcessPoolShutdown, LeavesNoDescriptorAndNoThread) {
  const auto use = [] {
    ProcessPoolExecutor pool({.max_workers = 2, .max_tasks_per_child = 2});
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool.submit(Square, i));
    futures.push_back(pool.submit(ExitWith, 1));
    for (const auto& future : futures) future.exception();
    pool.submit([](std::string text) { return text; }, std::string(3 << 20, 'x')).result();
  };
  use();  // what is made once and kept
  const std::size_t descriptors = OpenDescriptors();
  const std::size_t threads = ThreadsAlive();
  for (int i = 0; i < 5; ++i) use();
  EXPECT_EQ(OpenDescriptors(), descriptors);
  EXPECT_TRUE(Eventually([&] { return ThreadsAlive() <= threads; }));
}

TEST(ProcessPoolShutdown, InAForkedChildDoesNothing) {
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  const pid_t worker = pool->submit(WorkerPid).result();
  const pid_t child = fork();
  if (child == 0) {
    pool.reset();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(pool->submit(WorkerPid).result(), worker);
}

TEST(ProcessPoolShutdown, WorkersDieWithTheirParent) {
  RemoteGate gate;
  const pid_t parent = fork();
  if (parent == 0) {
    ProcessPoolExecutor pool(2);
    pool.post(ForEver, gate.path());
    pool.post(ForEver, gate.path());
    while (pool.stats().running < 2) sched_yield();
    for (const pid_t pid : pool.worker_pids())
      WriteLine(gate.path() + "/pids", std::to_string(pid));
    kill(getpid(), SIGKILL);
  }
  ASSERT_TRUE(gate.AwaitArrivals(2));
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  const std::vector<std::string> pids = LinesOf(gate.path() + "/pids");
  EXPECT_EQ(pids.size(), 2u);
  for (const std::string& pid : pids) {
    EXPECT_TRUE(Eventually([&] { return !IsAlive(std::stoi(pid)); })) << pid;
  }
}

// The first that comes goes on, all others wait.
void LetOneIn(const std::string& gate) {
  if (mkdir((gate + "/in").c_str(), 0700) == 0) return;
  PassGate(gate, 0);
}

TEST(ProcessPoolShutdown, WhileAWorkerInitializesBreaksNothing) {
  RemoteGate tasks;
  RemoteGate initializers;
  ProcessPoolExecutor pool(
      {.max_workers = 2, .initializer = initializer(LetOneIn, initializers.path())});
  const auto first = pool.submit(PassGate, tasks.path(), 1);
  const auto second = pool.submit(PassGate, tasks.path(), 2);
  ASSERT_TRUE(tasks.AwaitArrivals(1));
  ASSERT_TRUE(initializers.AwaitArrivals(1));
  pool.shutdown({.wait = false});
  // There is nothing to do for the worker that is not ready, so it is ended.
  EXPECT_TRUE(Eventually([&] { return pool.worker_pids().size() == 1; }));
  tasks.Open();
  EXPECT_EQ(first.result(), 1);
  EXPECT_EQ(second.result(), 2);
}

TEST(ProcessPoolShutdown, LeavesNothingInSharedMemoryFolder) {
  const auto count = [] {
    std::size_t files = 0;
    std::error_code ignored;
    for (const auto& each : std::filesystem::directory_iterator("/dev/shm", ignored)) {
      files += each.path().filename().string().find("cohort") != std::string::npos ? 1 : 0;
    }
    return files;
  };
  const std::size_t before = count();
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Square, 2).result(), 4);
  EXPECT_LE(count(), before);
}

}  // namespace
}  // namespace cohort
