#include "apps/api_fetcher/retry_policy.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace cohort::api_fetcher {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

// Saturday, 21 November 2026, 12:00:00 UTC.
const system_clock::time_point kNow{seconds(1'795'262'400)};

RetryPolicy Policy(RetryOptions options = {}, const char* method = "GET", double random = 0.5) {
  return RetryPolicy(
      options, method, [random] { return random; }, [] { return kNow; });
}

TEST(RetryPolicyTest, Statuses) {
  for (int status : {408, 425, 429, 500, 502, 503, 504}) {
    EXPECT_TRUE(Policy().Decide({.status = status}, 1).retry) << status;
  }
  for (int status : {301, 400, 401, 403, 404, 409, 410, 501, 505, 599}) {
    EXPECT_FALSE(Policy().Decide({.status = status}, 1).retry) << status;
  }
}

TEST(RetryPolicyTest, Kinds) {
  using enum ErrorKind;
  for (ErrorKind kind : {kResolve, kConnect, kProxy, kTimeout, kSend, kReceive, kShortBody}) {
    EXPECT_TRUE(Policy().Decide({.kind = kind}, 1).retry) << NameOf(kind);
  }
  for (ErrorKind kind : {kNone, kTls, kProtocol, kEncoding, kTooLarge, kRedirect, kRetryAfter,
                         kField, kFile, kInterrupted, kInternal}) {
    EXPECT_FALSE(Policy().Decide({.kind = kind}, 1).retry) << NameOf(kind);
  }
}

TEST(RetryPolicyTest, Methods) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_TRUE(Policy({}, method).Decide({.status = 503}, 1).retry) << method;
  }
  for (const char* method : {"POST", "PATCH", "get", "FOO"}) {
    EXPECT_FALSE(Policy({}, method).Decide({.status = 503}, 1).retry) << method;
    EXPECT_FALSE(Policy({}, method).Decide({.kind = ErrorKind::kReceive}, 1).retry) << method;
    EXPECT_FALSE(Policy({}, method).Decide({.kind = ErrorKind::kReceive, .stale = true}, 1).retry);
    EXPECT_TRUE(Policy({}, method).Decide({.kind = ErrorKind::kConnect}, 1).retry) << method;
    EXPECT_TRUE(Policy({.all_methods = true}, method).Decide({.status = 503}, 1).retry) << method;
  }
}

TEST(RetryPolicyTest, NoMoreThanTheRetries) {
  EXPECT_TRUE(Policy({.retries = 2}).Decide({.status = 503}, 2).retry);
  EXPECT_FALSE(Policy({.retries = 2}).Decide({.status = 503}, 3).retry);
  EXPECT_FALSE(Policy({.retries = 0}).Decide({.kind = ErrorKind::kConnect}, 1).retry);
  EXPECT_FALSE(Policy({.retries = 0}).Decide({.status = 429, .retry_after = "1"}, 1).retry);
}

TEST(RetryPolicyTest, AStaleConnectionCostsNothing) {
  const auto decision =
      Policy({.retries = 0}).Decide({.kind = ErrorKind::kReceive, .stale = true}, 1);
  EXPECT_TRUE(decision.retry);
  EXPECT_FALSE(decision.counted);
  EXPECT_EQ(decision.delay, milliseconds(0));
}

TEST(RetryPolicyTest, DelaysDoubleUpToTheCap) {
  const RetryOptions options = {.retries = 1'000'000, .base = milliseconds(100), .cap = seconds(1)};
  const RetryPolicy policy = Policy(options);
  const auto delay = [&](int attempt) { return policy.Decide({.status = 503}, attempt).delay; };
  EXPECT_EQ(delay(1), milliseconds(50));
  EXPECT_EQ(delay(2), milliseconds(100));
  EXPECT_EQ(delay(3), milliseconds(200));
  EXPECT_EQ(delay(4), milliseconds(400));
  EXPECT_EQ(delay(5), milliseconds(500));
  EXPECT_EQ(delay(1'000'000), milliseconds(500));
}

