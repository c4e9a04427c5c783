#include "pools/internal/priority_queue.h"

#include <limits>
#include <vector>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/fake_task.h"

namespace cohort::internal {
namespace {

TEST(PriorityQueue, HighestFirstThenOldest) {
  PriorityQueue queue;
  FakeTasks tasks(5);
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.PopAny(), nullptr);
  const int priorities[] = {-1, 2, std::numeric_limits<int>::max(), 2,
                            std::numeric_limits<int>::min()};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(queue.Push(tasks[i], priorities[i]));
  EXPECT_EQ(queue.pushes(), 5);
  for (const int expected : {2, 1, 3, 0, 4}) EXPECT_EQ(queue.PopAny(), &tasks[expected]);
  EXPECT_TRUE(queue.Empty());
}

TEST(PriorityQueue, UrgentIsAboveZero) {
  PriorityQueue queue;
  FakeTasks tasks(2);
  queue.Push(tasks[0], -1);
  EXPECT_FALSE(queue.HasUrgent());
  EXPECT_EQ(queue.PopUrgent(), nullptr);
  queue.Push(tasks[1], 1);
  EXPECT_TRUE(queue.HasUrgent());
  EXPECT_EQ(queue.PopUrgent(), &tasks[1]);
  EXPECT_EQ(queue.PopUrgent(), nullptr);
  EXPECT_FALSE(queue.Empty());
  EXPECT_EQ(queue.PopAny(), &tasks[0]);
}

TEST(PriorityQueue, ClosedTakesNothingMoreButKeepsWhatItHas) {
  PriorityQueue queue;
  FakeTasks tasks(2);
  EXPECT_TRUE(queue.Push(tasks[0], 1));
  queue.Close();
  EXPECT_FALSE(queue.Push(tasks[1], 1));
  EXPECT_EQ(queue.PopAny(), &tasks[0]);
  EXPECT_TRUE(queue.Empty());
}

TEST(PriorityQueue, FromManyThreads) {
  constexpr int kEach = 2'000;
  PriorityQueue queue;
  FakeTasks tasks(4 * kEach);
  RunThreads(4, [&](int index) {
    for (int i = 0; i < kEach; ++i) {
      queue.Push(tasks[index * kEach + i], i % 5 - 2);
      if (auto* const task = static_cast<FakeTask*>(queue.PopAny())) task->Take();
    }
  });
  while (auto* const task = static_cast<FakeTask*>(queue.PopAny())) task->Take();
  EXPECT_FALSE(queue.HasUrgent());
  for (const FakeTask& task : tasks) ASSERT_EQ(task.taken(), 1);
}

}  // namespace
}  // namespace cohort::internal
