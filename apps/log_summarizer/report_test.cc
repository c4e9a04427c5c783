#include "apps/log_summarizer/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "nlohmann/json.hpp"

namespace cohort::log_summarizer {
namespace {

Summary Example() {
  Summary summary;
  summary.files = {{.name = "a.log", .totals = {1234567, 2, 30, 9000}},
                   {.name = "b\n\"x\",\xff.log", .totals = {5, 0, 0, 60}},
                   {.name = "c.log", .error = "Permission denied"},
                   {.name = "d.log.gz",
                    .totals = {7, 1, 0, 80},
                    .content = {Compression::kGzip, Encoding::kUtf16LittleEndian}}};
  for (const FileSummary& file : summary.files) summary.total += file.totals;
  summary.failed = true;
  return summary;
}

TEST(ReportTest, Table) {
  EXPECT_EQ(TableReport(Example(), {}),
            "file                lines  errors  warnings\n"
            "a.log             1234567       2        30\n"
            "b\\n\"x\",\\xff.log         5       0         0\n"
            "c.log                   -       -         -  not read: Permission denied\n"
            "d.log.gz                7       1         0  gzip, utf-16le\n"
            "------------------------------------------------------------------------\n"
            "total of 4 files  1234579       3        30\n");
}

TEST(ReportTest, TableOnATerminal) {
  const std::string table = TableReport(Example(), {.colour = true, .thousands = true});
  EXPECT_NE(table.find("1,234,567"), table.npos);
  EXPECT_NE(table.find("\x1b[31m2\x1b[0m"), table.npos);
}

TEST(ReportTest, TableSaysWhatIsMissing) {
  Summary summary = Example();
  summary.left_out = 3;
  summary.interrupted = true;
  summary.files[0].interrupted = true;
  const std::string table = TableReport(summary, {});
  EXPECT_NE(table.find("interrupted: read in part"), table.npos);
  EXPECT_NE(table.find("(3 more in the total)"), table.npos);
  EXPECT_NE(table.find("INTERRUPTED"), table.npos);
}

TEST(ReportTest, Json) {
  const auto json = nlohmann::json::parse(JsonReport(Example(), Rule::kLevel));
  EXPECT_EQ(json["schema"], kJsonSchema);
  EXPECT_EQ(json["rule"], "level");
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["files"].size(), 4u);
  EXPECT_EQ(json["files"][0]["file"], "a.log");
  EXPECT_EQ(json["files"][0]["lines"], 1234567);
  EXPECT_EQ(json["files"][1]["file"], "b\n\"x\",\xef\xbf\xbd.log");
  EXPECT_EQ(json["files"][1]["file_base64"], "YgoieCIs/y5sb2c=");
  EXPECT_EQ(json["files"][2]["error"], "Permission denied");
  EXPECT_EQ(json["files"][3]["encoding"], "utf-16le");
  EXPECT_EQ(json["total"]["files"], 4);
  EXPECT_EQ(json["total"]["errors"], 3);
}

TEST(ReportTest, JsonLines) {
  const std::string lines = JsonLinesReport(Example(), Rule::kSubstring);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 5);
  const auto total = nlohmann::json::parse(lines.substr(lines.rfind('\n', lines.size() - 2) + 1));
  EXPECT_EQ(total["type"], "total");
  EXPECT_EQ(total["rule"], "substring");
  EXPECT_EQ(total["lines"], 1234579);
}

TEST(ReportTest, Csv) {
  EXPECT_EQ(CsvReport(Example()),
            "file,lines,errors,warnings,bytes,complete,error\r\n"
            "a.log,1234567,2,30,9000,true,\r\n"
            "\"b\n\"\"x\"\",\xff.log\",5,0,0,60,true,\r\n"
            "c.log,0,0,0,0,false,Permission denied\r\n"
            "d.log.gz,7,1,0,80,true,\r\n");
}

TEST(SelectTest, SortsAndCuts) {
  Summary summary = Example();
  Select(summary, {.sort = SortKey::kErrors, .top = 1, .min_errors = 1});
  ASSERT_EQ(summary.files.size(), 2u);
  EXPECT_EQ(summary.files[0].name, "a.log");
  EXPECT_EQ(summary.files[1].name, "c.log");  // not read, so never left out
  EXPECT_EQ(summary.left_out, 2u);
  EXPECT_EQ(summary.total.errors, 3u);
}

TEST(SelectTest, EqualOnesByName) {
  Summary summary;
  summary.files = {{.name = "b"}, {.name = "a"}, {.name = "c", .totals = {.errors = 1}}};
  Select(summary, {});
  EXPECT_EQ(summary.files[0].name, "c");
  EXPECT_EQ(summary.files[1].name, "a");
}

}  // namespace
}  // namespace cohort::log_summarizer
