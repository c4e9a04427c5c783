#include "apps/prime_counter/tally.h"

#include <gtest/gtest.h>

#include <optional>

namespace cohort::prime_counter {
namespace {

TEST(TallyTest, CountsHaveNoGaps) {
  Tally tally({10, 30});
  const auto a = tally.Expect({0, 10, 0, 2, true});
  const auto b = tally.Expect({11, 20, 1, 2, false});
  const auto c = tally.Expect({21, 30, 1, 2, true});
  EXPECT_EQ(tally.counts()[0].counted_to, std::nullopt);

  tally.Add(b, 4);
  EXPECT_EQ(tally.counts()[1].count, 0u);
  EXPECT_EQ(tally.counts()[1].counted_to, std::nullopt);
  EXPECT_EQ(tally.numbers(), 9u);

  tally.Add(a, 4);
  EXPECT_EQ(tally.counts()[0].count, 4u);
  EXPECT_TRUE(tally.counts()[0].complete);
  EXPECT_EQ(tally.counts()[1].count, 8u);
  EXPECT_EQ(tally.counts()[1].counted_to, 20u);
  EXPECT_FALSE(tally.counts()[1].complete);

  tally.Add(c, 2);
  EXPECT_EQ(tally.counts()[1].count, 10u);
  EXPECT_TRUE(tally.counts()[1].complete);
  EXPECT_EQ(tally.counts()[0].count, 4u);
}

TEST(TallyTest, APieceForOneLimitAlone) {
  Tally tally({10, 30});
  tally.Add(tally.Expect({0, 1, 0, 2, false}), 0);
  tally.Add(tally.Expect({2, 10, 0, 1, true}), 2);
  EXPECT_TRUE(tally.counts()[0].complete);
  EXPECT_EQ(tally.counts()[1].counted_to, 1u);
  tally.Add(tally.Expect({2, 30, 1, 2, true}), 5);
  EXPECT_EQ(tally.counts()[0].count, 2u);
  EXPECT_EQ(tally.counts()[1].count, 5u);
}

}  // namespace
}  // namespace cohort::prime_counter
