// Twins of CPython's tests of its ProcessPoolExecutor (Lib/test/test_concurrent_futures,
// test_process_pool.py), each under the name of its model.
//
// Not here: test_max_workers_too_large and test_max_tasks_per_child_defaults_to_spawn_context, for
// there is no such limit and no such choice; test_force_shutdown_workers_invalid_op, for there are
// two member functions and no operation to name.

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using testing::HasSubstr;

// terminate_workers() and kill_workers().
struct Force {
  void (ProcessPoolExecutor::*end)();
  int signal;
};
constexpr Force kForces[] = {{&ProcessPoolExecutor::terminate_workers, SIGTERM},
                             {&ProcessPoolExecutor::kill_workers, SIGKILL}};

void BreakByInitializer() { throw std::runtime_error("broken on purpose"); }

// test_killed_child. Here the other tasks and the pool go on.
TEST(CPythonProcessPool, KilledChild) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  const auto killed = pool.submit(ForEver, gate.path());
  ASSERT_TRUE(gate.AwaitArrivals(1));
  kill(pool.worker_pids().at(0), SIGKILL);
  EXPECT_THROW(killed.result(), WorkerDied);
  EXPECT_EQ(pool.submit(Square, 2).result(), 4);
}

// test_broken_process_pool_traceback
TEST(CPythonProcessPool, EachBrokenFutureHasAnExceptionOfItsOwn) {
  RemoteGate gate;
  ProcessPoolExecutor pool({.max_workers = 1,
                            .initializer = initializer(
                                [](std::string path) {
                                  PassGate(path, 0);
                                  _exit(1);
                                },
                                gate.path())});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit(Square, i));
  gate.Open();
  std::set<const void*> objects;
  std::vector<std::exception_ptr> errors;
  for (const auto& future : futures) {
    errors.push_back(future.exception());
    try {
      std::rethrow_exception(errors.back());
    } catch (const BrokenProcessPool& e) {
      objects.insert(&e);
    }
  }
  EXPECT_EQ(objects.size(), 4u);
}

// test_map_chunksize
TEST(CPythonProcessPool, MapChunksize) {
  ProcessPoolExecutor pool(2);
  std::vector<int> numbers(20);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (const std::size_t chunksize : {6, 20, 50}) {
    int next = 0;
    for (const int square : pool.map({.chunksize = chunksize}, Square, numbers)) {
      EXPECT_EQ(square, next * next);
      ++next;
    }
    EXPECT_EQ(next, 20);
  }
}

// test_traceback. C++ exceptions carry no traceback; their type and text arrive.
TEST(CPythonProcessPool, Traceback) {
  ProcessPoolExecutor pool(1);
  const auto failed = pool.submit(Throw, "123");
  EXPECT_THROW(failed.result(), std::runtime_error);
  EXPECT_EQ(MessageOf(failed), "123");
}

// test_traceback_when_child_process_terminates_abruptly
TEST(CPythonProcessPool, TheExitCodeIsTold) {
  ProcessPoolExecutor pool(1);
  const auto dead = pool.submit(ExitWith, 99);
  EXPECT_THAT(MessageOf(dead), HasSubstr("99"));
}

// test_ressources_gced_in_workers: arguments are gone once the task is, not when the next one
// comes.
int alive_in_this_worker = 0;
class Resource {
 public:
  explicit Resource(int n = 0) : n_(n) { ++alive_in_this_worker; }
  Resource(const Resource& other) : n_(other.n_) { ++alive_in_this_worker; }
  Resource& operator=(const Resource&) = default;
  ~Resource() { --alive_in_this_worker; }
  int n() const { return n_; }

 private:
  int n_;
};

}  // namespace

template <>
struct ipc::Codec<Resource> {
  static void encode(Writer& writer, const Resource& value) { writer.WriteRaw(value.n()); }
  static Resource decode(Reader& reader) { return Resource(reader.ReadRaw<int>()); }
};

