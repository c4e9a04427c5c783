// Runs the program as its users do.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "apps/common/program_run.h"
#include "nlohmann/json.hpp"

namespace cohort::log_summarizer {
namespace {

namespace fs = std::filesystem;
using apps::Ended;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// Set by main.
std::string program;

// A run of the program with pipes.
class Process : public apps::ProgramRun {
 public:
  explicit Process(std::vector<std::string> arguments, int out_instead = -1)
      : ProgramRun(program, std::move(arguments), out_instead) {}
};

Ended RunProgram(std::vector<std::string> arguments) { return Process(std::move(arguments)).End(); }

nlohmann::json RunJson(std::vector<std::string> arguments) {
  arguments.emplace_back("--format=json");
  return nlohmann::json::parse(RunProgram(std::move(arguments)).out);
}

class LogSummarizerTest : public testing::Test {
 protected:
  LogSummarizerTest() {
    std::string pattern = "/tmp/log_summarizer_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~LogSummarizerTest() override { fs::remove_all(root_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
    return (root_ / name).string();
  }

  fs::path root_;
};

TEST_F(LogSummarizerTest, ATableOfADirectory) {
  Write("a.log", "INFO a\nERROR b\n\tat ERROR\nWARN c\n");
  Write("b.log", "ERROR a\nERROR b");
  Write("empty.log", "");
  const Ended ended = RunProgram({root_.string()});
  const std::string at = root_.string();
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.err, "");
  const std::string rule(at.size() + 10 + 25, '-');
  EXPECT_EQ(ended.out, "file" + std::string(at.size() + 6, ' ') + "  lines  errors  warnings\n" +
                           at + "/b.log          2       2         0\n" +  //
                           at + "/a.log          4       1         1\n" +  //
                           at + "/empty.log      0       0         0\n" + rule + "\n" +
                           "total of 3 files" + std::string(at.size() - 6, ' ') +
                           "      6       3         1\n");
}

TEST_F(LogSummarizerTest, StandardInput) {
  Process process({"-", "--format=csv"});
  process.Write("level=error\nlevel=warn");
  EXPECT_EQ(process.End().out,
            "file,lines,errors,warnings,bytes,complete,error\r\n-,2,1,1,22,true,\r\n");
}

TEST_F(LogSummarizerTest, CompressedFilesByTheirContentAndNotTheirName) {
  const std::string log = Write("x", "ERROR a\nWARN b\n");
  for (const char* tool : {"gzip", "zstd -q", "xz"}) {
    const std::string packed = root_ / "packed.log";
    if (std::system(
            (std::string(tool) + " -c < " + log + " > " + packed + " 2> /dev/null").c_str()) != 0) {
      continue;  // the tool is not installed; content_test has all three formats
    }
    const auto json = RunJson({packed});
    EXPECT_EQ(json["total"]["errors"], 1) << tool;
    EXPECT_EQ(json["total"]["warnings"], 1) << tool;
    EXPECT_THAT(tool, StartsWith(json["files"][0]["compression"].get<std::string>()));
  }
}

TEST_F(LogSummarizerTest, AFileThatCannotBeReadIsARowAndTheOthersGoOn) {
  const std::string good = Write("good.log", "ERROR\n");
  const std::string damaged = Write("damaged.log", "\x1f\x8bjunk, not gzip");
  const std::string missing = root_ / "missing.log";
  const Ended ended = RunProgram({missing, good, damaged});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("not read: No such file or directory"),
                               HasSubstr("not read: the gzip data is damaged"),
                               HasSubstr("total of 3 files")));
  EXPECT_THAT(ended.err, HasSubstr("log_summarizer: " + missing + ": No such file or directory\n"));
  EXPECT_EQ(RunJson({missing, good})["total"]["errors"], 1);
}

