#include "apps/image_resizer/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "apps/image_resizer/name_list.h"
#include "nlohmann/json.hpp"

namespace cohort::image_resizer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FileResult Resized(const std::string& source) {
  FileResult file = {.source = source, .target = "out/" + source, .outcome = Outcome::kResized};
  file.source_bytes = 4'000'000;
  file.target_bytes = 200'000;
  file.before = {Format::kJpeg, 4000, 3000};
  file.after = {Format::kJpeg, 800, 600};
  return file;
}

FileResult Failed(const std::string& source) {
  FileResult file = {.source = source, .outcome = Outcome::kFailed};
  file.kind = "damaged";
  file.error = "damaged: the data ends too early";
  return file;
}

TEST(ReportTest, Summary) {
  const std::vector<FileResult> files = {Resized("a.jpg"),
                                         Resized("b.jpg"),
                                         Failed("c.jpg"),
                                         {.source = "d.jpg", .outcome = Outcome::kUpToDate},
                                         {.source = "e.jpg"}};
  EXPECT_EQ(SummaryLine({.files = files, .interrupted = true, .seconds = 0.5}),
            "INTERRUPTED: 2 resized in 0.50 s (4.0 images/s), 8.0 MB -> 400.0 kB; 1 up to date; "
            "1 failed; 1 not done\n");
}

TEST(ReportTest, SummaryOfNothing) {
  const std::vector<FileResult> files;
  EXPECT_EQ(SummaryLine({.files = files}), "0 resized in 0.00 s\n");
}

TEST(ReportTest, WhatFailedAndWhatIsToBeKnown) {
  std::vector<FileResult> files = {Resized("a\n.jpg"), Failed("b\xff.jpg"), Resized("c.jpg")};
  files[0].warnings = {"one", "two"};
  EXPECT_THAT(FailureLines(files), ElementsAre("b\\xff.jpg: damaged: the data ends too early"));
  EXPECT_THAT(WarningLines(files), ElementsAre("a\\n.jpg: warning: one; two"));
}

TEST(ReportTest, Json) {
  const std::vector<FileResult> files = {Resized("a.jpg"), Failed("b\xff.jpg")};
  const auto json = nlohmann::json::parse(
      JsonReport({.files = files, .stopped = "why", .workers = 2, .worker_deaths = 3}));
  EXPECT_EQ(json["schema"], kJsonSchema);
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["stopped"], "why");
  EXPECT_FALSE(json.contains("interrupted"));
  EXPECT_EQ(json["files"][0]["target_width"], 800);
  EXPECT_FALSE(json["files"][0].contains("file_base64"));
  EXPECT_EQ(json["files"][1]["file_base64"], "Yv8uanBn");
  EXPECT_EQ(json["files"][1]["kind"], "damaged");
  EXPECT_FALSE(json["files"][1].contains("target"));
  EXPECT_EQ(json["summary"]["failed"], 1);
  EXPECT_EQ(json["summary"]["worker_deaths"], 3);
}

// DEL, and a C1 control character, which some terminals take for ESC [.
TEST(ReportTest, JsonIsPrintable) {
  const std::vector<FileResult> files = {Resized("a\x7f\xc2\x9b.jpg")};
  const std::string json = JsonReport({.files = files});
  EXPECT_THAT(json, testing::HasSubstr(R"("file": "a\u007f\u009b.jpg")"));
  EXPECT_EQ(nlohmann::json::parse(json)["files"][0]["file"], files[0].source);
}

TEST(NameListTest, NulsSeparate) {
  using namespace std::string_literals;
  EXPECT_THAT(SplitNameList("a\0b\nc\0"s), ElementsAre("a", "b\nc"));
  EXPECT_THAT(SplitNameList("a\0\0-b"s), ElementsAre("a", "-b"));
  EXPECT_THAT(SplitNameList("a"), ElementsAre("a"));
  EXPECT_THAT(SplitNameList(""), IsEmpty());
  EXPECT_THROW(SplitNameList("a\nb\n"), std::runtime_error);
}

}  // namespace
}  // namespace cohort::image_resizer
