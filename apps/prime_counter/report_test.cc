#include "apps/prime_counter/report.h"

#include <gtest/gtest.h>

#include <string>

#include "nlohmann/json.hpp"

namespace cohort::prime_counter {
namespace {

CountRow Row(const std::string& text, std::uint64_t limit, std::uint64_t count) {
  return {text, {limit, count, true, limit}, {}};
}

CountSummary Complete() {
  CountSummary summary;
  summary.rows = {Row("1e6", 1'000'000, 78498), Row("10", 10, 4)};
  summary.workers = 2;
  return summary;
}

CountSummary Interrupted() {
  CountSummary summary = Complete();
  summary.rows.push_back({"1e9", {1'000'000'000, 5761455, false, 100'000'001}, {}});
  summary.rows.push_back({"2e9", {2'000'000'000, 0, false, {}}, {}});
  summary.interrupted = true;
  return summary;
}

TEST(CountReportTest, Table) {
  EXPECT_EQ(CountTable(Complete(), {}),
            "  up to  primes\n"
            "1000000   78498\n"
            "     10       4\n");
}

TEST(CountReportTest, TableOfARange) {
  CountSummary summary = Complete();
  summary.from = 2;
  summary.kind = Kind::kTwins;
  EXPECT_EQ(CountTable(summary, {.thousands = true}),
            "from      up to   twins\n"
            "   2  1,000,000  78,498\n"
            "   2         10       4\n");
}

TEST(CountReportTest, TableSaysWhatIsMissing) {
  EXPECT_EQ(CountTable(Interrupted(), {}),
            "     up to   primes\n"
            "   1000000    78498\n"
            "        10        4\n"
            "1000000000  5761455  INTERRUPTED: only up to 100000001\n"
            "2000000000        -  INTERRUPTED: nothing was counted\n");
}

TEST(CountReportTest, Verified) {
  CountSummary summary = Complete();
  summary.verify = true;
  summary.rows[0].known = 78498;
  summary.rows[1].known = 5;
  summary.rows.push_back(Row("7", 7, 4));
  EXPECT_EQ(CountTable(summary, {}),
            "  up to  primes\n"
            "1000000   78498  as published\n"
            "     10       4  WRONG: it is 5\n"
            "      7       4  no published count\n");
  EXPECT_FALSE(IsWrong(summary.rows[0]));
  EXPECT_TRUE(IsWrong(summary.rows[1]));
  EXPECT_FALSE(IsWrong(summary.rows[2]));
  const auto json = nlohmann::json::parse(CountJson(summary));
  EXPECT_EQ(json["counts"][0]["verified"], true);
  EXPECT_EQ(json["counts"][1]["verified"], false);
  EXPECT_TRUE(json["counts"][2]["verified"].is_null());
}

TEST(CountReportTest, Plain) {
  EXPECT_EQ(PlainCounts(Complete()), "78498\n4\n");
  EXPECT_EQ(PlainCounts(Interrupted()),
            "78498\n4\n5761455 (only up to 100000001)\n0 (nothing was counted)\n");
}

TEST(CountReportTest, Json) {
  const auto json = nlohmann::json::parse(CountJson(Complete()));
  EXPECT_EQ(json["schema"], kJsonSchema);
  EXPECT_EQ(json["kind"], "primes");
  EXPECT_EQ(json["complete"], true);
  EXPECT_FALSE(json.contains("interrupted"));
  EXPECT_EQ(json["counts"][0]["limit"], "1e6");
  EXPECT_EQ(json["counts"][0]["to"], 1'000'000);
  EXPECT_EQ(json["counts"][0]["count"], 78498);
  EXPECT_EQ(json["workers"], 2);
}

TEST(CountReportTest, JsonSaysWhatIsMissing) {
  CountSummary summary = Interrupted();
  auto json = nlohmann::json::parse(CountJson(summary));
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_EQ(json["counts"][0]["complete"], true);
  EXPECT_EQ(json["counts"][2]["complete"], false);
  EXPECT_EQ(json["counts"][2]["counted_to"], 100'000'001);
  EXPECT_TRUE(json["counts"][3]["counted_to"].is_null());
  summary.interrupted = false;
  summary.error = "no memory \xff";
  json = nlohmann::json::parse(CountJson(summary));
  EXPECT_EQ(json["error"], "no memory \xef\xbf\xbd");
}

TEST(CountReportTest, LargeNumbersInJson) {
  CountSummary summary;
  summary.rows = {Row("2^64-1", 18446744073709551615u, 425656284035217743u)};
  const std::string json = CountJson(summary);
  EXPECT_NE(json.find("\"to\": 18446744073709551615,"), json.npos);
}

TEST(AnswerReportTest, Lines) {
  const std::vector<std::uint64_t> numbers = {0, 1, 2, 91};
  EXPECT_EQ(AnswerLines(numbers, CheckAll(numbers, false)),
            "0 neither\n1 neither\n2 prime\n91 composite\n");
  EXPECT_EQ(AnswerLines(numbers, CheckAll(numbers, true)),
            "0 neither\n1 neither\n2 prime\n91 composite = 7 * 13\n");
}

TEST(AnswerReportTest, JsonLines) {
  const std::vector<std::uint64_t> numbers = {97, 12};
  EXPECT_EQ(AnswerJsonLines(numbers, CheckAll(numbers, false)),
            "{\"number\":97,\"prime\":true}\n{\"number\":12,\"prime\":false}\n");
  EXPECT_EQ(AnswerJsonLines(numbers, CheckAll(numbers, true)),
            "{\"number\":97,\"prime\":true,\"factors\":[97]}\n"
            "{\"number\":12,\"prime\":false,\"factors\":[2,2,3]}\n");
}

TEST(ProgressTest, Text) {
  EXPECT_EQ(ProgressText(0, 1e10, 1), "  0 %  0.00e+00 numbers/s");
  EXPECT_EQ(ProgressText(2.5e9, 1e10, 2), " 25 %  1.25e+09 numbers/s  0:06 left");
  EXPECT_EQ(ProgressText(1.1e10, 1e10, 2), "100 %  5.50e+09 numbers/s  0:00 left");
}

}  // namespace
}  // namespace cohort::prime_counter