TEST_F(LogSummarizerTest, NoPermission) {
  const std::string path = Write("secret.log", "ERROR\n");
  fs::permissions(path, fs::perms::none);
  if (access(path.c_str(), R_OK) == 0) return;  // root may read everything
  EXPECT_EQ(RunProgram({path}).status, 1);
}

TEST_F(LogSummarizerTest, AWrongCommandLine) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {}, {"--bogus", "x"}, {"x", "--sort=size"}, {"x", "-j0"}, {"x", "--top=-1"}}) {
    const Ended ended = RunProgram(arguments);
    EXPECT_EQ(ended.status, 2);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, AllOf(StartsWith("log_summarizer: "), HasSubstr("--help")));
  }
}

TEST_F(LogSummarizerTest, Help) {
  const Ended ended = RunProgram({"--help"});
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("Examples:"));
}

TEST_F(LogSummarizerTest, LimitsForScripts) {
  const std::string path = Write("a.log", "ERROR\nERROR\nWARN\n");
  const std::string calm = Write("b.log", "INFO\nWARN\n");
  EXPECT_EQ(RunProgram({path}).status, 0);
  EXPECT_EQ(RunProgram({path, "--fail-on=errors"}).status, 3);
  EXPECT_EQ(RunProgram({calm, "--fail-on=errors"}).status, 0);
  EXPECT_EQ(RunProgram({calm, "--fail-on=warnings"}).status, 3);
  EXPECT_EQ(RunProgram({path, "--max-errors=2"}).status, 0);
  EXPECT_EQ(RunProgram({path, "--max-errors=1"}).status, 3);
  EXPECT_EQ(RunProgram({path, "--max-warnings=0"}).status, 3);
}

TEST_F(LogSummarizerTest, RuleSubstring) {
  const std::string path = Write("a.log", "INFO no ERROR\n\tat ERROR\nlevel=error\n");
  EXPECT_EQ(RunJson({path})["total"]["errors"], 1);
  EXPECT_EQ(RunJson({path, "--rule=substring"})["total"]["errors"], 2);
}

TEST_F(LogSummarizerTest, Utf16IsCountedAndNamed) {
  const std::string path = Write("w.log", std::string("\xff\xfe"
                                                      "E\0R\0R\0O\0R\0\n\0",
                                                      14));
  const auto json = RunJson({path});
  EXPECT_EQ(json["total"]["errors"], 1);
  EXPECT_EQ(json["files"][0]["encoding"], "utf-16le");
}

TEST_F(LogSummarizerTest, InterruptedItReportsWhatItHas) {
  Process process({"-"});
  process.Write("ERROR a\nERROR b\nWARN c\n");
  ASSERT_TRUE(process.TakesAll());
  process.Signal(SIGINT);
  const Ended ended = process.End(false);
  EXPECT_EQ(ended.status, 130);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("INTERRUPTED"), HasSubstr("read in part")));
  EXPECT_THAT(ended.out, HasSubstr("total of 1 file      3       2         1"));
}

TEST_F(LogSummarizerTest, InterruptedWhileItWaitsForANamedPipe) {
  const std::string path = root_ / "pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  Process process({"-", path, "-j2"});
  process.Write("x\n");
  ASSERT_TRUE(process.TakesAll());
  process.Signal(SIGTERM);
  EXPECT_EQ(process.End(false).status, 130);
}

TEST_F(LogSummarizerTest, AFullDisk) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  const Ended ended = Process({Write("a.log", "ERROR\n")}, full).End();
  close(full);
  EXPECT_EQ(ended.status, 4);
  EXPECT_EQ(ended.err, "log_summarizer: the report cannot be written: No space left on device\n");
}

TEST_F(LogSummarizerTest, AReaderThatHasGone) {
  Process process({"-"});
  process.CloseOut();
  process.Write("ERROR\n");
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 4);
  EXPECT_EQ(ended.err, "");
}

}  // namespace
}  // namespace cohort::log_summarizer

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 2) return 2;
  cohort::log_summarizer::program = argv[1];
  return RUN_ALL_TESTS();
}
