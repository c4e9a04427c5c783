// Callbacks, which run on a thread of the pool's that does nothing else, and pools inside workers.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

TEST(ProcessPoolCallback, IsCalledOnceWithTheOutcome) {
  ProcessPoolExecutor pool(1);
  std::atomic<int> calls{0};
  const auto count = [&](const Future<int>& future) {
    EXPECT_TRUE(future.done());
    ++calls;
  };
  const auto fine = pool.submit(Square, 3);
  const auto bad = pool.submit(Throw, "bad");
  const auto dead = pool.submit(ExitWith, 1);
  for (const auto& future : {fine, bad, dead}) future.add_done_callback(count);
  EXPECT_EQ(fine.result(), 9);
  EXPECT_NE(bad.exception(), nullptr);
  EXPECT_NE(dead.exception(), nullptr);
  pool.shutdown();
  EXPECT_EQ(calls, 3);
}

// Answers that come after somebody has fetched his own, and gone, are fetched nevertheless.
TEST(ProcessPoolCallback, IsCalledWhenWhoWaitedForOthersHasLeft) {
  ProcessPoolExecutor pool(2);
  for (int round = 0; round < 200; ++round) {
    EXPECT_EQ(pool.submit(Square, round).result(), round * round);
    std::atomic<int> calls{0};
    for (int i = 0; i < 3; ++i) {
      pool.submit(Square, i).add_done_callback([&](const Future<int>&) { ++calls; });
    }
    ASSERT_TRUE(Eventually([&] { return calls == 3; }));
  }
}

TEST(ProcessPoolCallback, MayWaitForAnotherFutureOfItsPool) {
  ProcessPoolExecutor pool(1);
  Promise<int> sum;
  const auto first = pool.submit(Square, 3);
  first.add_done_callback([&](const Future<int>& done) {
    sum.set_result(done.result() + pool.submit(Square, 4).result());
  });
  EXPECT_EQ(sum.future().result(), 25);
}

TEST(ProcessPoolCallback, MayWaitForOneWhoseCallbackWaitsToo) {
  ProcessPoolExecutor pool(1);
  Promise<void> deepest;
  const Future<void> reached = deepest.future();
  std::function<void(int)> go_deeper = [&](int levels) {
    const auto future = pool.submit(Square, levels);
    if (levels == 0) return deepest.set_result();
    future.add_done_callback([&, levels](const Future<int>&) { go_deeper(levels - 1); });
    reached.result();  // by one of the callbacks that come after
  };
  go_deeper(5);
  EXPECT_TRUE(reached.done());
  pool.shutdown();
}

TEST(ProcessPoolCallback, ASlowOneHoldsUpNoTask) {
  ProcessPoolExecutor pool(1);
  Gate gate;
  const auto first = pool.submit(Square, 3);
  first.add_done_callback([&](const Future<int>&) { gate.Pass(); });
  gate.AwaitArrivals(1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pool.submit(Square, i).result(), i * i);
  // Nor one that must be decoded by a thread of its own, nor a death.
  const auto large =
      pool.submit([](std::size_t n) { return std::string(n, 'x'); }, std::size_t{2} << 20);
  EXPECT_EQ(large.result().size(), std::size_t{2} << 20);
  EXPECT_THROW(pool.submit(ExitWith, 1).result(), WorkerDied);
  EXPECT_EQ(pool.submit(Square, 5).result(), 25);
  const auto thrown = pool.submit([] { throw std::runtime_error("thrown"); });
  EXPECT_NE(thrown.exception(std::chrono::minutes(1)), nullptr);
  gate.Open();
}

TEST(ProcessPoolCallback, OfATaskThatIsCancelledRunsInTheCancellingThread) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto busy = pool.submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto behind = pool.submit(Square, 1);
  std::thread::id called_by;
  behind.add_done_callback([&](const Future<int>& f) {
    called_by = std::this_thread::get_id();
    EXPECT_TRUE(f.cancelled());
  });
  EXPECT_TRUE(behind.cancel());
  EXPECT_EQ(called_by, std::this_thread::get_id());
  gate.Open();
}

TEST(ProcessPoolCallback, MaySubmitMore) {
  ProcessPoolExecutor pool(2);
  std::atomic<int> left{100};
  Promise<void> all;
  std::function<void(const Future<int>&)> again = [&](const Future<int>&) {
    if (--left == 0) return all.set_result();
    pool.submit(Square, 1).add_done_callback(again);
  };
  pool.submit(Square, 1).add_done_callback(again);
  all.future().result();
}

