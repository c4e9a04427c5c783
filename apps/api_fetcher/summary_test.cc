#include "apps/api_fetcher/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "apps/api_fetcher/histogram.h"
#include "nlohmann/json.hpp"

namespace cohort::api_fetcher {
namespace {

using Json = nlohmann::json;

TEST(HistogramTest, Empty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  for (int i = 1; i <= 100; ++i) histogram.Add(i / 1000.0);
  EXPECT_DOUBLE_EQ(histogram.Quantile(0), 0.001);
  EXPECT_DOUBLE_EQ(histogram.Quantile(0.5), 0.050);
  EXPECT_DOUBLE_EQ(histogram.Quantile(0.99), 0.099);
  EXPECT_DOUBLE_EQ(histogram.Quantile(1), 0.100);
}

TEST(HistogramTest, QuantilesAreNearTheTrueOnes) {
  std::mt19937_64 random(1);
  std::vector<double> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(std::exp(std::uniform_real_distribution(-7.0, 20.0)(random)));
    histogram.Add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (double q : {0.001, 0.1, 0.5, 0.9, 0.99, 0.9999}) {
    const double expected = values[static_cast<std::size_t>(std::ceil(q * 20'000)) - 1];
    EXPECT_NEAR(histogram.Quantile(q), expected, expected / 128 + 0.0005) << q;
  }
  EXPECT_EQ(histogram.max(), values.back());
  EXPECT_EQ(histogram.Quantile(1), histogram.Quantile(0.99999));
}

TEST(HistogramTest, QuantilesAreNotAboveTheMaximum) {
  Histogram histogram;
  histogram.Add(1000.001);
  EXPECT_LE(histogram.Quantile(0.5), 1000.001);
  EXPECT_NEAR(histogram.Quantile(0.5), 1000, 8);
}

TEST(HistogramTest, QuantilesOfOneValueAreExact) {
  Histogram histogram;
  histogram.Add(1145.678);
  for (double q : {0.0, 0.5, 1.0}) EXPECT_EQ(histogram.Quantile(q), 1145.678);
}

TEST(HistogramTest, OddValues) {
  Histogram histogram;
  for (double value : {-1.0, std::nan(""), 1e300, HUGE_VAL}) histogram.Add(value);
  EXPECT_EQ(histogram.count(), 4u);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  EXPECT_NEAR(histogram.Quantile(1), 1.0995e9, 1e7);
}

Summary Example() {
  Summary summary;
  for (int i = 0; i < 1234; ++i) {
    summary.Add({.status = 200,
                 .ok = true,
                 .bytes = 1000,
                 .wire_bytes = 250,
                 .attempts = 1,
                 .ms = {.wait = 0.5, .total = 12.5}});
  }
  summary.Add({.status = 503,
               .attempts = 4,
               .ms = {.wait = 900, .total = 40},
               .error = {ErrorKind::kStatus, "503"}});
  summary.Add({.attempts = 1, .ms = {.total = 99'999}, .error = {ErrorKind::kTimeout, "slow"}});
  return summary;
}

TEST(SummaryTest, Counts) {
  const Summary summary = Example();
  EXPECT_EQ(summary.done(), 1236u);
  EXPECT_EQ(summary.ok(), 1234u);
  EXPECT_EQ(summary.failed(), 2u);
  EXPECT_EQ(summary.retries(), 3u);
  EXPECT_EQ(summary.of_kind(ErrorKind::kTimeout), 1u);
  EXPECT_EQ(summary.statuses().at(503), 1u);
  EXPECT_FALSE(summary.statuses().contains(0));
}

TEST(SummaryTest, ServiceIsOfAnswersAndWaitOfAll) {
  const Summary summary = Example();
  EXPECT_EQ(summary.service().count(), 1235u);
  EXPECT_EQ(summary.service().max(), 40);
  EXPECT_EQ(summary.wait().count(), 1236u);
  EXPECT_EQ(summary.wait().max(), 900);
}

TEST(SummaryTest, Text) {
  EXPECT_EQ(TextOf(Example(), {.seconds = 2}),
            "requests  1,236 done, 1,234 ok, 2 failed in 2.00 s, 618/s\n"
            "failures  timeout 1, status 1\n"
            "statuses  200: 1,234, 503: 1\n"
            "retries   3\n"
            "bodies    1.2 MB, 308.5 kB as sent, 617.0 kB/s\n"
            "service   p50 12.5  p90 12.5  p95 12.5  p99 12.5  max 40.0 ms\n"
            "waiting   p50 0.501  p90 0.501  p95 0.501  p99 0.501  max 900 ms\n");
}

TEST(SummaryTest, TextOfAnIncompleteRun) {
  const std::string text = TextOf(Summary(), {.seconds = 0,
                                              .complete = false,
                                              .stopped_by = "interrupted",
                                              .not_started = 1500,
                                              .skipped = 3,
                                              .rejected = 1});
  EXPECT_EQ(text,
            "NOT COMPLETE: interrupted\n"
            "requests  0 done\n"
            "others    3 skipped, done last time, 1 wrong in the input, 1,500 not started\n");
  EXPECT_NE(TextOf(Summary(), {.complete = false, .not_started = std::nullopt})
                .find("others not started"),
            std::string::npos);
}

TEST(SummaryTest, JsonHasAll) {
  const std::string line = JsonOf(Example(), {.seconds = 2, .skipped = 5});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const Json json = Json::parse(line);
  EXPECT_EQ(json["complete"], true);
  EXPECT_EQ(json["done"], 1236);
  EXPECT_EQ(json["failed"], 2);
  EXPECT_EQ(json["skipped"], 5);
  EXPECT_EQ(json["not_started"], 0);
  EXPECT_EQ(json["per_second"], 618.0);
  EXPECT_EQ(json["statuses"]["200"], 1234);
  EXPECT_EQ(json["errors"], (Json{{"status", 1}, {"timeout", 1}}));
  EXPECT_NEAR(json["ms"]["service"]["p99"], 12.5, 0.1);
  EXPECT_EQ(json["ms"]["wait"]["max"], 900.0);
}

TEST(SummaryTest, JsonOfAnIncompleteRun) {
  const Json json = Json::parse(
      JsonOf(Summary(), {.complete = false, .stopped_by = "--max-failures 3", .not_started = {}}));
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["stopped_by"], "--max-failures 3");
  EXPECT_TRUE(json["not_started"].is_null());
  EXPECT_EQ(json["errors"], Json::object());
}

}  // namespace
}  // namespace cohort::api_fetcher
