#include "apps/api_fetcher/record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "nlohmann/json.hpp"

namespace cohort::api_fetcher {
namespace {

using Json = nlohmann::json;

std::string Line(const Record& record, Format format = Format::kJsonLines) {
  std::string line;
  AppendRecord(record, format, line);
  return line;
}

const Record kOk = {.url = "http://h/1",
                    .id = "1",
                    .index = 0,
                    .status = 200,
                    .ok = true,
                    .bytes = 1017,
                    .wire_bytes = 312,
                    .attempts = 1,
                    .ms = {.wait = 0.25, .connect = 0, .first = 1.5, .total = 12.3456}};

const Record kFailed = {.url = "http://h/2",
                        .index = 7,
                        .status = 503,
                        .attempts = 4,
                        .ms = {.total = 100},
                        .error = {ErrorKind::kStatus, "503: \"busy\"\tnow"},
                        .file = "out/2",
                        .redirects = {"http://h/3", "http://h/4"},
                        .field = "[1,\"\xc3\xa4\"]"};

TEST(RecordTest, JsonLines) {
  EXPECT_EQ(Line(kOk),
            "{\"url\":\"http://h/1\",\"id\":\"1\",\"index\":0,\"status\":200,\"ok\":true,"
            "\"bytes\":1017,\"wire_bytes\":312,\"attempts\":1,"
            "\"ms\":{\"wait\":0.25,\"connect\":0,\"first\":1.5,\"total\":12.346}}\n");
  EXPECT_EQ(Line(kFailed),
            "{\"url\":\"http://h/2\",\"index\":7,\"status\":503,\"ok\":false,"
            "\"bytes\":0,\"wire_bytes\":0,\"attempts\":4,"
            "\"ms\":{\"wait\":0,\"connect\":0,\"first\":0,\"total\":100},"
            "\"error\":{\"kind\":\"status\",\"text\":\"503: \\\"busy\\\"\\tnow\"},"
            "\"file\":\"out/2\",\"redirects\":[\"http://h/3\",\"http://h/4\"],"
            "\"field\":[1,\"\xc3\xa4\"]}\n");
}

TEST(RecordTest, Appends) {
  std::string lines = "x\n";
  AppendRecord(kOk, Format::kJsonLines, lines);
  AppendRecord(kOk, Format::kJsonLines, lines);
  EXPECT_EQ(lines, "x\n" + Line(kOk) + Line(kOk));
}

TEST(RecordTest, EveryByteMakesValidJson) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const Json json = Json::parse(Line({.url = all, .error = {ErrorKind::kReceive, all + "\xc3"}}));
  const std::string url = json["url"];
  EXPECT_EQ(url.substr(0, 128), all.substr(0, 128));
  EXPECT_EQ(url.substr(128, 6), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(RecordTest, Utf8IsTakenAsItIsAndNothingElse) {
  const struct {
    const char* bytes;
    const char* json;
  } kCases[] = {
      {"\xc3\xa4", "\xc3\xa4"},
      {"\xe2\x82\xac", "\xe2\x82\xac"},
      {"\xf0\x9f\x99\x82", "\xf0\x9f\x99\x82"},
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
      {"\xc3", "\\ufffd"},
      {"\xe2\x82", "\\ufffd\\ufffd"},
      {"\xc0\xaf", "\\ufffd\\ufffd"},
      {"\xe0\x80\xaf", "\\ufffd\\ufffd\\ufffd"},
      {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
      {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
      {"\xf0\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
      {"\xff", "\\ufffd"},
      {"\x7f", "\\u007f"},
  };
  for (const auto& [bytes, json] : kCases) {
    const std::string line = Line({.url = std::string("a") + bytes + "b"});
    EXPECT_EQ(line.substr(0, line.find(",\"index")), std::string("{\"url\":\"a") + json + "b\"");
    EXPECT_TRUE(Json::accept(line)) << json;
  }
}

TEST(RecordTest, OddTimes) {
  Record record;
  record.ms = {.wait = -1,
               .connect = std::nan(""),
               .first = std::numeric_limits<double>::infinity(),
               .total = 1e12 + 0.004};
  EXPECT_NE(Line(record).find("{\"wait\":0,\"connect\":0,\"first\":0,\"total\":1000000000000.004}"),
            std::string::npos);
}

TEST(RecordTest, Tsv) {
  EXPECT_EQ(Line(kOk, Format::kTsv),
            "http://h/1\t1\t0\t200\ttrue\t1017\t312\t1\t0.25\t0\t1.5\t12.346\t\t\t\t\t\n");
  EXPECT_EQ(Line(kFailed, Format::kTsv),
            "http://h/2\t\t7\t503\tfalse\t0\t0\t4\t0\t0\t0\t100\tstatus\t503: \"busy\"\\tnow\t"
            "out/2\thttp://h/4\t[1,\"\xc3\xa4\"]\n");
  EXPECT_EQ(Line({.url = "a\n\xff\\\x01"}, Format::kTsv).substr(0, 13), "a\\n\\xff\\\\\\x01");
}

TEST(RecordTest, TsvHasAColumnForEachHeader) {
  const auto tabs = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '\t');
  };
  EXPECT_EQ(tabs(HeaderOf(Format::kTsv)), tabs(Line(kFailed, Format::kTsv)));
  EXPECT_EQ(HeaderOf(Format::kJsonLines), "");
}

TEST(RecordTest, Text) {
  EXPECT_EQ(Line(kOk, Format::kText), "200 ok         12.3 ms      1017 B  http://h/1\n");
  EXPECT_EQ(Line(kFailed, Format::kText),
            "503 FAILED    100.0 ms         0 B  http://h/2  503: \"busy\"\\tnow  -> out/2  = "
            "[1,\"\xc3\xa4\"]\n");
  EXPECT_EQ(Line({.error = {ErrorKind::kProtocol, "\\x00\n\xff"}}, Format::kText).substr(36),
            "  \\x00\\n\\xff\n");
  EXPECT_EQ(Line({.url = "http://h/"}, Format::kText).substr(0, 10), "--- FAILED");
}

TEST(RecordTest, EachKindHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrorKinds; ++i) names.insert(NameOf(static_cast<ErrorKind>(i)));
  EXPECT_EQ(names.size(), kErrorKinds);
  EXPECT_EQ(NameOf(ErrorKind::kInternal), "internal");
}

}  // namespace
}  // namespace cohort::api_fetcher
