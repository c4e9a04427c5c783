// Runs the demo in its small form.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "apps/common/program_run.h"

namespace cohort::demo {
namespace {

namespace fs = std::filesystem;
using apps::Ended;
using apps::ProgramRun;
using testing::HasSubstr;

// Set by main.
std::string program;

class DemoTest : public testing::Test {
 protected:
  DemoTest() {
    std::string pattern = testing::TempDir() + "/demo.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    setenv("TMPDIR", directory_.c_str(), 1);
  }
  ~DemoTest() override {
    unsetenv("TMPDIR");
    fs::remove_all(directory_);
  }

  fs::path directory_;
};

TEST_F(DemoTest, RunsAllTools) {
  const Ended ended = ProgramRun(program, {"--small"}).End();
  EXPECT_EQ(ended.status, 0) << ended.err;
  for (const char* tool : {"log_summarizer", "prime_counter", "api_fetcher", "image_resizer"}) {
    EXPECT_THAT(ended.out, HasSubstr(std::string("\n$ ") + tool + " "));  // the command
    EXPECT_THAT(ended.out, HasSubstr(std::string("\n") + tool + " "));    // in the table
  }
  EXPECT_THAT(ended.out, HasSubstr("total of 8 files"));
  EXPECT_THAT(ended.out, HasSubstr("50847534  as published"));
  EXPECT_THAT(ended.out, HasSubstr("?delay=5\",\"id\":"));
  EXPECT_THAT(ended.out, HasSubstr("4 photos of 600x400"));
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(DemoTest, InterruptedLeavesNothing) {
  ProgramRun run(program, {"--small"});
  std::string out;
  while (out.find("$ log_summarizer") == out.npos) {
    const std::string more = run.ReadSome();
    ASSERT_NE(more, "") << out;
    out += more;
  }
  run.Signal(SIGINT);
  const Ended ended = run.End();
  EXPECT_EQ(ended.status, 130);
  EXPECT_THAT(ended.err, HasSubstr("interrupted"));
  EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(DemoTest, WrongOptionIsAUsageError) {
  EXPECT_EQ(ProgramRun(program, {"--none"}).End().status, 2);
}

TEST_F(DemoTest, NoRoomForSamplesIsAnError) {
  setenv("TMPDIR", "/proc", 1);
  const Ended ended = ProgramRun(program, {"--small"}).End();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("/proc/"));
}

}  // namespace
}  // namespace cohort::demo

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cohort::demo::program = argv[1];
  return RUN_ALL_TESTS();
}
