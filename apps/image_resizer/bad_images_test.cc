// The program on images that cannot be trusted: each costs itself at most.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "apps/common/processes.h"
#include "apps/image_resizer/test_program.h"
#include "futures/internal/test_util.h"

namespace cohort::image_resizer::testing {
namespace {

namespace fs = std::filesystem;
using apps::Ended;
using nlohmann::json;
using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// testing/images/make_corpus.py's, once for all tests.
class CorpusTest : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    std::string pattern = "/tmp/image_resizer_corpus.XXXXXX";
    corpus_ = mkdtemp(pattern.data());
    const std::string command =
        "python3 -B '" + Arguments().make_corpus + "' '" + corpus_.string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::ifstream(corpus_ / "manifest.json") >> manifest_;
  }

  static void TearDownTestSuite() { fs::remove_all(corpus_); }

  static std::string Images() { return (corpus_ / "images").string(); }

  // What the report has of each file, by its name in the corpus.
  static std::map<std::string, json> ByName(const json& report) {
    std::map<std::string, json> files;
    for (const json& file : report["files"]) {
      files[file["file"].get<std::string>().substr(Images().size() + 1)] = file;
    }
    return files;
  }

  void ExpectWhatTheManifestSays(const std::vector<std::string>& options, bool lenient) const;

  static fs::path corpus_;
  static json manifest_;
};

fs::path CorpusTest::corpus_;
json CorpusTest::manifest_;

void ExpectAsWanted(const json& wanted, const json& file, bool lenient) {
  const std::string outcome =
      lenient && wanted.contains("lenient") ? wanted["lenient"] : wanted["expect"];
  EXPECT_EQ(file["outcome"], outcome) << file;
  if (outcome == "failed") {
    EXPECT_EQ(file["kind"], wanted["kind"]) << file;
    EXPECT_TRUE(file.contains("error"));
  } else if (wanted.contains("width")) {
    EXPECT_EQ(file["target_width"], wanted["width"]) << file;
    EXPECT_EQ(file["target_height"], wanted["height"]) << file;
  }
}

void CorpusTest::ExpectWhatTheManifestSays(const std::vector<std::string>& options,
                                           bool lenient) const {
  std::vector<std::string> arguments = {Images(), "-o", Path("out"), "--size=48x48"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  const json report = RunJson(arguments);
  const std::map<std::string, json> files = ByName(report);
  std::size_t expected = 0;
  for (const json& wanted : manifest_) {
    const std::string name = wanted["file"];
    ASSERT_EQ(files.contains(name), wanted["expect"] != "left out") << name;
    if (!files.contains(name)) continue;
    ExpectAsWanted(wanted, files.at(name), lenient);
    ++expected;
  }
  EXPECT_EQ(report["summary"]["files"], expected);
  EXPECT_EQ(report["summary"]["not_done"], 0);
  EXPECT_EQ(report["summary"]["worker_deaths"], 0);
  EXPECT_EQ(FilesIn("out").size(), report["summary"]["resized"]);
}

TEST_F(CorpusTest, EachAsTheManifestSays) { ExpectWhatTheManifestSays({}, false); }

TEST_F(CorpusTest, Lenient) { ExpectWhatTheManifestSays({"--lenient"}, true); }

TEST_F(CorpusTest, OneWorkerForAllOfThem) {
  ExpectWhatTheManifestSays({"-j1", "--files-per-worker=0"}, false);
}

TEST_F(CorpusTest, AsPng) { ExpectWhatTheManifestSays({"--format=png", "--keep=all"}, false); }

class BadImageTest : public ProgramTest {
 protected:
  // More than a worker needs to start.
  static constexpr milliseconds kAtWork{kSanitized ? 200 : 40};

  std::vector<std::string> Slowly(const std::string& in) const {
    return {in, "-o", Path("out"), "--size=32", "--max-scans=100000", "-j2", "--json"};
  }
};

TEST_F(BadImageTest, TooSlow) {
  WriteSlow("in/slow.jpg");
  WriteJpeg("in/a.jpg");
  std::vector<std::string> arguments = Slowly(Path("in"));
  arguments.emplace_back("--timeout=0.2");
  const json report = json::parse(RunProgram(arguments).out);
  EXPECT_EQ(report["files"][0]["outcome"], "resized");
  EXPECT_EQ(report["files"][1]["kind"], "timeout");
  EXPECT_THAT(report["files"][1]["error"], HasSubstr("--timeout"));
}

TEST_F(BadImageTest, TooMuchMemory) {
  if (kSanitized) return;     // no limits there
  WriteSlow("in/large.jpg");  // 24 MB of coefficients
  WriteJpeg("in/a.jpg");
  std::vector<std::string> arguments = Slowly(Path("in"));
  arguments.emplace_back("--max-memory=10M");
  const json report = json::parse(RunProgram(arguments).out);
  EXPECT_EQ(report["files"][0]["outcome"], "resized");
  EXPECT_EQ(report["files"][1]["kind"], "out of memory");
}

TEST_F(BadImageTest, AWorkerThatDiesCostsNoFile) {
  for (int i = 0; i < 2; ++i) WriteSlow("in/slow" + std::to_string(i) + ".jpg");
  for (int i = 0; i < 20; ++i) WriteJpeg("in/" + std::to_string(i) + ".jpg");
  Process process(Slowly(Path("in")));
  const std::vector<pid_t> workers = apps::BusyChildrenOf(process.pid(), 2, kAtWork);
  ASSERT_EQ(workers.size(), 2u);
  kill(workers[0], SIGKILL);
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 0);
  const json report = json::parse(ended.out);
  EXPECT_EQ(report["summary"]["resized"], 22);
  EXPECT_EQ(report["summary"]["worker_deaths"], 1);
  EXPECT_EQ(ended.err, "");
}