TEST(ProcessPoolCallback, ThenChains) {
  ProcessPoolExecutor pool(1);
  const auto text = pool.submit(Square, 3)
                        .then([&](const Future<int>& f) { return pool.submit(Square, f.result()); })
                        .then([](const Future<int>& f) { return std::to_string(f.result()); });
  EXPECT_EQ(text.result(), "81");
}

TEST(ProcessPoolCallback, MayShutDown) {
  for (const bool cancel : {false, true}) {
    ProcessPoolExecutor pool(1);
    Promise<void> called;
    pool.submit(Square, 2).add_done_callback([&](const Future<int>&) {
      pool.shutdown({.wait = true, .cancel_futures = cancel});
      called.set_result();
    });
    called.future().result();
    EXPECT_THROW(pool.submit(Square, 2), Error);
  }
}

TEST(ProcessPoolCallback, MayDestroyThePool) {
  RemoteGate gate;
  auto pool = std::make_unique<ProcessPoolExecutor>(1);
  Promise<void> destroyed;
  const auto future = pool->submit(PassGate, gate.path(), 7);
  future.add_done_callback(
      [&, owned = std::shared_ptr(std::move(pool))](const Future<int>&) mutable {
        owned.reset();
        destroyed.set_result();
      });
  gate.Open();
  destroyed.future().result();
  EXPECT_EQ(future.result(), 7);
}

TEST(ProcessPoolCallback, WaitAndAsCompletedOverTwoPools) {
  ProcessPoolExecutor first(1);
  ProcessPoolExecutor second(1);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) futures.push_back((i % 2 == 0 ? first : second).submit(Square, i));
  int sum = 0;
  for (const Future<int>& each : as_completed(futures)) sum += each.result();
  EXPECT_EQ(sum, 2470);
  EXPECT_EQ(wait(futures).done.size(), 20u);
}

TEST(ProcessPoolCallback, ManyThreadsWaitForOnePool) {
  ProcessPoolExecutor pool(2);
  RunThreads(4, [&](int t) {
    for (int i = 0; i < 100; ++i) {
      const int n = 1000 * t + i;
      EXPECT_EQ(pool.submit(Square, n).result(), n * n);
    }
  });
}

// The thread that waits fetches answers for all; when it gives up, others must go on.
TEST(ProcessPoolCallback, WaitersThatGiveUp) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  const auto blocked = pool.submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  for (int i = 0; i < 50; ++i) {
    const auto quick = pool.submit(Square, i);
    EXPECT_THROW(blocked.result(std::chrono::milliseconds(1)), TimeoutError);
    EXPECT_EQ(quick.result(), i * i);
  }
  gate.Open();
  EXPECT_EQ(blocked.result(), 1);
}

// Pools in workers.

int SumInNestedPool(int n) {
  ProcessPoolExecutor pool(2);
  int sum = 0;
  for (const int square : pool.map(Square, std::vector<int>{n, n + 1, n + 2})) sum += square;
  return sum;
}
int Deepest(int levels) {
  if (levels == 0) return 1;
  ProcessPoolExecutor pool(1);
  return 1 + pool.submit(Deepest, levels - 1).result();
}
int ThroughNestedPool(int status) {
  ProcessPoolExecutor pool(1);
  try {
    return pool.submit(ExitWith, status).result();
  } catch (const WorkerDied& e) {
    return e.exit_status();
  }
}
std::vector<pid_t> LeaveNestedWorker(const std::string& gate) {
  auto* const leaked = new ProcessPoolExecutor(1);
  leaked->submit(WorkerPid).result();
  std::vector<pid_t> pids = leaked->worker_pids();
  ArriveAt(gate);
  return pids;
}

TEST(ProcessPoolNested, APoolInAWorker) {
  ProcessPoolExecutor pool(2);
  const auto a = pool.submit(SumInNestedPool, 1);
  const auto b = pool.submit(SumInNestedPool, 10);
  EXPECT_EQ(a.result(), 14);
  EXPECT_EQ(b.result(), 365);
}

TEST(ProcessPoolNested, SomeLevelsDeep) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Deepest, 3).result(), 4);
}

TEST(ProcessPoolNested, ADeathInside) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(ThroughNestedPool, 5).result(), 5);
}

TEST(ProcessPoolNested, NothingOutlivesAWorkerThatIsKilled) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const std::vector<pid_t> inner = pool.submit(LeaveNestedWorker, gate.path()).result();
  ASSERT_EQ(inner.size(), 1u);
  EXPECT_TRUE(IsAlive(inner[0]));
  pool.kill_workers();
  pool.shutdown();
  EXPECT_TRUE(Eventually([&] { return !IsAlive(inner[0]); }));
}

}  // namespace
}  // namespace cohort
