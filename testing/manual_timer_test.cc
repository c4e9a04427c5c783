#include "testing/manual_timer.h"

#include <chrono>
#include <vector>

#include "gtest/gtest.h"

namespace cohort {
namespace {

using std::chrono::milliseconds;

TEST(ManualTimer, CallsInOrderAtTheirMoments) {
  ManualTimer timer;
  const auto start = timer.now();
  std::vector<std::chrono::nanoseconds> calls;
  const auto note = [&] { calls.push_back(timer.now() - start); };
  timer.call_at(start + milliseconds(20), note);
  timer.call_at(start + milliseconds(10), note);
  timer.call_at(start + milliseconds(31), note);
  EXPECT_EQ(timer.pending(), 3U);
  timer.advance(milliseconds(30));
  EXPECT_EQ(calls, (std::vector<std::chrono::nanoseconds>{milliseconds(10), milliseconds(20)}));
  EXPECT_EQ(timer.now() - start, milliseconds(30));
  EXPECT_EQ(timer.pending(), 1U);
}

TEST(ManualTimer, ACallMayAddAnother) {
  ManualTimer timer;
  int calls = 0;
  const std::function<void()> again = [&] {
    if (++calls < 5) timer.call_at(timer.now() + milliseconds(1), again);
  };
  timer.call_at(timer.now(), again);
  EXPECT_EQ(calls, 0);
  timer.advance(milliseconds(0));
  EXPECT_EQ(calls, 1);
  timer.advance(milliseconds(3));
  EXPECT_EQ(calls, 4);
}

TEST(ManualTimer, RemovedIsNotCalled) {
  ManualTimer timer;
  const Timer::Id id = timer.call_at(timer.now(), [] { ADD_FAILURE(); });
  EXPECT_TRUE(timer.remove(id));
  EXPECT_FALSE(timer.remove(id));
  timer.advance(milliseconds(1));
}

}  // namespace
}  // namespace cohort
