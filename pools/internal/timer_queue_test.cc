#include "pools/internal/timer_queue.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <vector>

#include "futures/internal/test_util.h"
#include "futures/timeout.h"
#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(TimerQueue, CallsInTheOrderOfTheMomentsAndNeverEarly) {
  std::latch all(4);
  std::vector<int> order;  // written by the queue's one thread
  TimerQueue timers;
  const Deadline late = Deadline::after(milliseconds(30));
  const Deadline early = Deadline::after(milliseconds(10));
  const auto call = [&](int which, Deadline when) {
    return [&, which, when] {
      EXPECT_TRUE(when.has_passed());
      order.push_back(which);
      all.count_down();
    };
  };
  timers.Add(late, call(3, late));
  timers.Add(early, call(1, early));
  timers.Add(early, call(2, early));
  timers.Add(Deadline::after(milliseconds(0)), call(0, early.at(0)));
  all.wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST(TimerQueue, RemovedIsNotCalled) {
  std::latch called(1);
  TimerQueue timers;
  const auto id = timers.Add(Deadline::after(milliseconds(20)), [] { ADD_FAILURE(); });
  EXPECT_TRUE(timers.Remove(id));
  EXPECT_FALSE(timers.Remove(id));
  timers.Add(Deadline::after(milliseconds(25)), [&] { called.count_down(); });
  called.wait();
}

TEST(TimerQueue, TheDestructorDropsWhatIsNotDue) {
  const auto kept = std::make_shared<int>(1);
  {
    TimerQueue timers;
    timers.Add(Deadline::after(hours(1)), [kept] { ADD_FAILURE(); });
    EXPECT_EQ(kept.use_count(), 2);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

TEST(TimerQueue, ATimerMayAddAndRemoveTimers) {
  std::latch done(1);
  TimerQueue timers;
  const auto victim = timers.Add(Deadline::after(hours(1)), [] { ADD_FAILURE(); });
  timers.Add(Deadline::after(milliseconds(1)), [&] {
    EXPECT_TRUE(timers.Remove(victim));
    timers.Add(Deadline::after(milliseconds(1)), [&done] { done.count_down(); });
  });
  done.wait();
}

TEST(ScopedTimer, CallsUnlessTheScopeEndsBefore) {
  std::latch called(1);
  TimerQueue timers;
  const auto fail = [] { ADD_FAILURE(); };
  { const ScopedTimer unused(&timers, hours(1), fail); }
  { const ScopedTimer never(&timers, Timeout::forever(), fail); }
  { const ScopedTimer none(nullptr, Timeout::forever(), fail); }
  const ScopedTimer timer(&timers, milliseconds(1), [&called] { called.count_down(); });
  called.wait();
}

TEST(TimerQueue, FromManyThreads) {
  std::atomic<int> called{0};
  std::atomic<int> removed{0};
  constexpr int kEach = 500;
  {
    TimerQueue timers;
    RunThreads(4, [&](int index) {
      RandomYield pause(index);
      for (int i = 0; i < kEach; ++i) {
        const auto when = Deadline::after(std::chrono::microseconds(pause.Below(200)));
        const auto id = timers.Add(when, [&called] { ++called; });
        pause();
        if (i % 2 == 0 && timers.Remove(id)) ++removed;
      }
    });
    for (int i = 0; i < 1'000'000 && called + removed < 4 * kEach; ++i) sched_yield();
  }
  EXPECT_EQ(called + removed, 4 * kEach);
}

}  // namespace
}  // namespace cohort::internal
