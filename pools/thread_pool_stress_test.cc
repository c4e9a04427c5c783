// Races, sought by many short rounds with random pauses. A wake-up that gets lost is told by the
// watchdog instead of by a hang.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <latch>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

constexpr int Rounds(int optimised) { return kSanitized ? optimised / 10 : optimised; }

// A callable that counts its calls and the ends of those copies that were not moved from.
class Tracked {
 public:
  struct Counts {
    std::atomic<int> calls{0};
    std::atomic<int> destroyed{0};
  };
  explicit Tracked(Counts& counts) : counts_(&counts) {}
  Tracked(Tracked&& other) noexcept : counts_(std::exchange(other.counts_, nullptr)) {}
  ~Tracked() {
    if (counts_ != nullptr) ++counts_->destroyed;
  }
  void operator()() { ++counts_->calls; }

 private:
  Counts* counts_;
};

TEST(Stress, ATaskRunsOrIsCancelledNeverBoth) {
  Watchdog watchdog("cancel versus run");
  const int tasks = Rounds(100'000);
  std::vector<Tracked::Counts> counts(tasks);
  std::vector<char> cancelled(tasks);
  ThreadPoolExecutor pool(2);
  RandomYield pause(1);
  for (int i = 0; i < tasks; ++i) {
    const auto future = pool.submit({.priority = i % 5 == 0 ? 1 : 0}, Tracked(counts[i]));
    for (uint32_t n = pause.Below(4); n > 0; --n) pause();
    cancelled[i] = future.cancel() ? 1 : 0;
    watchdog.Progress();
  }
  pool.shutdown();
  uint64_t total = 0;
  for (int i = 0; i < tasks; ++i) {
    ASSERT_EQ(counts[i].calls + cancelled[i], 1) << i;
    ASSERT_EQ(counts[i].destroyed, 1) << i;
    total += static_cast<uint64_t>(cancelled[i]);
  }
  EXPECT_EQ(pool.stats().cancelled, total);
  EXPECT_EQ(pool.stats().succeeded, tasks - total);
  EXPECT_EQ(pool.stats().queued, 0);
}

// One task per idle period: the worker is about to sleep when the next one comes.
TEST(Stress, NoWakeUpIsLost) {
  for (const int workers : {1, 2, 3}) {
    Watchdog watchdog("submit, then wait");
    ThreadPoolExecutor pool(workers);
    RandomYield pause(workers);
    for (int i = 0; i < Rounds(50'000); ++i) {
      const auto future = pool.submit([] { return 1; });
      ASSERT_EQ(future.result(), 1);
      for (uint32_t n = pause.Below(8); n > 0; --n) pause();
      watchdog.Progress();
    }
  }
}

// The same with pairs that can only end together: each needs a worker, and none waits in a way that
// the pool knows of.
TEST(Stress, TwoTasksGetTwoWorkers) {
  Watchdog watchdog("pairs");
  ThreadPoolExecutor pool(2);
  RandomYield pause(1);
  for (int i = 0; i < Rounds(20'000); ++i) {
    std::latch both(2);
    const auto meet = [&both] { both.arrive_and_wait(); };
    const auto first = pool.submit(meet);
    for (uint32_t n = pause.Below(6); n > 0; --n) pause();
    const auto second = pool.submit(meet);
    first.result();
    second.result();
    watchdog.Progress();
  }
}

// And the pairs that a task starts, or that a task starts and waits for.
TEST(Stress, ATaskThatStartsTwoAndWaits) {
  Watchdog watchdog("pairs of tasks");
  ThreadPoolExecutor pool(2);
  for (int i = 0; i < Rounds(10'000); ++i) {
    pool.submit([&pool, i] {
          std::latch both(2);
          const auto meet = [&both] { both.arrive_and_wait(); };
          std::vector<Future<void>> pair{pool.submit(meet), pool.submit({.priority = i % 3}, meet)};
          wait(pair, {.timeout = std::chrono::hours(1)});
        })
        .result();
    watchdog.Progress();
  }
}

int RandomTree(ThreadPoolExecutor& pool, uint32_t seed, int depth) {
  RandomYield random(seed * 7919 + 1);
  random();
  if (depth == 0) return 1;
  std::vector<Future<int>> children;
  for (uint32_t i = random.Below(4); i > 0; --i) {
    const int priority = static_cast<int>(random.Below(5)) - 2;
    children.push_back(
        pool.submit({.priority = priority}, RandomTree, std::ref(pool), seed + i, depth - 1));
  }
  int sum = 1;
  switch (random.Below(4)) {
    case 0:
      for (const auto& child : children) sum += child.result();
      break;
    case 1:
      for (const auto& child : children) sum += child.result(std::chrono::hours(1));
      break;
    case 2:
      for (const Future<int>& child : as_completed(children)) sum += child.result();
      break;
    default:
      wait(children, {.return_when = FIRST_COMPLETED});
      for (auto child = children.rbegin(); child != children.rend(); ++child) {
        sum += child->result();
      }
  }
  return sum;
}

TEST(Stress, WaitsWithinWaits) {
  Watchdog watchdog("trees of waits");
  for (const std::size_t max_queued : {unbounded, std::size_t{2}}) {
    for (const int workers : {1, 2, 4}) {
      ThreadPoolExecutor pool({.max_workers = workers, .max_queued = max_queued});
      for (int i = 0; i < Rounds(300); ++i) {
        const int once = pool.submit(RandomTree, std::ref(pool), i, 5).result();
        EXPECT_EQ(pool.submit(RandomTree, std::ref(pool), i, 5).result(), once);
        watchdog.Progress();
      }
      pool.shutdown();
      EXPECT_EQ(pool.stats().queued, 0);
      EXPECT_EQ(pool.stats().running, 0);
      EXPECT_EQ(pool.stats().workers, 0);
    }
  }
}

TEST(Stress, PoolsComeAndGo) {
  Watchdog watchdog("short lives");
  for (int i = 0; i < Rounds(5'000); ++i) {
    std::atomic<int> ran{0};
    RandomYield pause(i);
    const int tasks = static_cast<int>(pause.Below(10));
    {
      ThreadPoolExecutor pool(1 + i % 4);
      for (int n = 0; n < tasks; ++n) {
        pool.post([&ran] { ++ran; });
        pause();
      }
      if (i % 3 == 0) pool.shutdown({.wait = false});
    }
    ASSERT_EQ(ran, tasks);
    watchdog.Progress();
  }
}

// Whatever happens at the same time, each future is done in the end, and counted once.
TEST(Stress, ShutdownsWithSubmitsAndCancels) {
  Watchdog watchdog("shutdowns");
  for (int round = 0; round < Rounds(1'000); ++round) {
    std::atomic<uint64_t> accepted{0};
    const std::size_t max_queued = round % 2 == 0 ? unbounded : 3;
    ThreadPoolExecutor pool({.max_workers = 1 + round % 3, .max_queued = max_queued});
    std::latch start(3);
    RunThreads(3, [&](int index) {
      RandomYield pause(static_cast<uint32_t>(3 * round + index));
      start.arrive_and_wait();
      if (index == 0) {
        for (uint32_t n = pause.Below(30); n > 0; --n) pause();
        pool.shutdown({.wait = round % 4 < 2, .cancel_futures = round % 3 == 0});
        return;
      }
      std::vector<Future<int>> futures;
      try {
        for (int i = 0; i < 200; ++i) {
          futures.push_back(pool.submit([] { return 1; }));
          ++accepted;
          if (pause.Below(4) == 0) futures.back().cancel();
        }
      } catch (const Error&) {
      }
      wait(futures);
      for (const auto& future : futures) {
        if (!future.cancelled()) {
          EXPECT_EQ(future.result(), 1);
        }
      }
    });
    pool.shutdown();
    const PoolStats stats = pool.stats();
    EXPECT_EQ(stats.succeeded + stats.cancelled, accepted);
    EXPECT_EQ(stats.queued, 0);
    watchdog.Progress();
  }
}

TEST(Stress, ProducersAndConsumers) {
  Watchdog watchdog("producers");
  ThreadPoolExecutor pool({.max_workers = 2, .max_queued = 64});
  std::atomic<int64_t> sum{0};
  const int rounds = Rounds(200);
  RunThreads(4, [&](int index) {
    RandomYield random(index);
    for (int round = 0; round < rounds; ++round) {
      std::vector<Future<int>> futures;
      for (int i = 0; i < 50; ++i) {
        const int priority = static_cast<int>(random.Below(3)) - 1;
        futures.push_back(pool.submit({.priority = priority}, [i] { return i; }));
      }
      for (const Future<int>& done : as_completed(futures)) sum += done.result();
      watchdog.Progress();
    }
  });
  EXPECT_EQ(sum, int64_t{4} * rounds * 1'225);
}

}  // namespace
}  // namespace cohort
