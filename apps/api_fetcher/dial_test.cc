#include "apps/api_fetcher/dial.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/stop_switch.h"
#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

// A Unix socket that takes connections, and accepts none: connecting ends at once.
class DialTest : public testing::Test {
 protected:
  DialTest() {
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    to_.unix_socket = folder_ + "/socket";
    to_.unix_socket.copy(address.sun_path, to_.unix_socket.size());
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 10), 0);
  }
  ~DialTest() override {
    close(listener_);
    std::filesystem::remove_all(folder_);
  }

  std::string folder_ = "/tmp/dial_test_XXXXXX";  // short, as such names must be
  const int listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Endpoint to_;
  StopSwitch stop_;
  StoppableFd socket_{stop_};
};

TEST_F(DialTest, LeavesTheSocketToTheCaller) {
  EXPECT_EQ(Dial(to_, {}, socket_).kind, ErrorKind::kNone);
  EXPECT_GE(socket_.get(), 0);
  EXPECT_EQ(close(socket_.Release()), 0);
}

// To shut down a socket that does not connect yet has no effect.
TEST_F(DialTest, AStopBeforeConnecting) {
  stop_.Stop();
  EXPECT_EQ(Dial(to_, {}, socket_).kind, ErrorKind::kInterrupted);
  EXPECT_EQ(socket_.get(), -1);
}

}  // namespace
}  // namespace cohort::api_fetcher
