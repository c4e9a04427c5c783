#include "futures/timeout.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <ratio>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

using DoubleSeconds = std::chrono::duration<double>;
using LongDoubleYears = std::chrono::duration<long double, std::chrono::years::period>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::chrono::nanoseconds DurationOf(Timeout timeout) { return timeout.duration(); }

TEST(TimeoutTest, LeftOutIsForever) {
  EXPECT_TRUE(Timeout().is_forever());
  EXPECT_TRUE(Timeout(std::nullopt).is_forever());
  EXPECT_TRUE(Timeout::forever().is_forever());
  EXPECT_EQ(DurationOf(Timeout()), std::chrono::nanoseconds::max());
}

TEST(TimeoutTest, IsMadeFromChronoOfAnyKind) {
  EXPECT_EQ(DurationOf(5ns), 5ns);
  EXPECT_EQ(DurationOf(5us), 5us);
  EXPECT_EQ(DurationOf(5ms), 5ms);
  EXPECT_EQ(DurationOf(5s), 5s);
  EXPECT_EQ(DurationOf(5min), 5min);
  EXPECT_EQ(DurationOf(5h), 5h);
  EXPECT_EQ(DurationOf(std::chrono::days(5)), 5 * 24h);
  EXPECT_EQ(DurationOf(1.5s), 1500ms);
  EXPECT_EQ(DurationOf(std::chrono::duration<float, std::milli>(0.5F)), 500us);
  EXPECT_EQ(DurationOf(std::chrono::duration<uint8_t, std::ratio<3>>(4)), 12s);
  EXPECT_EQ(DurationOf(std::chrono::duration<int64_t, std::pico>(1'999)), 1ns);
}

TEST(TimeoutTest, IsMadeFromAbseil) {
  EXPECT_EQ(DurationOf(absl::Nanoseconds(5)), 5ns);
  EXPECT_EQ(DurationOf(absl::Seconds(1.5)), 1500ms);
  EXPECT_EQ(DurationOf(absl::Hours(2)), 2h);
}

TEST(TimeoutTest, ZeroAndNegativePoll) {
  EXPECT_EQ(DurationOf(0s), 0ns);
  EXPECT_EQ(DurationOf(-1s), 0ns);
  EXPECT_EQ(DurationOf(std::chrono::nanoseconds::min()), 0ns);
  EXPECT_EQ(DurationOf(std::chrono::hours::min()), 0ns);
  EXPECT_EQ(DurationOf(DoubleSeconds(-kInfinity)), 0ns);
  EXPECT_EQ(DurationOf(absl::ZeroDuration()), 0ns);
  EXPECT_EQ(DurationOf(absl::Seconds(-1)), 0ns);
  EXPECT_EQ(DurationOf(-absl::InfiniteDuration()), 0ns);
}

TEST(TimeoutTest, NotANumberPolls) {
  EXPECT_EQ(DurationOf(DoubleSeconds(kNan)), 0ns);
  EXPECT_EQ(DurationOf(std::chrono::duration<float>(static_cast<float>(kNan))), 0ns);
}

TEST(TimeoutTest, BelowANanosecondPolls) {
  EXPECT_EQ(DurationOf(DoubleSeconds(1e-12)), 0ns);
  EXPECT_EQ(DurationOf(absl::Nanoseconds(0.25)), 0ns);
}

TEST(TimeoutTest, TooLongIsForever) {
  EXPECT_TRUE(Timeout(DoubleSeconds(kInfinity)).is_forever());
  EXPECT_TRUE(Timeout(DoubleSeconds(1e300)).is_forever());
  EXPECT_TRUE(Timeout(LongDoubleYears(293)).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::nanoseconds::max()).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::microseconds::max()).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::hours::max()).is_forever());
  EXPECT_TRUE(Timeout(std::chrono::duration<uint64_t>(UINT64_MAX)).is_forever());
  EXPECT_TRUE(Timeout(absl::InfiniteDuration()).is_forever());
  EXPECT_TRUE(Timeout(absl::Hours(1e12)).is_forever());
}

TEST(TimeoutTest, JustBelowForeverIsKept) {
  EXPECT_EQ(DurationOf(std::chrono::nanoseconds::max() - 1ns),
            std::chrono::nanoseconds::max() - 1ns);
  EXPECT_FALSE(Timeout(LongDoubleYears(292)).is_forever());
}

TEST(TimeoutTest, IsConstantExpression) {
  static constexpr Timeout kTimeout = 3s;
  static_assert(kTimeout == Timeout(3000ms));
  static_assert(Timeout(-3s) == Timeout(0s));
  static_assert(!(Timeout(3s) == Timeout()));
}

TEST(DeadlineTest, NeverNeverPasses) {
  EXPECT_TRUE(Deadline::never().is_never());
  EXPECT_FALSE(Deadline::never().has_passed());
  EXPECT_TRUE(Deadline::never().remaining().is_forever());
  EXPECT_TRUE(Deadline::after(Timeout::forever()).is_never());
}

TEST(DeadlineTest, ZeroHasPassed) {
  EXPECT_TRUE(Deadline::after(0s).has_passed());
  EXPECT_EQ(Deadline::after(0s).remaining(), Timeout(0s));
}

TEST(DeadlineTest, TheSmallestPassesAtOnce) {
  const Deadline deadline = Deadline::after(1ns);
  while (!deadline.has_passed()) {
  }
  EXPECT_EQ(deadline.remaining(), Timeout(0s));
}

TEST(DeadlineTest, FarAwayDoesNotOverflow) {
  const Deadline deadline = Deadline::after(std::chrono::nanoseconds::max() - 1ns);
  EXPECT_TRUE(deadline.is_never());
  const Deadline next_year = Deadline::after(std::chrono::years(1));
  EXPECT_FALSE(next_year.is_never());
  EXPECT_FALSE(next_year.has_passed());
  EXPECT_GT(next_year.remaining().duration(), std::chrono::days(364));
}

}  // namespace
}  // namespace cohort
