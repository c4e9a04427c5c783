// How fast and how often the program asks: rates, limits of hosts, retries. The server counts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"

namespace cohort::api_fetcher {
namespace {

using http_server::HttpServer;
using testing::HasSubstr;
using testing::SizeIs;

// On a busy machine, what starts on time arrives late: with the next second's.
constexpr int kLate = 7;

class PaceTest : public ProgramTest {
 protected:
  HttpServer server_;
};

TEST_F(PaceTest, RateHoldsInEverySecond) {
  for (const char* concurrency : {"4", "64"}) {
    server_.Reset();
    const Fetched fetched = Fetch({server_.Url("/posts/{id}"), "--ids", "1-90", "--rate", "60/s",
                                   "--burst", "5", "-c", concurrency});
    EXPECT_EQ(fetched.status, 0) << fetched.err;
    EXPECT_EQ(server_.statistics().Take().requests, 90);
    EXPECT_LE(server_.statistics().Take().busiest_second, 65 + kLate);
  }
}

TEST_F(PaceTest, RetriesTakeFromTheRateToo) {
  const Fetched fetched = Fetch({server_.Url("/flaky/{id}/1"), "--ids", "1-40", "--rate", "50/s",
                                 "-c", "40", "--retry-delay", "1ms"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_EQ(server_.statistics().Take().requests, 80);
  EXPECT_LE(server_.statistics().Take().busiest_second, 51 + kLate);
}

// What could have started meanwhile is not made up for.
TEST_F(PaceTest, RateHoldsAfterAllWorkersWereBusy) {
  for (const char* rate : {"--rate", "--per-host-rate"}) {
    server_.Reset();
    const Fetched fetched = Fetch({server_.Url("/delay/1500?{1..4}"),
                                   server_.Url("/posts/{1..100}"), rate, "50/s", "-c", "4"});
    EXPECT_EQ(fetched.status, 0) << fetched.err;
    EXPECT_LE(server_.statistics().Take().busiest_second, 55 + kLate) << rate;
  }
}

TEST_F(PaceTest, BurstIsForEachHostToo) {
  HttpServer other;
  const Fetched fetched = Fetch({server_.Url("/posts/{1..5}"), other.Url("/posts/{1..5}"),
                                 "--per-host-rate", "1/h", "--burst", "5", "--deadline", "10s"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
}

TEST_F(PaceTest, RateOfEachHost) {
  HttpServer other;
  const Fetched fetched = Fetch(
      {server_.Url("/posts/{1..30}"), other.Url("/posts/{1..30}"), "--per-host-rate", "20/s"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_LE(server_.statistics().Take().busiest_second, 21 + kLate);
  EXPECT_LE(other.statistics().Take().busiest_second, 21 + kLate);
}

TEST_F(PaceTest, ConcurrencyOfEachHost) {
  const Fetched fetched =
      Fetch({server_.Url("/posts/{id}?delay=5"), "--ids", "1-40", "--per-host", "2", "-c", "16"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_EQ(server_.statistics().Take().peak_concurrency, 2);
}

TEST_F(PaceTest, OneSlowHostHoldsUpNoOther) {
  HttpServer slow;
  const Fetched fetched = Fetch({slow.Url("/posts/{1..20}?delay=100"),
                                 server_.Url("/posts/{1..20}"), "--per-host", "2", "-c", "4"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  ASSERT_THAT(fetched.records, SizeIs(40));
  // All of the fast one's are done before the slow one's tenth.
  int slow_ones = 0;
  for (const Json& record : fetched.records) {
    const std::string url = record["url"];
    if (url.find("delay") != url.npos) {
      ++slow_ones;
    } else {
      EXPECT_LT(slow_ones, 10);
    }
  }
}

TEST_F(PaceTest, RetriesUntilItWorks) {
  const Fetched fetched = Fetch({server_.Url("/flaky/a/2"), "--retry-delay", "1ms"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_EQ(fetched.only()["attempts"], 3);
}

TEST_F(PaceTest, GivesUpAfterTheLastRetry) {
  const Fetched fetched =
      Fetch({server_.Url("/flaky/a/9"), "--retries", "2", "--retry-delay", "1ms"});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_EQ(fetched.only()["attempts"], 3);
  EXPECT_EQ(fetched.only()["status"], 503);
  EXPECT_EQ(server_.statistics().Take().requests, 3);
}

TEST_F(PaceTest, RetriesBrokenConnectionsAndTimeouts) {
  for (const char* target : {"/drop", "/reset", "/cut/100", "/hang"}) {
    server_.Reset();
    const Fetched fetched = Fetch(
        {server_.Url(target), "--retries", "1", "--retry-delay", "1ms", "--read-timeout", "50ms"});
    EXPECT_EQ(fetched.status, 1);
    EXPECT_EQ(fetched.only()["attempts"], 2) << target;
    EXPECT_EQ(server_.statistics().RequestsOf(target), 2) << target;
  }
}

TEST_F(PaceTest, WhatIsWrongForGoodIsNotRetried) {
  for (const char* target : {"/status/404", "/status/501", "/redirect-loop"}) {
    EXPECT_EQ(Fetch({server_.Url(target), "--retry-delay", "1ms"}).only()["attempts"], 1) << target;
  }
}

TEST_F(PaceTest, PostIsRetriedOnlyIfAsked) {
  EXPECT_EQ(Fetch({server_.Url("/flaky/a/1"), "-d", "x"}).only()["attempts"], 1);
  EXPECT_EQ(
      Fetch({server_.Url("/flaky/b/1"), "-d", "x", "--retry-all-methods", "--retry-delay", "1ms"})
          .only()["attempts"],
      2);
}

TEST_F(PaceTest, NoConnectionIsRetriedForEveryMethod) {
  HttpServer gone;
  const std::string url = gone.Url("/");
  gone.Stop();
  const Fetched fetched = Fetch({url, "-d", "x", "--retries", "1", "--retry-delay", "1ms"});
  EXPECT_EQ(fetched.error_kind(), "connect");
  EXPECT_EQ(fetched.only()["attempts"], 2);
}

TEST_F(PaceTest, RetryAfterIsKeptTo) {
  for (const char* form : {"seconds", "date"}) {
    // A date is in whole seconds: "in two" may be little more than one.
    const std::string after = form == std::string("date") ? "2" : "1";
    const Fetched fetched = Fetch({server_.Url(std::string("/retry-after/k/") + form + "/" + after),
                                   "--field", "/waited_ms"});
    EXPECT_EQ(fetched.status, 0) << fetched.err;
    EXPECT_EQ(fetched.only()["attempts"], 2);
    EXPECT_GE(fetched.only()["field"].get<double>(), 999);
  }
}

TEST_F(PaceTest, RetryAfterHoldsTheWholeHostAndNoOther) {
  HttpServer other;
  const Fetched fetched =
      Fetch({server_.Url("/retry-after/k/seconds/1"), server_.Url("/posts/{1..3}"),
             other.Url("/posts/{1..5}"), "-c", "1"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  ASSERT_THAT(fetched.records, SizeIs(9));
  // One worker, and yet the other host's are done while the first host's wait.
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(fetched.records[i]["url"].get<std::string>(), HasSubstr(other.Url("/posts/")));
  }
  EXPECT_EQ(server_.statistics().Take().starts_per_second.at(0), 1);
}

TEST_F(PaceTest, RetryAfterHoldsTheHostAlsoWhenTheRequestIsNotMadeAgain) {
  for (const Arguments& more : {Arguments{"--retries", "0"}, Arguments{"-d", "x"}}) {
    server_.Reset();
    Arguments arguments = {server_.Url("/retry-after/k/seconds/1"), server_.Url("/posts/{1..3}"),
                           "-c", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_THAT(Fetch(arguments).records, SizeIs(4));
    EXPECT_EQ(server_.statistics().Take().starts_per_second.at(0), 1);
  }
}

TEST_F(PaceTest, ManyRequestsOfAHostThatPausesHoldUpNoOther) {
  HttpServer other;
  const Fetched fetched =
      Fetch({server_.Url("/retry-after/k/seconds/1"), server_.Url("/posts/1?{1..2000}"),
             other.Url("/posts/{1..5}"), "-c", "1"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  ASSERT_THAT(fetched.records, SizeIs(2006));
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(fetched.records[i]["url"].get<std::string>(), HasSubstr(other.Url("/posts/")));
  }
}

TEST_F(PaceTest, RetryAfterOfAnHourIsAFailureAtOnce) {
  const Fetched fetched = Fetch({server_.Url("/retry-after/k/seconds/3600")});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_EQ(fetched.error_kind(), "retry_after");
  EXPECT_THAT(fetched.only()["error"]["text"].get<std::string>(), HasSubstr("3600"));
}

// Waits and answers are told apart.
TEST_F(PaceTest, WaitForTheRateIsNotTimeOfTheServer) {
  const Fetched fetched = Fetch({server_.Url("/posts/{id}"), "--ids", "1-20", "--rate", "20/s"});
  double waits = 0;
  for (const Json& record : fetched.records) {
    waits += record["ms"]["wait"].get<double>();
    EXPECT_LT(record["ms"]["total"].get<double>(), 900);
  }
  EXPECT_GT(waits, 900);
}

}  // namespace
}  // namespace cohort::api_fetcher
