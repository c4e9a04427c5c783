#include "apps/api_fetcher/progress_report.h"

#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

TEST(ProgressTextTest, SaysHowFarItIs) {
  const RunState state = {.done = 1234, .failed = 3, .bytes = 12'300'000, .seconds = 2};
  EXPECT_EQ(ProgressText(state, 20'000), "1,234 of 20,000 (6 %), 3 failed, 617/s, 12.3 MB");
  EXPECT_EQ(ProgressText(state, std::nullopt), "1,234, 3 failed, 617/s, 12.3 MB");
}

TEST(ProgressTextTest, AtTheBeginning) {
  EXPECT_EQ(ProgressText({}, 10), "0 of 10 (0 %), 0/s, 0 B");
  EXPECT_EQ(ProgressText({}, 0), "0 of 0 (100 %), 0/s, 0 B");
}

}  // namespace
}  // namespace cohort::api_fetcher
