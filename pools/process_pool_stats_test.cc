// What a process pool tells of itself: statistics, and observers.

#include <signal.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/observer.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(ProcessPoolStats, OfAPoolThatWasNeverUsed) {
  const ProcessPoolExecutor pool(3);
  const PoolStats stats = pool.stats();
  EXPECT_EQ(stats.queued + stats.running + stats.succeeded + stats.failed + stats.cancelled, 0u);
  EXPECT_EQ(stats.workers, 0);
  EXPECT_THAT(pool.worker_pids(), IsEmpty());
}

TEST(ProcessPoolStats, CountEachTaskOnce) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto running = pool.submit(PassGate, gate.path(), 0);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  const auto fine = pool.submit(Square, 3);
  const auto thrown = pool.submit(Throw, "thrown");
  const auto dead = pool.submit(Crash, SIGKILL);
  const auto cancelled = pool.submit(Square, 3);
  EXPECT_EQ(pool.stats().running, 1u);
  EXPECT_EQ(pool.stats().queued, 4u);
  cancelled.cancel();
  EXPECT_EQ(pool.stats().queued, 3u);
  EXPECT_EQ(pool.stats().cancelled, 1u);
  gate.Open();
  EXPECT_EQ(fine.result(), 9);
  EXPECT_EQ(MessageOf(thrown), "thrown");
  EXPECT_THROW(dead.result(), WorkerDied);
  const PoolStats stats = pool.stats();
  EXPECT_EQ(stats.queued, 0u);
  EXPECT_EQ(stats.running, 0u);
  EXPECT_EQ(stats.succeeded, 2u);
  EXPECT_EQ(stats.failed, 2u);
  EXPECT_EQ(stats.cancelled, 1u);
  EXPECT_EQ(stats.worker_deaths, 1u);
}

TEST(ProcessPoolStats, TheWorkersAreThoseThatThereAre) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  std::vector<Future<pid_t>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(pool.submit(PidAfterGate, gate.path()));
  ASSERT_TRUE(gate.AwaitArrivals(2));
  EXPECT_EQ(pool.stats().workers, 2);
  const std::vector<pid_t> pids = pool.worker_pids();
  EXPECT_EQ(pids.size(), 2u);
  gate.Open();
  for (const auto& future : futures) EXPECT_THAT(pids, testing::Contains(future.result()));
  pool.shutdown();
  EXPECT_EQ(pool.stats().workers, 0);
  EXPECT_THAT(pool.worker_pids(), IsEmpty());
}

// What an observer was told, as lines of text.
class Diary : public Observer {
 public:
  void on_queued(const ObservedTask& task) override { Note("queued", task); }
  void on_started(const TaskStarted& event) override {
    EXPECT_LE(event.task.queued, event.started);
    EXPECT_EQ(event.worker, 0);
    Note("started", event.task);
  }
  void on_finished(const TaskFinished& event) override {
    EXPECT_LE(event.started, event.finished);
    Note(event.outcome == TaskOutcome::kSucceeded ? "succeeded" : "failed", event.task);
  }

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void Note(const std::string& what, const ObservedTask& task) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(what + " " + std::to_string(task.id) + " " + std::string(task.name));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST(ProcessPoolObserver, HearsOfEachTaskInTurn) {
  const auto diary = std::make_shared<Diary>();
  ProcessPoolExecutor pool({.max_workers = 1, .observer = diary});
  EXPECT_EQ(pool.submit({.name = "fine"}, Square, 3).result(), 9);
  EXPECT_EQ(MessageOf(pool.submit({.name = "bad"}, Throw, "thrown")), "thrown");
  EXPECT_EQ(pool.submit(
                    {.name = "large"},
                    [](int n) { return std::string(static_cast<std::size_t>(n), 'x'); }, 1 << 20)
                .result()
                .size(),
            1u << 20);
  EXPECT_THAT(diary->lines(),
              ElementsAre("queued 1 fine", "started 1 fine", "succeeded 1 fine", "queued 2 bad",
                          "started 2 bad", "failed 2 bad", "queued 3 large", "started 3 large",
                          "succeeded 3 large"));
}

TEST(ProcessPoolObserver, IsToldBeforeTheResultIsPublic) {
  const auto diary = std::make_shared<Diary>();
  ProcessPoolExecutor pool({.max_workers = 1, .observer = diary});
  for (int i = 1; i <= 50; ++i) {
    pool.submit(Square, i).result();
    ASSERT_EQ(diary->lines().size(), 3u * i);
  }
}

TEST(ProcessPoolObserver, HearsNothingMoreOfWhatWasCancelled) {
  RemoteGate gate;
  const auto diary = std::make_shared<Diary>();
  ProcessPoolExecutor pool({.max_workers = 1, .observer = diary});
  const auto running = pool.submit(PassGate, gate.path(), 1);
  ASSERT_TRUE(gate.AwaitArrivals(1));
  EXPECT_TRUE(pool.submit(Square, 2).cancel());
  gate.Open();
  EXPECT_EQ(running.result(), 1);
  EXPECT_THAT(diary->lines(),
              UnorderedElementsAre("queued 1 ", "queued 2 ", "started 1 ", "succeeded 1 "));
}

}  // namespace
}  // namespace cohort