namespace {

TEST(CPythonProcessPool, ResourcesAreGoneInWorkers) {
  ProcessPoolExecutor pool(1);
  const auto alive_during = [](const Resource& resource) {
    return resource.n() + alive_in_this_worker;
  };
  EXPECT_GE(pool.submit(alive_during, Resource(100)).result(), 101);
  EXPECT_EQ(pool.submit([] { return alive_in_this_worker; }).result(), 0);
}

// test_saturation
TEST(CPythonProcessPool, Saturation) {
  RemoteGate gate;
  ProcessPoolExecutor pool(3);
  std::vector<Future<pid_t>> futures;
  for (int i = 0; i < 15 * 3; ++i) futures.push_back(pool.submit(PidAfterGate, gate.path()));
  ASSERT_TRUE(gate.AwaitArrivals(3));
  EXPECT_EQ(pool.stats().workers, 3);
  EXPECT_EQ(pool.stats().running, 3u);
  gate.Open();
  std::set<pid_t> pids;
  for (const auto& future : futures) pids.insert(future.result());
  EXPECT_LE(pids.size(), 3u);
}

// test_idle_process_reuse_one
TEST(CPythonProcessPool, IdleProcessReuseOne) {
  ProcessPoolExecutor pool(4);
  pool.submit(Square, 21).result();
  pool.submit(Square, 6).result();
  pool.submit(Square, 3).result();
  EXPECT_EQ(pool.worker_pids().size(), 1u);
}

// test_idle_process_reuse_multiple
TEST(CPythonProcessPool, IdleProcessReuseMultiple) {
  RemoteGate gate;
  ProcessPoolExecutor pool(4);
  const auto one = pool.submit(PassGate, gate.path(), 1);
  const auto two = pool.submit(PassGate, gate.path(), 2);
  ASSERT_TRUE(gate.AwaitArrivals(2));
  gate.Open();
  one.result();
  two.result();
  for (int i = 0; i < 10; ++i) pool.submit(Square, i).result();
  EXPECT_LE(pool.worker_pids().size(), 2u);
}

// test_max_tasks_per_child
TEST(CPythonProcessPool, MaxTasksPerChild) {
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 3});
  const pid_t first = pool.submit(WorkerPid).result();
  EXPECT_EQ(pool.submit(WorkerPid).result(), first);
  EXPECT_EQ(pool.submit(WorkerPid).result(), first);
  EXPECT_NE(pool.submit(WorkerPid).result(), first);
  EXPECT_LE(pool.stats().workers, 1);
}

// test_max_tasks_per_child_pending_tasks_gh115634
TEST(CPythonProcessPool, MaxTasksPerChildPendingTasks) {
  for (const auto& [workers, tasks] : {std::pair(1, 6), std::pair(2, 8)}) {
    ProcessPoolExecutor pool({.max_workers = workers, .max_tasks_per_child = 2});
    std::vector<Future<int>> futures;
    for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(Square, i));
    for (int i = 0; i < tasks; ++i) EXPECT_EQ(futures[i].result(), i * i);
  }
}

// test_shutdown_no_wait_max_tasks_gh119592
TEST(CPythonProcessPool, ShutdownNoWaitMaxTasks) {
  for (int round = 0; round < 5; ++round) {
    std::vector<Future<int>> futures;
    {
      ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 1});
      for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(Square, i));
      pool.shutdown({.wait = false});
    }
    for (int i = 0; i < 6; ++i) EXPECT_EQ(futures[i].result(), i * i);
  }
}

// test_gc_during_max_tasks_worker_exit_gh152967: dropping the handle waits, and all ends well.
TEST(CPythonProcessPool, DroppedDuringMaxTasksWorkerExit) {
  for (int round = 0; round < 10; ++round) {
    Future<int> last;
    {
      ProcessPoolExecutor pool({.max_workers = 2, .max_tasks_per_child = 1});
      pool.submit(Square, 1).result();
      last = pool.submit(Square, 7);
    }
    EXPECT_EQ(last.result(), 49);
  }
}

