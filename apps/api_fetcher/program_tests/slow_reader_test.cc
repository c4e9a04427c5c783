// Whoever reads the records may be slow, or never read again.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "apps/api_fetcher/program_tests/program_test.h"

namespace cohort::api_fetcher {
namespace {

using apps::Ended;
using apps::ProgramRun;
using testing::HasSubstr;
using testing::Not;

// Its reader reads when the test says so.
class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }
  ~Pipe() {
    CloseIn();
    close(ends_[0]);
  }

  int in() const { return ends_[1]; }

  // Whether there is no room for another page, within a minute.
  bool IsFull() const {
    for (int tries = 0; tries < 60'000; ++tries) {
      pollfd writable = {.fd = ends_[1], .events = POLLOUT, .revents = 0};
      if (poll(&writable, 1, 0) == 0) return true;
      poll(nullptr, 0, 1);
    }
    return false;
  }

  // From the program, until it ends; after each page a pause of so many milliseconds.
  std::string ReadAll(int pause = 0) {
    CloseIn();
    std::string all;
    char space[4096];
    for (ssize_t n = 0; (n = read(ends_[0], space, sizeof space)) > 0;) {
      all.append(space, static_cast<std::size_t>(n));
      if (pause > 0) poll(nullptr, 0, pause);
    }
    return all;
  }

 private:
  void CloseIn() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }

  int ends_[2];
};

class SlowReaderTest : public ProgramTest {
 protected:
  // Records so long that soon no more of them are kept.
  Arguments Endless(Arguments more = {}) const {
    const std::string url = server_.Url("/posts/{id}?" + std::string(30'000, 'x'));
    more.insert(more.begin(), {url, "--ids", "1-1000000000"});
    return more;
  }

  http_server::HttpServer server_;
  Pipe out_;
};

TEST_F(SlowReaderTest, TheDeadlineDoesNotWaitForOneWhoDoesNotRead) {
  const Ended ended = ProgramRun(program, Endless({"--deadline", "1s"}), out_.in()).End();
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, HasSubstr("records are lost"));
  EXPECT_THAT(ended.err, HasSubstr("NOT COMPLETE: --deadline"));
}

TEST_F(SlowReaderTest, NorDoesASignal) {
  ProgramRun run(program, Endless(), out_.in());
  ASSERT_TRUE(out_.IsFull());
  run.Signal(SIGINT);
  const Ended ended = run.End();
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, HasSubstr("records are lost"));
  EXPECT_THAT(ended.err, HasSubstr("NOT COMPLETE: interrupted"));
}

// One that goes on reading gets all after one signal, but a second one does not wait for it.
TEST_F(SlowReaderTest, ASecondSignalWaitsForNobody) {
  ProgramRun run(program, Endless(), out_.in());
  ASSERT_TRUE(out_.IsFull());
  std::thread reader([&] { out_.ReadAll(/*pause=*/20); });
  run.Signal(SIGINT);
  poll(nullptr, 0, 300);  // what comes sooner is taken for the same signal
  run.Signal(SIGINT);
  const Ended ended = run.End();
  reader.join();
  EXPECT_EQ(ended.status, 4);
  EXPECT_THAT(ended.err, HasSubstr("records are lost"));
}

TEST_F(SlowReaderTest, ASignalAfterTheLastRequestToo) {
  ProgramRun run(program, {server_.Url("/posts/{id}"), "--ids", "1-2000"}, out_.in());
  ASSERT_TRUE(out_.IsFull());
  while (server_.statistics().Take().requests < 2000) poll(nullptr, 0, 1);
  run.Signal(SIGINT);
  EXPECT_EQ(run.End().status, 4);
}

TEST_F(SlowReaderTest, WhoReadsNothingMayReadNoNotesEither) {
  Arguments arguments = Endless({"--deadline", "1s", "--progress", "plain"});
  arguments.insert(arguments.begin(), {"-c", "exec \"$0\" \"$@\" 2>&1", program});
  EXPECT_EQ(ProgramRun("/bin/sh", arguments, out_.in()).End().status, 4);
}

TEST_F(SlowReaderTest, ADryRunEndsToo) {
  ProgramRun run(program, Endless({"--dry-run"}), out_.in());
  ASSERT_TRUE(out_.IsFull());
  run.Signal(SIGINT);
  EXPECT_EQ(run.End().status, 130);
}

TEST_F(SlowReaderTest, WhoReadsSlowlyGetsAll) {
  ProgramRun run(program, {server_.Url("/posts/{id}"), "--ids", "1-3000"});
  std::string out;
  for (std::string some; !(some = run.ReadSome()).empty();) {
    out += some;
    poll(nullptr, 0, 1);
  }
  Ended ended = run.End();
  ended.out = out;
  const Fetched fetched = ToFetched(ended);
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_EQ(fetched.records.size(), 3000u);
}

TEST_F(SlowReaderTest, WhoReadsAfterASignalGetsAll) {
  ProgramRun run(program, Endless({"--summary", "json"}), out_.in());
  ASSERT_TRUE(out_.IsFull());
  run.Signal(SIGINT);
  const std::string out = out_.ReadAll();
  Ended ended = run.End();
  ended.out = out;
  const Fetched fetched = ToFetched(ended);
  EXPECT_EQ(fetched.status, 130);
  EXPECT_THAT(fetched.err, Not(HasSubstr("lost")));
  EXPECT_EQ(fetched.records.size(), Json::parse(fetched.err)["done"]);
}

}  // namespace
}  // namespace cohort::api_fetcher
