#include "apps/api_fetcher/stop_switch.h"

#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

class StopSwitchTest : public testing::Test {
 protected:
  StopSwitchTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  ~StopSwitchTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  // Blocks unless the socket has been shut down.
  ssize_t ReadByte() const {
    char byte;
    return read(ends_[0], &byte, 1);
  }

  int ends_[2];
  StopSwitch stop_;
};

TEST_F(StopSwitchTest, WakesAThreadThatReads) {
  StoppableFd socket(stop_);
  socket.Set(ends_[0]);
  std::thread stopper([this] { stop_.Stop(); });
  EXPECT_EQ(ReadByte(), 0);
  stopper.join();
  EXPECT_TRUE(socket.stopped());
}

TEST_F(StopSwitchTest, AlsoWhatIsSetLater) {
  stop_.Stop();
  StoppableFd socket(stop_);
  socket.Set(ends_[0]);
  EXPECT_EQ(ReadByte(), 0);
}

// It may be another file by then.
TEST_F(StopSwitchTest, LeavesWhatWasReleased) {
  StoppableFd socket(stop_);
  socket.Set(ends_[0]);
  EXPECT_EQ(socket.Release(), ends_[0]);
  EXPECT_EQ(socket.Release(), -1);
  stop_.Stop();
  ASSERT_EQ(write(ends_[1], "x", 1), 1);
  EXPECT_EQ(ReadByte(), 1);
}

}  // namespace
}  // namespace cohort::api_fetcher
