#include "apps/api_fetcher/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "testing/http_server/http_server.h"

namespace cohort::api_fetcher {
namespace {

using http_server::HttpServer;
using nlohmann::json;
using std::chrono::milliseconds;

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() : out_(std::tmpfile()) {
    options_.retry.base = milliseconds(1);
    options_.source.ids = {"1-100"};
  }
  ~RunnerTest() override { std::fclose(out_); }

  // Fetches server_.Url(target), a template, and returns the records.
  std::vector<json> Run(const std::string& target) {
    options_.source.urls = {server_.Url(target)};
    return RunSource();
  }

  std::vector<json> RunSource() {
    RequestSource source(options_.source, [](const std::string&) {});
    Results results(Format::kJsonLines, options_.output.ordered, fileno(out_));
    Runner runner(options_, source, resume_, results, 8);
    end_ = runner.Run([](const RunState&) {});
    return Records();
  }

  std::vector<json> Records() const {
    std::rewind(out_);
    std::vector<json> records;
    char* line = nullptr;
    std::size_t size = 0;
    while (getline(&line, &size, out_) > 0) records.push_back(json::parse(line));
    std::free(line);
    return records;
  }

  http_server::Statistics::Snapshot Asked() const { return server_.statistics().Take(); }

  HttpServer server_;
  Options options_;
  Resume resume_;
  std::FILE* const out_;
  RunEnd end_;
};

std::set<std::string> IdsOf(const std::vector<json>& records) {
  std::set<std::string> ids;
  for (const json& record : records) ids.insert(record["id"]);
  return ids;
}

TEST_F(RunnerTest, EachRequestHasOneRecord) {
  const std::vector<json> records = Run("/posts/{id}");
  EXPECT_EQ(records.size(), 100u);
  EXPECT_EQ(IdsOf(records).size(), 100u);
  for (const json& record : records) EXPECT_EQ(record["ok"], true) << record;
  EXPECT_TRUE(end_.facts.complete);
  EXPECT_TRUE(end_.written);
  EXPECT_LE(Asked().connections, 20u);
}

TEST_F(RunnerTest, MoreRequestsThanAreUnderWayAtATime) {
  options_.source.ids = {"1-5000"};
  EXPECT_EQ(IdsOf(Run("/posts/{id}")).size(), 5000u);
}

TEST_F(RunnerTest, NothingToDo) {
  options_.source.ids_file = "/dev/null";
  options_.source.ids = {};
  EXPECT_EQ(Run("/posts/{id}").size(), 0u);
  EXPECT_TRUE(end_.facts.complete);
}

TEST_F(RunnerTest, InOrder) {
  options_.output.ordered = true;
  options_.source.ids.clear();
  for (int delay = 40; delay >= 0; --delay) options_.source.ids.push_back(absl::StrCat(delay));
  const std::vector<json> records = Run("/posts/7?delay={id}");
  ASSERT_EQ(records.size(), 41u);
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i]["index"], i);
}

TEST_F(RunnerTest, RetriesUntilItWorks) {
  const std::vector<json> records = Run("/flaky/{id}/2");
  ASSERT_EQ(records.size(), 100u);
  for (const json& record : records) {
    EXPECT_EQ(record["ok"], true) << record;
    EXPECT_EQ(record["attempts"], 3);
  }
}

TEST_F(RunnerTest, RetriesComeToAnEnd) {
  options_.retry.retries = 1;
  options_.source.ids = {"1-3"};
  for (const json& record : Run("/status/503?{id}")) {
    EXPECT_EQ(record["ok"], false);
    EXPECT_EQ(record["attempts"], 2);
    EXPECT_EQ(record["error"]["kind"], "status");
  }
  EXPECT_EQ(Asked().requests, 6u);
}

TEST_F(RunnerTest, AStaleConnectionCostsNoRetry) {
  options_.retry.retries = 0;
  options_.pace.concurrency = 1;
  options_.source.ids = {"1-6"};
  for (const json& record : Run("/stale-on-use?{id}")) {
    EXPECT_EQ(record["ok"], true) << record;
    EXPECT_EQ(record["attempts"], 1);
  }
}

