#include "pools/observer.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "futures/future.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

class Recorder : public Observer {
 public:
  struct Record {
    std::string name;
    int queued = 0;
    int started = 0;
    int finished = 0;
    TaskOutcome outcome = TaskOutcome::kSucceeded;
  };

  void on_queued(const ObservedTask& task) override {
    const std::lock_guard lock(mutex_);
    records_[task.id].name = task.name;
    ++records_[task.id].queued;
  }
  void on_started(const TaskStarted& event) override {
    const std::lock_guard lock(mutex_);
    Record& record = records_[event.task.id];
    EXPECT_EQ(record.queued, 1);
    EXPECT_LE(event.task.queued, event.started);
    EXPECT_GE(event.worker, 0);
    ++record.started;
  }
  void on_finished(const TaskFinished& event) override {
    const std::lock_guard lock(mutex_);
    Record& record = records_[event.task.id];
    EXPECT_EQ(record.started, 1);
    EXPECT_LE(event.started, event.finished);
    ++record.finished;
    record.outcome = event.outcome;
  }
  std::map<std::uint64_t, Record> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Record> records_;
};

TEST(Observer, HearsOfEachTask) {
  const auto recorder = std::make_shared<Recorder>();
  ThreadPoolExecutor pool({.max_workers = 1, .observer = recorder});
  pool.submit({.name = "good"}, [] {}).result();
  EXPECT_EQ(recorder->records().at(1).finished, 1);  // told before the result is public
  const auto bad = pool.submit({.name = "bad"}, [] { throw 1; });
  EXPECT_NE(bad.exception(), nullptr);
  pool.post([] {});
  pool.shutdown();
  const auto records = recorder->records();
  ASSERT_EQ(records.size(), 3);
  EXPECT_EQ(records.at(1).name, "good");
  EXPECT_EQ(records.at(1).outcome, TaskOutcome::kSucceeded);
  EXPECT_EQ(records.at(2).name, "bad");
  EXPECT_EQ(records.at(2).outcome, TaskOutcome::kFailed);
  EXPECT_EQ(records.at(3).name, "");
  EXPECT_EQ(records.at(3).finished, 1);
}

TEST(Observer, HearsOfTasksThatAWaitRuns) {
  const auto recorder = std::make_shared<Recorder>();
  ThreadPoolExecutor pool({.max_workers = 1, .observer = recorder});
  pool.submit([&pool] { pool.submit([] {}).result(); }).result();
  pool.shutdown();
  const auto records = recorder->records();
  ASSERT_EQ(records.size(), 2);
  for (const auto& [id, record] : records) EXPECT_EQ(record.finished, 1);
}

TEST(Observer, DoesNotHearOfABeginningThatNeverWas) {
  const auto recorder = std::make_shared<Recorder>();
  Gate gate;
  ThreadPoolExecutor pool({.max_workers = 1, .observer = recorder});
  pool.post([&gate] { gate.Pass(); });
  gate.AwaitArrivals(1);
  EXPECT_TRUE(pool.submit([] {}).cancel());
  gate.Open();
  pool.shutdown();
  EXPECT_EQ(recorder->records().at(2).queued, 1);
  EXPECT_EQ(recorder->records().at(2).started, 0);
}

}  // namespace
}  // namespace cohort
