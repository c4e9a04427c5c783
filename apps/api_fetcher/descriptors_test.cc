#include "apps/api_fetcher/descriptors.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

TEST(DescriptorsTest, EnoughForAll) {
  const Descriptors shares = ShareDescriptors(64, 1 << 20);
  EXPECT_EQ(shares.problem, "");
  EXPECT_EQ(shares.idle_connections, 8u);
}

TEST(DescriptorsTest, NeverMoreThanThereAre) {
  for (const int threads : {1, 20, 64, 200, 450}) {
    const Descriptors shares = ShareDescriptors(threads, 1024);
    EXPECT_EQ(shares.problem, "") << threads;
    EXPECT_GE(shares.idle_connections, 1u);
    EXPECT_LE(threads * (shares.idle_connections + 1), 1024u) << threads;
  }
}

TEST(DescriptorsTest, TooFewSayWhatWouldDo) {
  const std::string problem = ShareDescriptors(1000, 1024).problem;
  EXPECT_TRUE(absl::StrContains(problem, "-c 480")) << problem;
  EXPECT_EQ(ShareDescriptors(480, 1024).problem, "");
}

}  // namespace
}  // namespace cohort::api_fetcher
