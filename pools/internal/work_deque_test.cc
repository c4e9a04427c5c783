#include "pools/internal/work_deque.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/fake_task.h"

namespace cohort::internal {
namespace {

// Made on the heap: AddressSanitizer, as of GCC 12, gives objects on the stack less than the
// alignment of a cache line.

TEST(WorkDeque, OldestFirst) {
  const auto owned = std::make_unique<WorkDeque>();
  WorkDeque& deque = *owned;
  FakeTasks tasks(3);
  EXPECT_TRUE(deque.Empty());
  EXPECT_EQ(deque.TakeOldest(), nullptr);
  for (FakeTask& task : tasks) deque.Push(&task);
  EXPECT_FALSE(deque.Empty());
  for (FakeTask& task : tasks) EXPECT_EQ(deque.TakeOldest(), &task);
  EXPECT_TRUE(deque.Empty());
}

TEST(WorkDeque, SeveralAtOnce) {
  const auto owned = std::make_unique<WorkDeque>();
  WorkDeque& deque = *owned;
  FakeTasks tasks(4);
  Runnable* all[] = {&tasks[0], &tasks[1], &tasks[2], &tasks[3]};
  deque.Push(all, 4);
  for (FakeTask& task : tasks) EXPECT_EQ(deque.TakeOldest(), &task);
}

TEST(WorkDeque, TakesBackTheNewestOnly) {
  const auto owned = std::make_unique<WorkDeque>();
  WorkDeque& deque = *owned;
  FakeTasks tasks(3);
  EXPECT_FALSE(deque.PopIfNewest(&tasks[0]));
  for (FakeTask& task : tasks) deque.Push(&task);
  EXPECT_FALSE(deque.PopIfNewest(&tasks[0]));
  EXPECT_TRUE(deque.PopIfNewest(&tasks[2]));
  EXPECT_FALSE(deque.PopIfNewest(&tasks[2]));
  EXPECT_EQ(deque.TakeOldest(), &tasks[0]);
  EXPECT_TRUE(deque.PopIfNewest(&tasks[1]));  // the last one
  EXPECT_TRUE(deque.Empty());
  deque.Push(&tasks[0]);
  EXPECT_EQ(deque.TakeOldest(), &tasks[0]);
}

TEST(WorkDeque, GrowsAndKeepsTheOrder) {
  const auto owned = std::make_unique<WorkDeque>();
  WorkDeque& deque = *owned;
  FakeTasks tasks(5'000);
  std::size_t next = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    deque.Push(&tasks[i]);
    if (i % 3 == 0) {
      EXPECT_EQ(deque.TakeOldest(), &tasks[next++]);
    }
  }
  while (next < tasks.size()) EXPECT_EQ(deque.TakeOldest(), &tasks[next++]);
  EXPECT_TRUE(deque.Empty());
}

// Nothing is lost and nothing comes twice, whatever the owner and the thieves do. The deque is
// mostly short, so that they meet at its last entry.
TEST(WorkDeque, OwnerAndThieves) {
  constexpr std::size_t kTasks = kSanitized ? 20'000 : 500'000;
  const auto owned = std::make_unique<WorkDeque>();
  WorkDeque& deque = *owned;
  FakeTasks tasks(kTasks);
  std::atomic<std::size_t> taken{0};
  const auto take = [&taken](Runnable* task) {
    static_cast<FakeTask*>(task)->Take();
    ++taken;
  };
  RunThreads(3, [&](int index) {
    RandomYield pause(index);
    if (index > 0) {
      while (taken < kTasks) {
        if (Runnable* const task = deque.TakeOldest()) take(task);
        pause();
      }
      return;
    }
    for (std::size_t i = 0; i < kTasks; ++i) {
      deque.Push(&tasks[i]);
      const uint32_t dice = pause.Below(4);
      if (dice <= 1 && deque.PopIfNewest(&tasks[i])) take(&tasks[i]);
      if (dice == 2) {
        if (Runnable* const task = deque.TakeOldest()) take(task);
      }
    }
  });
  EXPECT_TRUE(deque.Empty());
  for (const FakeTask& task : tasks) ASSERT_EQ(task.taken(), 1);
}

// The same with a deque that grows again and again under the thieves' hands.
TEST(WorkDeque, GrowsWhileThievesTake) {
  constexpr std::size_t kTasks = kSanitized ? 20'000 : 300'000;
  const auto owned = std::make_unique<WorkDeque>();
  WorkDeque& deque = *owned;
  FakeTasks tasks(kTasks);
  std::atomic<std::size_t> taken{0};
  RunThreads(3, [&](int index) {
    RandomYield pause(index);
    if (index == 0) {
      for (FakeTask& task : tasks) deque.Push(&task);
      return;
    }
    const FakeTask* last = nullptr;
    while (taken < kTasks) {
      auto* const task = static_cast<FakeTask*>(deque.TakeOldest());
      if (task == nullptr) {
        pause();
        continue;
      }
      EXPECT_LT(last, task);  // oldest first
      last = task;
      task->Take();
      ++taken;
    }
  });
  for (const FakeTask& task : tasks) ASSERT_EQ(task.taken(), 1);
}

}  // namespace
}  // namespace cohort::internal
