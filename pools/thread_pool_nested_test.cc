// Tasks that wait for other tasks: of their own pool, of another, in every way that there is.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

#include "futures/combinators.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

using std::chrono::milliseconds;

class Nested : public testing::TestWithParam<int> {
 protected:
  // What max_workers promises holds again when all waits are over.
  void ExpectAtMostMaxWorkersAtWork() {
    Gate gate;
    std::atomic<int> at_work{0};
    const int workers = pool_.max_workers();
    std::vector<Future<void>> futures;
    for (int i = 0; i < 4 * workers; ++i) {
      futures.push_back(pool_.submit([&] {
        ++at_work;
        gate.Pass();
      }));
    }
    gate.AwaitArrivals(workers);
    for (int i = 0; i < 1'000; ++i) sched_yield();
    EXPECT_EQ(at_work, workers);
    gate.Open();
    wait(futures);
  }

  ThreadPoolExecutor pool_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Workers, Nested, testing::Values(1, 2, 4));

int Chain(ThreadPoolExecutor& pool, int depth) {
  return depth == 0 ? 0 : 1 + pool.submit(Chain, std::ref(pool), depth - 1).result();
}

TEST_P(Nested, ChainOfThousand) {
  EXPECT_EQ(pool_.submit(Chain, std::ref(pool_), 1'000).result(), 1'000);
  ExpectAtMostMaxWorkersAtWork();
}

TEST_P(Nested, ChainOfAHundredThousand) {
  if (kSanitized) GTEST_SKIP() << "needs more stacks than a sanitizer has room for";
  EXPECT_EQ(pool_.submit(Chain, std::ref(pool_), 100'000).result(), 100'000);
  ExpectAtMostMaxWorkersAtWork();
}

// A wait that can end early cannot be used to run the task on top of it: each takes a thread.
int BlockingChain(ThreadPoolExecutor& pool, int depth) {
  if (depth == 0) return 0;
  return 1 + pool.submit(BlockingChain, std::ref(pool), depth - 1).result(std::chrono::hours(1));
}

TEST_P(Nested, ChainOfWaitsWithTimeouts) {
  EXPECT_EQ(pool_.submit(BlockingChain, std::ref(pool_), 60).result(), 60);
  ExpectAtMostMaxWorkersAtWork();
  EXPECT_EQ(pool_.submit(BlockingChain, std::ref(pool_), 60).result(), 60);
  EXPECT_LE(pool_.stats().workers, 60 + 2 * pool_.max_workers());  // the spare ones are used again
}

int Fibonacci(ThreadPoolExecutor& pool, int n) {
  if (n < 2) return n;
  auto one = pool.submit(Fibonacci, std::ref(pool), n - 1);
  auto two = pool.submit(Fibonacci, std::ref(pool), n - 2);
  return one.result() + two.result();
}

TEST_P(Nested, ForkAndJoin) {
  EXPECT_EQ(pool_.submit(Fibonacci, std::ref(pool_), kSanitized ? 12 : 18).result(),
            kSanitized ? 144 : 2584);
  ExpectAtMostMaxWorkersAtWork();
}

TEST_P(Nested, FanOutInsideFanOut) {
  const auto inner = [this](int base) {
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool_.submit(std::plus<int>(), base, i));
    int sum = 0;
    for (const auto& future : futures) sum += future.result();
    return sum;
  };
  const auto outer = [&](int base) {
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool_.submit(inner, base + 10 * i));
    int sum = 0;
    for (const auto& future : futures) sum += future.result();
    return sum;
  };
  std::vector<Future<int>> futures;
  for (int i = 0; i < 5; ++i) futures.push_back(pool_.submit(outer, 100 * i));
  int sum = 0;
  for (const auto& future : futures) sum += future.result();
  EXPECT_EQ(sum, 499 * 500 / 2);
}

// Task i waits for task i - 1, for task i + 1: whichever order they are begun in.
TEST_P(Nested, SiblingsWaitForEachOther) {
  for (const bool forwards : {true, false}) {
    constexpr int kSiblings = 200;
    std::vector<Promise<Future<int>>> handed(kSiblings);
    const auto wait_for = [&](int other) {
      if (other < 0 || other >= kSiblings) return 0;
      return 1 + handed[other].future().result().result();
    };
    std::vector<Future<int>> futures;
    for (int i = 0; i < kSiblings; ++i) {
      futures.push_back(pool_.submit(wait_for, forwards ? i + 1 : i - 1));
      handed[i].set_result(futures[i]);
    }
    EXPECT_EQ(futures[forwards ? 0 : kSiblings - 1].result(), kSiblings - 1);
  }
  ExpectAtMostMaxWorkersAtWork();
}

TEST_P(Nested, AsCompletedInATask) {
  const auto sum_of = [this](int count) {
    std::vector<Future<int>> futures;
    for (int i = 0; i < count; ++i) futures.push_back(pool_.submit([i] { return i; }));
    int sum = 0;
    for (const Future<int>& future : as_completed(futures)) sum += future.result();
    return sum;
  };
  std::vector<Future<int>> sums;
  for (int i = 0; i < 10; ++i) sums.push_back(pool_.submit(sum_of, 20));
  for (const auto& sum : sums) EXPECT_EQ(sum.result(), 190);
}

TEST_P(Nested, WaitWithEachConditionInATask) {
  for (const ReturnWhen when : {FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED}) {
    for (const Timeout timeout : {Timeout::forever(), Timeout(std::chrono::hours(1))}) {
      const auto done = pool_.submit([&, when, timeout] {
        std::vector<Future<void>> futures;
        futures.push_back(pool_.submit([] {}));
        futures.push_back(pool_.submit([] { throw 1; }));
        futures.push_back(pool_.submit([] {}));
        const auto result = wait(futures, {.timeout = timeout, .return_when = when});
        (void)futures[1].exception();
        return result.done.size();
      });
      EXPECT_GE(done.result(), when == ALL_COMPLETED ? 3 : 1);
    }
  }
}

TEST_P(Nested, WaitThatTimesOutInATask) {
  Gate gate;
  const auto waiting = pool_.submit([&] {
    std::vector<Future<void>> futures{pool_.submit([&gate] { gate.Pass(); })};
    return wait(futures, {.timeout = milliseconds(1)}).not_done;
  });
  const std::vector<Future<void>> not_done = waiting.result();
  EXPECT_EQ(not_done.size(), 1);
  gate.Open();
  ExpectAtMostMaxWorkersAtWork();
  wait(not_done);  // which uses the gate
}

TEST_P(Nested, MapInATask) {
  for (const std::size_t buffersize : {0, 1, 3}) {
    for (const std::size_t chunksize : {0, 1, 4}) {
      const auto outer = [&, this](int base) {
        std::vector<int> input(20);
        std::iota(input.begin(), input.end(), base);
        int sum = 0;
        for (const int each : pool_.map(
                 {.chunksize = chunksize, .buffersize = buffersize}, [](int x) { return x; },
                 input)) {
          sum += each;
        }
        return sum;
      };
      const std::vector<int> bases{0, 20, 40, 60, 80};
      int sum = 0;
      for (const int each : pool_.map(outer, bases)) sum += each;
      EXPECT_EQ(sum, 4'950);
    }
  }
}

TEST_P(Nested, CompletionQueueInATask) {
  const auto drain = pool_.submit([this] {
    CompletionQueue<int> queue;
    for (int i = 0; i < 10; ++i) queue.add(pool_.submit([i] { return i; }));
    int sum = 0;
    for (int taken = 0; !queue.empty(); ++taken) {
      sum += queue.next().result();
      if (taken < 10) queue.add(pool_.submit([] { return 100; }));
    }
    return sum;
  });
  EXPECT_EQ(drain.result(), 1'045);
}

// Running the first of them on top of the wait would never end: it waits for what its waiter does
// after the other one.
TEST_P(Nested, WaitForAnyRunsNoneOfThemInline) {
  Promise<void> released;
  const auto task = pool_.submit([&] {
    std::vector<Future<int>> futures;
    futures.push_back(pool_.submit([released = released.future()] {
      released.result();
      return 1;
    }));
    futures.push_back(pool_.submit([] { return 2; }));
    const auto first = wait(futures, {.return_when = FIRST_COMPLETED});
    const int value = first.done.front().result();
    released.set_result();
    return value + futures[0].result();
  });
  EXPECT_EQ(task.result(), 3);
}

TEST_P(Nested, WhenAllAndThenInATask) {
  const auto task = pool_.submit([this] {
    std::vector<Future<int>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(pool_.submit([i] { return i; }));
    return when_all(futures)
        .then([](Future<std::vector<int>> all) { return static_cast<int>(all.result().size()); })
        .result();
  });
  EXPECT_EQ(task.result(), 10);
}

TEST_P(Nested, WaitingInDoneCallbacks) {
  std::atomic<int> sum{0};
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) {
    futures.push_back(pool_.submit([i] { return i; }));
    futures.back().add_done_callback([&, this](const Future<int>& done) {
      sum += done.result() + pool_.submit([] { return 100; }).result();
    });
  }
  EXPECT_TRUE(Eventually([&] { return sum == 2'190; })) << sum;
  ExpectAtMostMaxWorkersAtWork();
}

int PingPong(ThreadPoolExecutor& here, ThreadPoolExecutor& there, int depth) {
  if (depth == 0) return 0;
  return 1 + there.submit(PingPong, std::ref(there), std::ref(here), depth - 1).result();
}

TEST_P(Nested, TwoPoolsWaitForEachOther) {
  ThreadPoolExecutor other(1);
  EXPECT_EQ(pool_.submit(PingPong, std::ref(pool_), std::ref(other), 40).result(), 40);
  ExpectAtMostMaxWorkersAtWork();
}

TEST_P(Nested, AWaitForWhatOnlyTheOutsideCompletes) {
  std::vector<Promise<int>> promises(10);
  std::vector<Future<int>> futures;
  for (auto& promise : promises) {
    futures.push_back(pool_.submit([future = promise.future()] { return future.result(); }));
  }
  const auto after = pool_.submit([] { return 1; });
  EXPECT_EQ(after.result(), 1);  // though all workers wait
  for (auto& promise : promises) promise.set_result(7);
  for (const auto& future : futures) EXPECT_EQ(future.result(), 7);
  ExpectAtMostMaxWorkersAtWork();
}

// A task that was cancelled, or that another thread has begun, when it is waited for.
TEST_P(Nested, WaitsForWhatIsCancelledMeanwhile) {
  for (int i = 0; i < 200; ++i) {
    const auto outer = pool_.submit([this] {
      const auto inner = pool_.submit([] { return 1; });
      inner.cancel();
      try {
        return inner.result();
      } catch (const CancelledError&) {
        return 1;
      }
    });
    EXPECT_EQ(outer.result(), 1);
  }
}

TEST_P(Nested, ShutdownWhileTasksWait) {
  std::atomic<int> sum{0};
  std::atomic<int> submitted{0};
  {
    Gate gate;
    ThreadPoolExecutor pool(GetParam());
    for (int i = 0; i < 8; ++i) {
      pool.post([&] {
        const auto inner = pool.submit([&gate] {
          gate.Pass();
          return 1;
        });
        ++submitted;
        sum += inner.result(std::chrono::hours(1));
      });
    }
    EXPECT_TRUE(Eventually([&] { return submitted == 8; }));
    pool.shutdown({.wait = false});
    gate.Open();
  }
  EXPECT_EQ(sum, 8);
}

}  // namespace
}  // namespace cohort
