#include "apps/api_fetcher/values.h"

#include <gtest/gtest.h>

#include <string>

#include "apps/api_fetcher/status_set.h"

namespace cohort::api_fetcher {
namespace {

template <typename F>
std::string WhyNot(F parse, std::string_view text) {
  try {
    static_cast<void>(parse(text));
    return "";
  } catch (const ValueError& error) {
    return error.what();
  }
}

TEST(ParseDurationTest, Durations) {
  const struct {
    const char* text;
    int milliseconds;
  } kCases[] = {{"30s", 30'000},   {"500ms", 500}, {"2m", 120'000}, {"1h", 3'600'000},
                {"1m30s", 90'000}, {"2", 2'000},   {"2.5", 2'500},  {"0.25s", 250},
                {"1.5m", 90'000},  {".5", 500},    {"1ms", 1},      {"0.001", 1}};
  for (const auto& [text, milliseconds] : kCases) {
    EXPECT_EQ(ParseDuration(text).count(), milliseconds) << text;
  }
}

TEST(ParseDurationTest, Errors) {
  for (const char* text : {"", "s", "abc", "10 s", "1e3", "nan", "10x", "1d", "."}) {
    EXPECT_EQ(WhyNot(ParseDuration, text),
              "\"" + std::string(text) + "\" is no duration: write 30s, 500ms, 2m or 1h30m");
  }
  for (const char* text : {"0", "0s", "-1s", "inf", "1us", "1001h", "99999999999999999999"}) {
    EXPECT_EQ(WhyNot(ParseDuration, text),
              "\"" + std::string(text) + "\" is out of range: durations go from 1ms to 1000h");
  }
}

TEST(ParseRateTest, Rates) {
  EXPECT_EQ(ParseRate("10/s"), 10);
  EXPECT_EQ(ParseRate("10"), 10);
  EXPECT_EQ(ParseRate("600/m"), 10);
  EXPECT_EQ(ParseRate("90/min"), 1.5);
  EXPECT_EQ(ParseRate("3600/H"), 1);
  EXPECT_EQ(ParseRate("0.5/sec"), 0.5);
}

TEST(ParseRateTest, Errors) {
  for (const char* text : {"", "/s", "10/", "10/x", "ten", "-1/s", "1e3/s", "inf", "10/s/s"}) {
    EXPECT_EQ(WhyNot(ParseRate, text),
              "\"" + std::string(text) + "\" is no rate: write 10/s, 600/m or 100/h");
  }
  for (const char* text : {"0", "0/h", "0.5/day", "1000001/s"}) {
    EXPECT_EQ(WhyNot(ParseRate, text),
              "\"" + std::string(text) + "\" is out of range: rates go from 1/day to 1000000/s");
  }
}

TEST(ParseSizeTest, Sizes) {
  EXPECT_EQ(ParseSize("1"), 1u);
  EXPECT_EQ(ParseSize("64k"), 65'536u);
  EXPECT_EQ(ParseSize("10M"), 10u << 20);
  EXPECT_EQ(ParseSize("1.5MiB"), 3u << 19);
  EXPECT_EQ(ParseSize("2GB"), 2ull << 30);
  EXPECT_EQ(ParseSize("1T"), 1ull << 40);
}

TEST(ParseSizeTest, Errors) {
  for (const char* text : {"", "k", "10X", "-1", "1 k", "ten", "1kB2", "1..5k"}) {
    EXPECT_EQ(WhyNot(ParseSize, text),
              "\"" + std::string(text) + "\" is no size: write 4096, 64k, 10M or 2G");
  }
  for (const char* text : {"0", "0.5", "99999999T"}) {
    EXPECT_EQ(WhyNot(ParseSize, text),
              "\"" + std::string(text) + "\" is out of range: sizes go from 1 to 1e18");
  }
}

TEST(StatusSetTest, Default) {
  const StatusSet set;
  EXPECT_FALSE(set.Has(199));
  EXPECT_TRUE(set.Has(200));
  EXPECT_TRUE(set.Has(299));
  EXPECT_FALSE(set.Has(300));
  EXPECT_FALSE(set.Has(0));
  EXPECT_FALSE(set.Has(-1));
  EXPECT_FALSE(set.Has(100'000));
}

TEST(StatusSetTest, Items) {
  const StatusSet set("200-203,404,3xx");
  EXPECT_TRUE(set.Has(200));
  EXPECT_TRUE(set.Has(203));
  EXPECT_FALSE(set.Has(204));
  EXPECT_TRUE(set.Has(404));
  EXPECT_TRUE(set.Has(301));
  EXPECT_TRUE(StatusSet("any").Has(599));
  EXPECT_FALSE(StatusSet("any").Has(0));
}

TEST(StatusSetTest, Errors) {
  for (const char* text : {"", "200,", ",", "99", "1000", "200-", "-200", "299-200", "2x", "6xx",
                           "200-300-400", "+200", "ok"}) {
    EXPECT_NE(WhyNot([](std::string_view t) { return StatusSet(t); }, text)
                  .find("write 200-299, 404 or 2xx"),
              std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace cohort::api_fetcher
