#include "apps/log_summarizer/summarize.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "apps/log_summarizer/discover.h"
#include "apps/log_summarizer/reference.h"
#include "pools/thread_pool_executor.h"

namespace cohort::log_summarizer {
namespace {

namespace fs = std::filesystem;

class SummarizeTest : public testing::Test {
 protected:
  SummarizeTest() {
    std::string pattern = "/tmp/summarize_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
  }
  ~SummarizeTest() override { fs::remove_all(root_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
    return (root_ / name).string();
  }

  static Summary Run(const std::vector<std::string>& paths, Rule rule = Rule::kLevel) {
    const Discovery found = Discover(paths, {});
    ThreadPoolExecutor pool(3);
    std::size_t updates = 0;
    std::vector<Batch> batches = Plan(found.files, 3);
    const std::size_t tasks = batches.size();
    Summary summary =
        Summarize(pool, found.files, std::move(batches), rule, [&](const Progress&) { ++updates; });
    EXPECT_EQ(updates, tasks);
    return summary;
  }

  fs::path root_;
};

// Lines across the cuts: short, long, and one without an end for several pieces.
TEST_F(SummarizeTest, AFileInPiecesCountsAsAWhole) {
  std::mt19937_64 random(5);
  std::string log;
  while (log.size() < 3 * kPieceSize) {
    log += RandomLog(random, 100'000);
    log.append(random() % 100'000, 'x');
  }
  log.append(2 * kPieceSize, 'y');
  log += "\n" + RandomLog(random, 10'000);
  const std::string path = Write("big.log", log);
  for (Rule rule : {Rule::kLevel, Rule::kSubstring}) {
    const LineCounts expected = ReferenceCount(log, rule);
    const Summary summary = Run({path}, rule);
    EXPECT_EQ(summary.total.lines, expected.lines());
    EXPECT_EQ(summary.total.errors, expected.errors());
    EXPECT_EQ(summary.total.warnings, expected.warnings());
    EXPECT_EQ(summary.total.bytes, log.size());
  }
}

TEST_F(SummarizeTest, ACutRightAfterANewline) {
  std::string log;
  while (log.size() < 2 * kPieceSize) log += "2026 ERROR 0123\n";
  ASSERT_EQ(log.size() % 16, 0u);
  EXPECT_EQ(Run({Write("even.log", log)}).total.errors, log.size() / 16);
}

TEST_F(SummarizeTest, ManyFilesEachItsOwn) {
  std::vector<std::string> paths;
  for (int i = 0; i < 300; ++i) {
    std::string log;
    for (int line = 0; line < i; ++line) log += "ERROR x\n";
    paths.push_back(Write(std::to_string(i) + ".log", log));
  }
  const Summary summary = Run(paths);
  ASSERT_EQ(summary.files.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(summary.files[i].totals.errors, i);
  EXPECT_EQ(summary.total.lines, 300 * 299 / 2);
}

TEST_F(SummarizeTest, AFileThatIsGoneDoesNotStopTheOthers) {
  const std::string gone = Write("gone.log", "ERROR\n");
  const std::string large = Write("large.log", std::string(kPieceSize + 1, 'x'));
  const std::string kept = Write("kept.log", "ERROR\n");
  const Discovery found = Discover({gone, large, kept}, {});
  fs::remove(gone);
  fs::remove(large);
  ThreadPoolExecutor pool(2);
  const Summary summary =
      Summarize(pool, found.files, Plan(found.files, 2), Rule::kLevel, [](const Progress&) {});
  EXPECT_EQ(summary.files[0].error, "No such file or directory");
  EXPECT_EQ(summary.files[1].error, "No such file or directory");
  EXPECT_EQ(summary.files[2].totals.errors, 1u);
  EXPECT_TRUE(summary.failed);
}

TEST_F(SummarizeTest, AFileThatWasTruncatedCountsUpToItsEnd) {
  const std::string path = Write("cut.log", std::string(3 * kPieceSize, '\n'));
  const Discovery found = Discover({path}, {});
  fs::resize_file(path, kPieceSize + 10);
  ThreadPoolExecutor pool(2);
  const Summary summary =
      Summarize(pool, found.files, Plan(found.files, 2), Rule::kLevel, [](const Progress&) {});
  EXPECT_EQ(summary.total.lines, kPieceSize + 10);
  EXPECT_FALSE(summary.failed);
}

TEST_F(SummarizeTest, NothingToDo) {
  const Summary summary = Run({});
  EXPECT_TRUE(summary.files.empty());
  EXPECT_EQ(summary.total, Totals());
}

}  // namespace
}  // namespace cohort::log_summarizer
