#include "pools/internal/injection_queue.h"

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <iterator>
#include <memory>
#include <vector>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/fake_task.h"

namespace cohort::internal {
namespace {

// Made on the heap: AddressSanitizer, as of GCC 12, gives objects on the stack less than the
// alignment of a cache line.

TEST(InjectionQueue, FirstInFirstOut) {
  const auto owned = std::make_unique<InjectionQueue>();
  InjectionQueue& queue = *owned;
  FakeTasks tasks(10);
  Runnable* out[10];
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.PopSome(out, 10, 1), 0);
  for (FakeTask& task : tasks) EXPECT_TRUE(queue.Push(task));
  EXPECT_EQ(queue.pushes(), 10);
  EXPECT_FALSE(queue.Empty());
  ASSERT_EQ(queue.PopSome(out, 10, 1), 10);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(out[i], &tasks[i]);
  EXPECT_TRUE(queue.Empty());
  EXPECT_EQ(queue.pushes(), 10);
}

TEST(InjectionQueue, TakesNoMoreThanTheLimitAndTheShare) {
  const auto owned = std::make_unique<InjectionQueue>();
  InjectionQueue& queue = *owned;
  FakeTasks tasks(10);
  Runnable* out[10];
  for (FakeTask& task : tasks) queue.Push(task);
  EXPECT_EQ(queue.PopSome(out, 2, 1), 2);
  EXPECT_EQ(queue.PopSome(out, 10, 4), 2);    // a quarter of 8
  EXPECT_EQ(queue.PopSome(out, 10, 100), 1);  // but one at least
  EXPECT_EQ(out[0], &tasks[4]);
  EXPECT_EQ(queue.PopSome(out, 10, 1), 5);
}

TEST(InjectionQueue, ClosedTakesNothingMoreButKeepsWhatItHas) {
  const auto owned = std::make_unique<InjectionQueue>();
  InjectionQueue& queue = *owned;
  FakeTasks tasks(3);
  Runnable* out[3];
  EXPECT_TRUE(queue.Push(tasks[0]));
  EXPECT_TRUE(queue.Push(tasks[1]));
  queue.Close();
  EXPECT_FALSE(queue.Push(tasks[2]));
  EXPECT_FALSE(queue.Empty());
  EXPECT_EQ(queue.PopSome(out, 3, 1), 2);
  EXPECT_TRUE(queue.Empty());
  EXPECT_FALSE(queue.Push(tasks[2]));
  EXPECT_EQ(queue.pushes(), 2);
}

TEST(InjectionQueue, ATaskCanBePushedAgain) {
  const auto owned = std::make_unique<InjectionQueue>();
  InjectionQueue& queue = *owned;
  FakeTasks tasks(2);
  Runnable* out[2];
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(queue.Push(tasks[0]));
    EXPECT_TRUE(queue.Push(tasks[1]));
    ASSERT_EQ(queue.PopSome(out, 2, 1), 2);
    EXPECT_EQ(out[1], &tasks[1]);
  }
}

// Two producers and two consumers; the queue is closed in the middle. What was accepted comes out
// once, and of each producer in order.
TEST(InjectionQueue, ProducersAndConsumers) {
  constexpr std::size_t kTasks = kSanitized ? 10'000 : 200'000;
  for (const bool close : {false, true}) {
    const auto owned = std::make_unique<InjectionQueue>();
    InjectionQueue& queue = *owned;
    FakeTasks tasks(2 * kTasks);
    std::vector<char> accepted(2 * kTasks);
    std::atomic<int> producing{2};
    RunThreads(4, [&](int index) {
      RandomYield pause(index);
      if (index < 2) {
        for (std::size_t i = 0; i < kTasks; ++i) {
          const std::size_t which = 2 * i + index;
          accepted[which] = queue.Push(tasks[which]) ? 1 : 0;
          if (close && i == kTasks / 2) queue.Close();
          if (i % 64 == 0) pause();
        }
        --producing;
        return;
      }
      Runnable* out[7];
      std::ptrdiff_t last[2] = {-1, -1};
      while (producing > 0 || !queue.Empty()) {
        const std::size_t count = queue.PopSome(out, std::size(out), 2);
        for (std::size_t i = 0; i < count; ++i) {
          auto* const task = static_cast<FakeTask*>(out[i]);
          task->Take();
          const std::ptrdiff_t which = task - tasks.data();
          EXPECT_GT(which, last[which % 2]);
          last[which % 2] = which;
        }
        if (count == 0) sched_yield();
      }
    });
    for (std::size_t i = 0; i < 2 * kTasks; ++i) ASSERT_EQ(tasks[i].taken(), accepted[i]);
  }
}

}  // namespace
}  // namespace cohort::internal
