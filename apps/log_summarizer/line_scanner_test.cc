#include "apps/log_summarizer/line_scanner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <string_view>

#include "apps/log_summarizer/reference.h"
#include "apps/log_summarizer/scan_kernels.h"

namespace cohort::log_summarizer {
namespace {

// Feeds `text` in pieces whose sizes `next_size` chooses.
LineCounts Scan(std::string_view text, Rule rule, const std::function<std::size_t()>& next_size,
                const Kernels& kernels = BestKernels()) {
  LineScanner scanner(rule, kernels);
  scanner.Start();
  while (!text.empty()) {
    const std::size_t n = std::min({next_size(), text.size(), scanner.space().size()});
    std::memcpy(scanner.space().data(), text.data(), n);
    scanner.Take(n);
    text.remove_prefix(n);
  }
  return scanner.Finish();
}

LineCounts ScanWhole(std::string_view text, Rule rule = Rule::kLevel) {
  return Scan(text, rule, [] { return LineScanner::kBlock; });
}

TEST(LineScannerTest, CountsLines) {
  EXPECT_EQ(ScanWhole("").lines(), 0u);
  EXPECT_EQ(ScanWhole("\n").lines(), 1u);
  EXPECT_EQ(ScanWhole("a").lines(), 1u);
  EXPECT_EQ(ScanWhole("a\n").lines(), 1u);
  EXPECT_EQ(ScanWhole("a\nb").lines(), 2u);
  EXPECT_EQ(ScanWhole("\n\n\n").lines(), 3u);
  EXPECT_EQ(ScanWhole(std::string(10, '\0')).lines(), 1u);
}

TEST(LineScannerTest, AnUnterminatedLineHasALevel) {
  EXPECT_EQ(ScanWhole("ERROR a\nERROR b").errors(), 2u);
  EXPECT_EQ(ScanWhole("WARN").warnings(), 1u);
}

TEST(LineScannerTest, TheSubstringRule) {
  const std::string log = "INFO no ERROR\nWARN and ERROR\nWARN\nerror\nSERVER WAR ERRO\n";
  const LineCounts counts = ScanWhole(log, Rule::kSubstring);
  EXPECT_EQ(counts.lines(), 5u);
  EXPECT_EQ(counts.errors(), 2u);
  EXPECT_EQ(counts.warnings(), 1u);
}

TEST(LineScannerTest, LooseLinesCountWhereTheyAreTheRule) {
  const std::string dated = "2026-03-12 08:15:00 ERROR a\nquery: ERROR b\n";
  EXPECT_EQ(ScanWhole(dated).errors(), 1u);
  const std::string undated = "app: ERROR a\napp: ERROR b\n2026-03-12 08:15:00 INFO odd\n";
  EXPECT_EQ(ScanWhole(undated).errors(), 2u);
}

TEST(LineScannerTest, ALineLongerThanAnyBuffer) {
  const std::string line = "ERROR " + std::string(3 * LineScanner::kBlock, 'x') + " ERROR\n";
  const LineCounts counts = ScanWhole(line + line + "WARN\n");
  EXPECT_EQ(counts.lines(), 3u);
  EXPECT_EQ(counts.errors(), 2u);
  EXPECT_EQ(counts.warnings(), 1u);
}

TEST(LineScannerTest, NulsBeforeALineAreSkippedWhateverTheirNumber) {
  const std::string hole(2 * LineScanner::kBlock + 5, '\0');
  EXPECT_EQ(ScanWhole(hole + "ERROR x\n").errors(), 1u);
}

TEST(LineScannerTest, ASubstringAcrossBlocksOfALongLine) {
  std::string line(LineScanner::kBlock - 2, 'x');
  line += "ERROR\n";
  EXPECT_EQ(ScanWhole(line, Rule::kSubstring).errors(), 1u);
}

TEST(LineScannerTest, StartsWithinALine) {
  LineScanner scanner(Rule::kLevel);
  const std::string_view text = "ERROR cut\nERROR whole\n";
  scanner.Start(true);
  std::memcpy(scanner.space().data(), text.data(), text.size());
  scanner.Take(text.size());
  EXPECT_EQ(scanner.Finish().lines(), 1u);
}

TEST(LineScannerTest, CanBeUsedAgain) {
  LineScanner scanner(Rule::kLevel);
  for (int i = 0; i < 3; ++i) {
    scanner.Start();
    std::memcpy(scanner.space().data(), "ERROR", 5);
    scanner.Take(5);
    EXPECT_EQ(scanner.Finish().errors(), 1u);
  }
}

class LineScannerPropertyTest : public testing::TestWithParam<Rule> {};

TEST_P(LineScannerPropertyTest, SameAsTheReferenceHoweverItIsCut) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 300; ++i) {
    const std::string log = RandomLog(random, random() % 3000);
    const LineCounts expected = ReferenceCount(log, GetParam());
    const std::size_t longest = 1 + random() % 200;
    const auto next_size = [&] { return 1 + random() % longest; };
    for (const Kernels& kernels : UsableKernels()) {
      const auto all = [] { return LineScanner::kBlock; };
      ASSERT_EQ(Scan(log, GetParam(), all, kernels), expected) << i << ", " << kernels.name;
      ASSERT_EQ(Scan(log, GetParam(), next_size, kernels), expected) << i << ", " << kernels.name;
    }
  }
}

// Lines around the sizes at which buffers end.
TEST_P(LineScannerPropertyTest, SameAsTheReferenceForLongLines) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 30; ++i) {
    std::string log;
    for (int lines = 0; lines < 6; ++lines) {
      log += RandomLog(random, random() % 300);
      log.append(random() % (2 * kMaxHead), random() % 8 == 0 ? '\0' : 'x');
    }
    const std::size_t longest = 1 + random() % LineScanner::kBlock;
    const auto next_size = [&] { return 1 + random() % longest; };
    ASSERT_EQ(Scan(log, GetParam(), next_size), ReferenceCount(log, GetParam())) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, LineScannerPropertyTest,
                         testing::Values(Rule::kLevel, Rule::kSubstring));

}  // namespace
}  // namespace cohort::log_summarizer
