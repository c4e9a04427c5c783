// Twins of CPython's tests of deadlocks (Lib/test/test_concurrent_futures, test_deadlock.py), each
// under the name of its model. What would hang there hangs here, until the test's time is over.

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {

enum class Deed { kNothing, kThrow, kExit, kCrash };

inline void Do(Deed deed) {
  if (deed == Deed::kThrow) throw std::range_error("error");
  if (deed == Deed::kExit) _exit(1);
  if (deed == Deed::kCrash) Crash(SIGSEGV);
}

// What happens when a value of this type is encoded, and when it is decoded.
struct Trap {
  Deed at_encode = Deed::kNothing;
  Deed at_decode = Deed::kNothing;
};

template <>
struct ipc::Codec<Trap> {
  static void encode(Writer& writer, const Trap& value) {
    Do(value.at_encode);
    writer.WriteRaw(value.at_decode);
  }
  static Trap decode(Reader& reader) {
    Do(reader.ReadRaw<Deed>());
    return {};
  }
};

namespace {

int Take(Trap /*trap*/) { return 1; }
Trap Make(Deed at_encode, Deed at_decode) { return {at_encode, at_decode}; }
int DoIt(Deed deed) {
  Do(deed);
  return 1;
}

// CPython's check: the future fails in that way, and the end of the pool hangs in none.
template <typename E, typename... Call>
void ExpectFailure(const Call&... call) {
  ProcessPoolExecutor pool(2);
  const auto future = pool.submit(call...);
  EXPECT_THROW(future.result(), E);
  EXPECT_EQ(pool.submit(DoIt, Deed::kNothing).result(), 1);
  pool.shutdown();
}

// test_error_at_task_pickle
TEST(CPythonDeadlock, ErrorAtTaskPickle) {
  ExpectFailure<std::range_error>(Take, Trap{.at_encode = Deed::kThrow});
}

// test_exit_at_task_unpickle, test_error_at_task_unpickle, test_crash_at_task_unpickle
TEST(CPythonDeadlock, ExitAtTaskUnpickle) {
  ExpectFailure<WorkerDied>(Take, Trap{.at_decode = Deed::kExit});
}
TEST(CPythonDeadlock, ErrorAtTaskUnpickle) {
  ExpectFailure<std::range_error>(Take, Trap{.at_decode = Deed::kThrow});
}
TEST(CPythonDeadlock, CrashAtTaskUnpickle) {
  ExpectFailure<WorkerDied>(Take, Trap{.at_decode = Deed::kCrash});
}

// test_crash_during_func_exec_on_worker, test_exit_during_func_exec_on_worker,
// test_error_during_func_exec_on_worker
TEST(CPythonDeadlock, CrashDuringFuncExecOnWorker) {
  ExpectFailure<WorkerDied>(DoIt, Deed::kCrash);
}
TEST(CPythonDeadlock, ExitDuringFuncExecOnWorker) { ExpectFailure<WorkerDied>(DoIt, Deed::kExit); }
TEST(CPythonDeadlock, ErrorDuringFuncExecOnWorker) {
  ExpectFailure<std::range_error>(DoIt, Deed::kThrow);
}

// exit() with all its handlers, which Python's SystemExit is nearest to.
TEST(CPythonDeadlock, OrderlyExitDuringFuncExecOnWorker) {
  ProcessPoolExecutor pool(1);
  const auto dead = pool.submit([](int status) -> int { exit(status); }, 7);
  try {
    dead.result();
    FAIL();
  } catch (const WorkerDied& e) {
    EXPECT_EQ(e.exit_status(), 7);
  }
}

// test_crash_during_result_pickle_on_worker, test_exit_during_result_pickle_on_worker,
// test_error_during_result_pickle_on_worker
TEST(CPythonDeadlock, CrashDuringResultPickleOnWorker) {
  ExpectFailure<WorkerDied>(Make, Deed::kCrash, Deed::kNothing);
}
TEST(CPythonDeadlock, ExitDuringResultPickleOnWorker) {
  ExpectFailure<WorkerDied>(Make, Deed::kExit, Deed::kNothing);
}
TEST(CPythonDeadlock, ErrorDuringResultPickleOnWorker) {
  ExpectFailure<std::range_error>(Make, Deed::kThrow, Deed::kNothing);
}

// test_error_during_result_unpickle_in_result_handler. That of exit has no twin: it would end this
// process.
TEST(CPythonDeadlock, ErrorDuringResultUnpickleInResultHandler) {
  ExpectFailure<std::range_error>(Make, Deed::kNothing, Deed::kThrow);
}

// test_shutdown_deadlock
TEST(CPythonDeadlock, ShutdownDeadlock) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  const auto crash_after_gate = [](const std::string& path) {
    PassGate(path, 0);
    return Crash(SIGKILL);
  };
  const auto dead = pool.submit(crash_after_gate, gate.path());
  ASSERT_TRUE(gate.AwaitArrivals(1));
  pool.shutdown({.wait = false});
  gate.Open();
  EXPECT_THROW(dead.result(), WorkerDied);
  pool.shutdown();
}

// test_shutdown_deadlock_pickle
TEST(CPythonDeadlock, ShutdownDeadlockPickle) {
  ProcessPoolExecutor pool(2);
  pool.submit(DoIt, Deed::kNothing).result();
  const auto failed = pool.submit(Take, Trap{.at_encode = Deed::kThrow});
  pool.shutdown({.wait = false});
  EXPECT_THROW(failed.result(), std::range_error);
  pool.shutdown();
}

// test_crash_big_data
TEST(CPythonDeadlock, CrashBigData) {
  ProcessPoolExecutor pool(2);
  const auto die = [](const std::string& data) {
    if (!data.empty()) Crash(SIGKILL);
    return 1;
  };
  const auto die_before_reading = [](Trap /*trap*/, const std::string& /*data*/) { return 1; };
  const std::string data(std::size_t{20} << 20, 'a');
  EXPECT_THROW(pool.submit(die, data).result(), WorkerDied);
  EXPECT_THROW(pool.submit(die_before_reading, Trap{.at_decode = Deed::kCrash}, data).result(),
               WorkerDied);
  EXPECT_EQ(pool.submit(DoIt, Deed::kNothing).result(), 1);
}

// test_gh105829_should_not_deadlock_if_wakeup_pipe_full
TEST(CPythonDeadlock, ShouldNotDeadlockIfWakeupPipeFull) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  Gate stalled;
  pool.submit(Square, 1).add_done_callback([&](const Future<int>&) { stalled.Pass(); });
  stalled.AwaitArrivals(1);
  const auto blocked = pool.submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20'000; ++i) futures.push_back(pool.submit(Square, i % 100));
  stalled.Open();
  gate.Open();
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(futures[i].result(), (i % 100) * (i % 100));
}

}  // namespace
}  // namespace cohort