// test_force_shutdown_during_max_tasks_worker_exit
TEST(CPythonProcessPool, ForceShutdownDuringMaxTasksWorkerExit) {
  for (const Force& force : kForces) {
    for (int round = 0; round < 5; ++round) {
      ProcessPoolExecutor pool({.max_workers = 2, .max_tasks_per_child = 1});
      std::vector<Future<int>> futures;
      for (int i = 0; i < 20; ++i) futures.push_back(pool.submit(Square, i));
      futures[0].result();
      (pool.*force.end)();
      pool.shutdown();
      EXPECT_EQ(pool.stats().workers, 0);
      for (const auto& future : futures) EXPECT_TRUE(future.done());
    }
  }
}

// test_failed_worker_replacement_breaks_pool, test_python_finalization_error: no process is to be
// had, for there are no descriptors.
TEST(CPythonProcessPool, FailedWorkerReplacementBreaksPool) {
  // UBSan takes each object for a wrong one when it can make no pipe to look at it with.
  if (kSanitized) GTEST_SKIP() << "a sanitizer needs descriptors itself";
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 1});
  EXPECT_EQ(pool.submit(Square, 2).result(), 4);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  std::string message = "not broken";
  try {
    pool.submit(Square, 3).result();
  } catch (const BrokenProcessPool& e) {
    message = e.what();
  }
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_THAT(message, HasSubstr("no worker process could be started"));
  EXPECT_THROW(pool.submit(Square, 4), BrokenProcessPool);
}

// test_max_tasks_early_shutdown
TEST(CPythonProcessPool, MaxTasksEarlyShutdown) {
  std::vector<Future<int>> futures;
  {
    ProcessPoolExecutor pool({.max_workers = 3, .max_tasks_per_child = 1});
    for (int i = 0; i < 6; ++i) futures.push_back(pool.submit(Square, i));
    pool.shutdown();
  }
  for (int i = 0; i < 6; ++i) EXPECT_EQ(futures[i].result(), i * i);
}

// test_terminate_workers, test_kill_workers, test_force_shutdown_workers (both)
TEST(CPythonProcessPool, ForceShutdownWorkers) {
  for (const Force& force : kForces) {
    ScratchFolder folder;
    RemoteGate gate;
    ProcessPoolExecutor pool(1);
    const auto pass_and_write = [](const std::string& path, const std::string& file) {
      PassGate(path, 0);
      return WriteLine(file, "later");
    };
    const auto blocked = pool.submit(pass_and_write, gate.path(), folder.file("later"));
    ASSERT_TRUE(gate.AwaitArrivals(1));
    const pid_t pid = pool.worker_pids().at(0);
    (pool.*force.end)();
    try {
      blocked.result();
      ADD_FAILURE();
    } catch (const WorkerDied& e) {
      EXPECT_EQ(e.signal(), force.signal);
    }
    pool.shutdown();
    EXPECT_TRUE(IsGone(pid));
    gate.Open();
    EXPECT_THAT(LinesOf(folder.file("later")), testing::IsEmpty());
  }
}

// test_force_shutdown_workers_dead_workers (both)
TEST(CPythonProcessPool, ForceShutdownWorkersDeadWorkers) {
  for (const Force& force : kForces) {
    ProcessPoolExecutor pool({.max_workers = 1, .initializer = initializer(BreakByInitializer)});
    const auto broken = pool.submit(Square, 1);
    EXPECT_THROW(broken.result(), BrokenProcessPool);
    (pool.*force.end)();
    (pool.*force.end)();
  }
}

// test_force_shutdown_workers_not_started_yet (both)
TEST(CPythonProcessPool, ForceShutdownWorkersNotStartedYet) {
  for (const Force& force : kForces) {
    ProcessPoolExecutor pool(2);
    (pool.*force.end)();
    EXPECT_EQ(pool.stats().workers, 0);
  }
}

// test_force_shutdown_workers_stops_pool (both)
TEST(CPythonProcessPool, ForceShutdownWorkersStopsPool) {
  for (const Force& force : kForces) {
    ProcessPoolExecutor pool(1);
    const pid_t pid = pool.submit(WorkerPid).result();
    (pool.*force.end)();
    EXPECT_THROW(pool.submit(Square, 2), Error);
    EXPECT_TRUE(Eventually([&] { return IsGone(pid); }));
  }
}

}  // namespace
}  // namespace cohort
