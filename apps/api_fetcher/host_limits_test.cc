#include "apps/api_fetcher/host_limits.h"

#include <atomic>
#include <latch>
#include <thread>

#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using Clock = HostLimits::Clock;

constexpr char kA[] = "http://a:80/1";
constexpr char kB[] = "http://b:80/1";

TEST(HostOfTest, IsWhatPathsHaveInCommon) {
  EXPECT_EQ(HostOf("https://a.example:8443/b/c?d"), "https://a.example:8443");
  EXPECT_EQ(HostOf("http://a?q=/"), "http://a");
  EXPECT_EQ(HostOf("http://[::1]:80"), "http://[::1]:80");
}

class HostLimitsTest : public testing::Test {
 protected:
  ThreadPoolExecutor pool_{4};
  HostLimits::Shared shared_{pool_};
};

TEST_F(HostLimitsTest, WithoutLimitsThereAreNoHosts) {
  HostLimits hosts(shared_, {});
  std::latch done(2);
  hosts.Post(kA, [&] { done.count_down(); });
  hosts.PostAfter(kB, milliseconds(1), [&] { done.count_down(); });
  done.wait();
  EXPECT_EQ(hosts.size(), 0u);
}

TEST_F(HostLimitsTest, AHostThatIsBusyHoldsNoOtherUp) {
  HostLimits hosts(shared_, {.max_concurrent = 1});
  std::latch end(1);
  std::latch done(2);
  std::atomic<int> running = 0;
  for (int i = 0; i < 2; ++i) {
    hosts.Post(kA, [&] {
      EXPECT_EQ(++running, 1);
      end.wait();
      --running;
      done.count_down();
    });
  }
  std::latch other(1);
  hosts.Post(kB, [&] { other.count_down(); });
  other.wait();
  end.count_down();
  done.wait();
  EXPECT_EQ(hosts.size(), 2u);
}

TEST_F(HostLimitsTest, APausedHostStartsNothing) {
  HostLimits hosts(shared_, {});
  hosts.PauseUntil(kA, Clock::now() + hours(1));
  EXPECT_GT(hosts.PauseLeft(kA), milliseconds(0));
  EXPECT_LE(hosts.PauseLeft(kB), milliseconds(0));
  std::atomic<bool> began = false;
  hosts.Post(kA, [&] { began = true; });
  std::latch other(1);
  hosts.Post(kB, [&] { other.count_down(); });
  other.wait();
  EXPECT_FALSE(began);
  hosts.Cancel();
}

TEST_F(HostLimitsTest, AShorterPauseDoesNotEndALongerOne) {
  HostLimits hosts(shared_, {});
  hosts.PauseUntil(kA, Clock::now() + hours(2));
  hosts.PauseUntil(kA, Clock::now() + hours(1));
  EXPECT_GT(hosts.PauseLeft(kA), hours(1));
}

TEST_F(HostLimitsTest, AfterItsPauseAHostGoesOn) {
  HostLimits hosts(shared_, {});
  const Clock::time_point until = Clock::now() + milliseconds(20);
  hosts.PauseUntil(kA, until);
  std::latch done(1);
  hosts.Post(kA, [&] {
    EXPECT_GE(Clock::now(), until);
    done.count_down();
  });
  done.wait();
}

TEST_F(HostLimitsTest, IdleHostsAreForgotten) {
  HostLimits hosts(shared_, {.max_concurrent = 1});
  std::latch done(1);
  hosts.Post(kA, [&] { done.count_down(); });
  done.wait();
  EXPECT_EQ(hosts.size(), 1u);
  while (hosts.size() > 0) {
    hosts.Sweep();
    std::this_thread::yield();
  }
}

TEST_F(HostLimitsTest, HostsWithWorkAreNotForgotten) {
  HostLimits hosts(shared_, {});
  hosts.PauseUntil(kA, Clock::now() + hours(1));
  hosts.Sweep();
  EXPECT_EQ(hosts.size(), 1u);
}

TEST_F(HostLimitsTest, ARetryThatWaitsCanBeCancelled) {
  HostLimits hosts(shared_, {.max_concurrent = 1});
  EXPECT_TRUE(hosts.PostAfter(kA, hours(1), [] { ADD_FAILURE(); }).cancel());
}

}  // namespace
}  // namespace cohort::api_fetcher
