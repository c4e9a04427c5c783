#include "apps/common/clock_text.h"

#include <gtest/gtest.h>

namespace cohort::apps {
namespace {

TEST(ClockTextTest, MinutesAndHours) {
  EXPECT_EQ(ClockText(0), "0:00");
  EXPECT_EQ(ClockText(75.9), "1:15");
  EXPECT_EQ(ClockText(3700), "1:01:40");
  EXPECT_EQ(ClockText(-1), "0:00");
}

TEST(ClockTextTest, TimeLeft) {
  EXPECT_EQ(TimeLeftText(0, 1), "");
  EXPECT_EQ(TimeLeftText(0.25, 2), "  0:06 left");
  EXPECT_EQ(TimeLeftText(1.5, 2), "  0:00 left");
}

}  // namespace
}  // namespace cohort::apps