std::string StatusOf(pid_t pid, const std::string& field) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  std::string value;
  for (std::string word; in >> word;) {
    if (word == field + ":") in >> value;
  }
  return value;
}

TEST_F(BadImageTest, WorkersAreInASandbox) {
  WriteSlow("slow.jpg");
  Process process(Slowly(Path("slow.jpg")));
  const std::vector<pid_t> workers = apps::BusyChildrenOf(process.pid(), 1, kAtWork);
  ASSERT_EQ(workers.size(), 1u);
  EXPECT_EQ(StatusOf(workers[0], "Seccomp"), "2");
  EXPECT_EQ(StatusOf(workers[0], "NoNewPrivs"), "1");
  for (const char* stream : {"0", "1", "2"}) {
    const std::string link = "/proc/" + std::to_string(workers[0]) + "/fd/" + stream;
    EXPECT_EQ(std::filesystem::read_symlink(link), "/dev/null");
  }
  process.Signal(SIGKILL);
  process.End();
  EXPECT_TRUE(apps::HaveEnded(workers));
}

class InterruptedTest : public BadImageTest {};

TEST_F(InterruptedTest, InterruptedItLeavesWhatIsWholeAndNothingElse) {
  for (int i = 0; i < 8; ++i) WriteSlow("in/slow" + std::to_string(i) + ".jpg");
  for (int i = 0; i < 8; ++i) WriteJpeg("in/" + std::to_string(i) + ".jpg");
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process(Slowly(Path("in")));
    const std::vector<pid_t> workers = apps::BusyChildrenOf(process.pid(), 2, kAtWork);
    ASSERT_EQ(workers.size(), 2u);
    process.Signal(signal);
    const Ended ended = process.End();
    EXPECT_EQ(ended.status, 130);
    EXPECT_EQ(ended.err, "");
    // The program has waited for them: not even a zombie is left.
    for (const pid_t worker : workers) EXPECT_EQ(kill(worker, 0), -1);
    const json report = json::parse(ended.out);
    EXPECT_EQ(report["interrupted"], true);
    EXPECT_EQ(report["complete"], false);
    EXPECT_GT(report["summary"]["not_done"], 0);
    EXPECT_EQ(FilesIn("out").size(), report["summary"]["resized"]);
  }
}

TEST_F(InterruptedTest, InterruptedTheSummarySaysSo) {
  for (int i = 0; i < 8; ++i) WriteSlow("in/" + std::to_string(i) + ".jpg");
  Process process({Path("in"), "-o", Path("out"), "--size=32", "--max-scans=100000", "-j1"});
  // Before it knows its files, it says that nothing was done.
  ASSERT_EQ(apps::BusyChildrenOf(process.pid(), 1, kAtWork).size(), 1u);
  process.Signal(SIGINT);
  const Ended ended = process.End();
  EXPECT_EQ(ended.status, 130);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("INTERRUPTED: "), HasSubstr(" not done")));
}

TEST_F(InterruptedTest, InterruptedWhileItWaitsForTheList) {
  Process process({"-", "-o", Path("out"), "--size=32"});
  ASSERT_TRUE(process.Catches(SIGINT));
  process.Signal(SIGINT);
  const Ended ended = process.End(false);
  EXPECT_EQ(ended.status, 130);
  EXPECT_EQ(ended.err, "image_resizer: interrupted; nothing was done\n");
}

}  // namespace
}  // namespace cohort::image_resizer::testing

int main(int argc, char** argv) {
  return cohort::image_resizer::testing::RunProgramTests(argc, argv);
}