TEST_F(RunnerTest, AHostThatAsksForAPauseGetsIt) {
  options_.source.ids = {"1-3"};
  const std::vector<json> records = Run("/retry-after/{id}/seconds/1");
  ASSERT_EQ(records.size(), 3u);
  for (const json& record : records) {
    EXPECT_EQ(record["ok"], true) << record;
    EXPECT_GE(record["ms"]["wait"], 1000);
  }
}

// One worker: if a retry waited in it, the others would come after that.
TEST_F(RunnerTest, AWaitHoldsNoWorker) {
  options_.pace.concurrency = 1;
  options_.retry.base = milliseconds(60'000);
  options_.retry.cap = milliseconds(60'000);
  options_.max_failures = 0;
  options_.timeouts.deadline = milliseconds(500);
  options_.source.ids = {};
  options_.source.urls = {server_.Url("/status/503")};
  for (int i = 0; i < 20; ++i) {
    options_.source.urls.push_back(server_.Url(absl::StrCat("/posts/", i)));
  }
  std::size_t ok = 0;
  for (const json& record : RunSource()) ok += record["ok"] == true;
  EXPECT_EQ(ok, 20u);
}

TEST_F(RunnerTest, AtMostSoManyAtAHost) {
  options_.pace.per_host = 2;
  options_.source.ids = {"1-20"};
  EXPECT_EQ(Run("/delay/5?{id}").size(), 20u);
  EXPECT_EQ(Asked().peak_concurrency, 2u);
}

TEST_F(RunnerTest, ASlowHostHoldsNoOtherUp) {
  HttpServer slow;
  options_.pace = {.concurrency = 4, .per_host = 1};
  options_.timeouts.deadline = milliseconds(2000);
  options_.source.urls.clear();
  options_.source.ids = {};
  for (int i = 0; i < 50; ++i) options_.source.urls.push_back(slow.Url("/hang"));
  for (int i = 0; i < 50; ++i) options_.source.urls.push_back(server_.Url("/posts/1"));
  std::size_t ok = 0;
  for (const json& record : RunSource()) ok += record["ok"] == true;
  EXPECT_EQ(ok, 50u);
}

TEST_F(RunnerTest, SoManyASecond) {
  options_.pace.rate = 50;
  options_.source.ids = {"1-50"};
  EXPECT_EQ(Run("/posts/{id}").size(), 50u);
  EXPECT_GE(end_.facts.seconds, 49 / 50.0);
  EXPECT_LE(Asked().busiest_second, 51u);
}

TEST_F(RunnerTest, StopsAfterSoManyFailures) {
  options_.max_failures = 3;
  options_.pace.concurrency = 2;
  options_.source.ids = {"1-10000"};
  const std::vector<json> records = Run("/status/404?{id}");
  EXPECT_GE(records.size(), 3u);
  EXPECT_LE(records.size(), 4u);  // one more was running
  EXPECT_FALSE(end_.facts.complete);
  EXPECT_EQ(end_.facts.not_started, 10'000 - records.size());
}

TEST_F(RunnerTest, TheDeadlineEndsWhatRunsAndWhatWaits) {
  options_.timeouts.deadline = milliseconds(200);
  options_.pace.concurrency = 2;
  options_.source.ids = {"1-10"};
  const std::vector<json> records = Run("/hang?{id}");
  ASSERT_EQ(records.size(), 2u);
  for (const json& record : records) {
    EXPECT_EQ(record["error"]["kind"], "interrupted");
    EXPECT_EQ(record["error"]["text"], "given up: --deadline 200ms");
  }
  EXPECT_EQ(end_.facts.not_started, 8u);
  EXPECT_TRUE(absl::StrContains(end_.facts.stopped_by, "--deadline"));
}

// Their records say what has become of the last attempt.
TEST_F(RunnerTest, TheDeadlineEndsRetries) {
  options_.timeouts.deadline = milliseconds(200);
  options_.retry = {.base = milliseconds(3'600'000), .cap = milliseconds(3'600'000)};
  options_.source.ids = {"1-5"};
  const std::vector<json> records = Run("/status/503?{id}");
  ASSERT_EQ(records.size(), 5u);
  for (const json& record : records) {
    EXPECT_EQ(record["status"], 503);
    EXPECT_EQ(record["error"]["text"], "status 503; not tried again: --deadline 200ms");
  }
  EXPECT_EQ(end_.facts.not_started, 0u);
}

TEST_F(RunnerTest, TheDeadlineEndsTheSecondAttempt) {
  options_.timeouts.deadline = milliseconds(1000);
  options_.timeouts.read = milliseconds(600);
  options_.source.ids = {"1"};
  const std::vector<json> records = Run("/hang?{id}");
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["attempts"], 2);
  EXPECT_EQ(records[0]["error"]["text"],
            "given up: --deadline 1000ms; the attempt before: no answer for 600 ms "
            "(--read-timeout)");
}

// More than is kept for the writer, who is the one that adds them.
TEST_F(RunnerTest, TheDeadlineEndsAnyNumberOfRetries) {
  options_.timeouts.deadline = milliseconds(2000);
  options_.retry = {.base = milliseconds(3'600'000), .cap = milliseconds(3'600'000)};
  options_.source.ids = {"1-400"};
  const std::vector<json> records = Run("/status/503?{id}" + std::string(30'000, 'x'));
  EXPECT_EQ(records.size() + end_.facts.not_started.value(), 400u);
  EXPECT_FALSE(end_.facts.complete);
}

TEST_F(RunnerTest, WhatIsWrongInTheInputIsNotWhatWasNotStarted) {
  options_.timeouts.deadline = milliseconds(500);
  options_.pace.concurrency = 1;
  options_.source.ids = {};
  options_.source.urls = {server_.Url("/hang"), "http://127.0.0.1:{65534..65540}/"};
  EXPECT_EQ(RunSource().size(), 1u);
  EXPECT_EQ(end_.facts.rejected, 5u);
  EXPECT_EQ(end_.facts.not_started, 2u);
}

TEST_F(RunnerTest, OrderedRecordsComeOutAfterADeadline) {
  options_.output.ordered = true;
  options_.timeouts.deadline = milliseconds(300);
  options_.pace.concurrency = 2;
  options_.source.ids = {};
  options_.source.urls = {server_.Url("/posts/1"), server_.Url("/hang"), server_.Url("/posts/2")};
  const std::vector<json> records = RunSource();
  ASSERT_EQ(records.size(), 3u);
  for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i]["index"], i);
}

TEST_F(RunnerTest, AReaderThatIsGoneEndsTheRun) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  close(ends[0]);
  signal(SIGPIPE, SIG_IGN);
  options_.source.ids = {"1-1000000000"};
  options_.source.urls = {server_.Url("/posts/{id}")};
  RequestSource source(options_.source, [](const std::string&) {});
  Results results(Format::kJsonLines, false, ends[1]);
  Runner runner(options_, source, resume_, results, 8);
  const RunEnd end = runner.Run([](const RunState&) {});
  EXPECT_FALSE(end.written);
  EXPECT_EQ(results.error(), std::errc::broken_pipe);
  close(ends[1]);
}

TEST_F(RunnerTest, LeavesOutWhatIsDone) {
  Run("/posts/{id}");
  const std::string path = testing::TempDir() + "runner_test.jsonl";
  std::FILE* const file = std::fopen(path.c_str(), "w");
  for (const json& record : Records()) {
    if (record["index"] < 60) std::fprintf(file, "%s\n", record.dump().c_str());
  }
  std::fclose(file);
  resume_ = Resume(path);
  server_.Reset();
  ASSERT_EQ(ftruncate(fileno(out_), 0), 0);
  std::rewind(out_);
  EXPECT_EQ(Run("/posts/{id}").size(), 40u);
  EXPECT_EQ(end_.facts.skipped, 60u);
  unlink(path.c_str());
}

}  // namespace
}  // namespace cohort::api_fetcher