TEST(RetryPolicyTest, JitterIsFull) {
  const RetryOptions options = {.base = milliseconds(1000)};
  EXPECT_EQ(Policy(options, "GET", 0.0).Decide({.status = 503}, 1).delay, milliseconds(0));
  EXPECT_EQ(Policy(options, "GET", 0.999).Decide({.status = 503}, 1).delay, milliseconds(999));
}

TEST(RetryPolicyTest, TheRandomSourceIsOneOfRandomNumbers) {
  const RetryPolicy policy({.base = seconds(10)}, "GET");
  const auto delay = [&] { return policy.Decide({.status = 503}, 1).delay; };
  bool different = false;
  const milliseconds first = delay();
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(delay(), milliseconds(0));
    EXPECT_LE(delay(), seconds(10));
    different = different || delay() != first;
  }
  EXPECT_TRUE(different);
}

TEST(RetryPolicyTest, RetryAfterIsTakenExactly) {
  const auto decision = Policy().Decide({.status = 429, .retry_after = "7"}, 1);
  EXPECT_TRUE(decision.retry);
  EXPECT_EQ(decision.delay, seconds(7));
  EXPECT_TRUE(decision.hold_host);
  EXPECT_TRUE(decision.counted);
  EXPECT_FALSE(Policy().Decide({.status = 429}, 1).hold_host);
  EXPECT_FALSE(Policy().Decide({.status = 429, .retry_after = "soon"}, 1).hold_host);
}

TEST(RetryPolicyTest, RetryAfterIsForTheHostAlsoWhenThereIsNoRetry) {
  const Failure busy = {.status = 429, .retry_after = "7"};
  for (const auto& decision : {Policy({.retries = 0}).Decide(busy, 1), Policy().Decide(busy, 4),
                               Policy({}, "POST").Decide(busy, 1)}) {
    EXPECT_FALSE(decision.retry);
    EXPECT_TRUE(decision.hold_host);
    EXPECT_EQ(decision.delay, seconds(7));
    EXPECT_EQ(decision.why_not, "");
  }
  const RetryPolicy none = Policy({.retries = 0, .after_cap = seconds(60)});
  EXPECT_FALSE(none.Decide({.status = 429, .retry_after = "61"}, 1).hold_host);
  EXPECT_FALSE(none.Decide({.status = 404, .retry_after = "7"}, 1).hold_host);
  EXPECT_FALSE(none.Decide({.kind = ErrorKind::kTimeout, .retry_after = "7"}, 1).hold_host);
}

TEST(RetryPolicyTest, RetryAfterBeyondItsCapEndsTheRequest) {
  const RetryPolicy policy = Policy({.after_cap = seconds(60)});
  EXPECT_TRUE(policy.Decide({.status = 503, .retry_after = "60"}, 1).retry);
  const auto decision = policy.Decide({.status = 503, .retry_after = "3600"}, 1);
  EXPECT_FALSE(decision.retry);
  EXPECT_EQ(decision.why_not,
            "the server asks to wait 3600 s, and 60 s are the most: --max-retry-after allows more");
}

TEST(ParseRetryAfterTest, Seconds) {
  EXPECT_EQ(ParseRetryAfter("0", kNow), milliseconds(0));
  EXPECT_EQ(ParseRetryAfter(" 120 ", kNow), seconds(120));
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999", kNow), seconds(1'000'000'000));
}

TEST(ParseRetryAfterTest, Dates) {
  for (const char* date : {"Sat, 21 Nov 2026 12:01:30 GMT", "Saturday, 21-Nov-26 12:01:30 GMT",
                           "Sat Nov 21 12:01:30 2026"}) {
    EXPECT_EQ(ParseRetryAfter(date, kNow), seconds(90)) << date;
  }
  EXPECT_EQ(ParseRetryAfter("Sat, 21 Nov 2026 11:00:00 GMT", kNow), milliseconds(0));
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", kNow), seconds(1'000'000'000));
}

TEST(ParseRetryAfterTest, Others) {
  for (const char* value : {"", " ", "-1", "1.5", "soon", "10 s", "2026-11-21T12:00:00Z",
                            "Sat, 21 Nov 2026 12:01:30 PST", "infinite"}) {
    EXPECT_EQ(ParseRetryAfter(value, kNow), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace cohort::api_fetcher
