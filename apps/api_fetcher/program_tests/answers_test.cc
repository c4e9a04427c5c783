// Runs the program as its users do, against a server that does what servers do, over HTTP and TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <set>
#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"
#include "testing/http_server/bodies.h"

namespace cohort::api_fetcher {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class AnswersTest : public ServerTest {};
INSTANTIATE_TEST_SUITE_P(All, AnswersTest, testing::Values(Transport::kHttp, Transport::kHttps),
                         NameOfTransport);

std::set<std::string> Ids(const Fetched& fetched) {
  std::set<std::string> ids;
  for (const Json& record : fetched.records) ids.insert(record["id"].get<std::string>());
  return ids;
}

// What the server has seen, from its /echo.
Json Echoed(const std::string& file) { return Json::parse(file); }

std::string HeaderOf(const Json& echo, const std::string& name) {
  for (const Json& header : echo["headers"]) {
    if (header[0] == name) return header[1];
  }
  return "";
}

TEST_P(AnswersTest, PostsByTemplate) {
  const Fetched fetched = FetchWith({Url("/posts/{id}"), "--ids", "1-20,30"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_TRUE(fetched.AllOk());
  EXPECT_EQ(fetched.records.size(), 21);
  EXPECT_EQ(Ids(fetched).size(), 21);
  EXPECT_EQ(Ids(fetched).count("30"), 1);
  EXPECT_LE(server_.statistics().Take().connections, 20);
  EXPECT_THAT(fetched.err, HasSubstr("21"));
}

TEST_P(AnswersTest, WhatARecordHas) {
  const Json record = FetchWith({Url("/posts/{id}"), "--ids", "7"}).only();
  EXPECT_EQ(record["url"], Url("/posts/7"));
  EXPECT_EQ(record["id"], "7");
  EXPECT_EQ(record["status"], 200);
  EXPECT_EQ(record["ok"], true);
  EXPECT_EQ(record["bytes"], http_server::Post(7).size());
  EXPECT_EQ(record["attempts"], 1);
  EXPECT_GT(record["ms"]["connect"], 0);
  EXPECT_GE(record["ms"]["total"], record["ms"]["first"]);
  EXPECT_FALSE(record.contains("error"));
}

TEST_P(AnswersTest, ConnectionsAreKept) {
  const Fetched fetched = FetchWith({Url("/posts/{id}"), "--ids", "1-50", "-c", "2"});
  EXPECT_EQ(fetched.status, 0);
  EXPECT_LE(server_.statistics().Take().connections, 2);
  EXPECT_LE(server_.statistics().Take().peak_concurrency, 2);
}

TEST_P(AnswersTest, InOrderOnRequest) {
  const Fetched fetched =
      FetchWith({Url("/posts/1?delay=50"), Url("/posts/{2..9}"), "--ordered", "-c", "8"});
  ASSERT_THAT(fetched.records, SizeIs(9));
  EXPECT_EQ(fetched.records[0]["url"], Url("/posts/1?delay=50"));
  EXPECT_EQ(fetched.records[8]["url"], Url("/posts/9"));
}

// Bodies.

TEST_P(AnswersTest, BodiesOfEveryForm) {
  const Fetched fetched =
      FetchWith({Url("/chunked/100000"), Url("/until-closed/5000"), Url("/empty"), Url("/204"),
                 Url("/close"), Url("/bytes/300000"), "--ordered"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  ASSERT_THAT(fetched.records, SizeIs(6));
  EXPECT_EQ(fetched.records[0]["bytes"], 100'000);
  EXPECT_EQ(fetched.records[1]["bytes"], 5'000);
  EXPECT_EQ(fetched.records[2]["bytes"], 0);
  EXPECT_EQ(fetched.records[3]["status"], 204);
  EXPECT_EQ(fetched.records[5]["bytes"], 300'000);
}

TEST_P(AnswersTest, ShortBodyIsAFailureAndNoFile) {
  for (const char* target : {"/cut/1000", "/cut/1000000", "/cut-chunked"}) {
    const Fetched fetched = FetchOnce(target, {"-o", Path("out")});
    EXPECT_EQ(fetched.status, 1);
    EXPECT_EQ(fetched.error_kind(), "short_body") << target;
    EXPECT_THAT(FilesIn(Path("out")), SizeIs(0)) << target;
  }
}

TEST_P(AnswersTest, Compressed) {
  const Fetched fetched = FetchWith({Url("/gzip/3"), Url("/br/3"), "--ordered", "-o", Path("out")});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  for (const Json& record : fetched.records) {
    EXPECT_EQ(record["bytes"], http_server::Post(3).size());
    EXPECT_LT(record["wire_bytes"], record["bytes"]);
    EXPECT_EQ(ReadFile(record["file"]), http_server::Post(3));
  }
}

TEST_P(AnswersTest, HalfAGzipStreamIsAFailure) {
  const Fetched fetched = FetchOnce("/cut-gzip", {"-o", Path("out")});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_EQ(fetched.error_kind(), "encoding");
  EXPECT_THAT(FilesIn(Path("out")), SizeIs(0));
}

TEST_P(AnswersTest, BombsAndLongBodiesStopAtTheLimit) {
  for (const char* target : {"/gzip-bomb/50", "/bytes/50000000", "/chunked/50000000"}) {
    const Fetched fetched = FetchOnce(target, {"--max-body", "1M", "-o", Path("out")});
    EXPECT_EQ(fetched.status, 1);
    EXPECT_EQ(fetched.error_kind(), "too_large") << target;
    EXPECT_THAT(FilesIn(Path("out")), SizeIs(0)) << target;
  }
}

// What is not HTTP.

TEST_P(AnswersTest, BrokenAnswersAreFailures) {
  EXPECT_EQ(FetchOnce("/garbage").error_kind(), "protocol");
  EXPECT_EQ(FetchOnce("/bad-length").error_kind(), "protocol");
  EXPECT_EQ(FetchOnce("/drop").error_kind(), "receive");
  EXPECT_EQ(FetchOnce("/reset").error_kind(), "receive");
}

TEST_P(AnswersTest, HugeHeaderFieldEndsInSomeWay) {
  const Fetched fetched = FetchOnce("/huge-header/20000000");
  EXPECT_EQ(fetched.status, 1);
  EXPECT_EQ(fetched.error_kind(), "protocol");
  EXPECT_EQ(FetchOnce("/huge-header/1000").status, 0);
}

TEST_P(AnswersTest, OneBadAnswerCostsNoOther) {
  const Fetched fetched = FetchWith({Url("/garbage"), Url("/cut/100"), Url("/drop"),
                                     Url("/posts/{1..50}"), "-c", "2", "--retries", "0"});
  EXPECT_EQ(fetched.status, 1);
  int ok = 0;
  for (const Json& record : fetched.records) ok += record["ok"].get<bool>() ? 1 : 0;
  EXPECT_EQ(ok, 50);
  EXPECT_THAT(fetched.records, SizeIs(53));
}

TEST_P(AnswersTest, StaleConnectionsCostNoAttempt) {
  for (const char* stale : {"/stale-on-use", "/stale"}) {
    const Fetched fetched = FetchWith({Url(stale), Url("/posts/1"), Url("/posts/2"), "-c", "1",
                                       "--retries", "0", "--rate", "10/s"});
    EXPECT_EQ(fetched.status, 0) << stale << fetched.err;
    for (const Json& record : fetched.records) EXPECT_EQ(record["attempts"], 1) << stale;
  }
}

// Statuses.

TEST_P(AnswersTest, StatusesAreFailuresUnlessAccepted) {
  const Fetched fetched = FetchOnce("/status/404");
  EXPECT_EQ(fetched.status, 1);
  EXPECT_EQ(fetched.error_kind(), "status");
  EXPECT_EQ(fetched.only()["status"], 404);
  EXPECT_EQ(FetchOnce("/status/404", {"--accept", "200-299,404"}).status, 0);
  EXPECT_EQ(FetchOnce("/posts/1", {"--accept", "404"}).status, 1);
}

TEST_P(AnswersTest, BodyOfAFailureIsNoFile) {
  EXPECT_EQ(FetchOnce("/status/500", {"-o", Path("out")}).status, 1);
  EXPECT_THAT(FilesIn(Path("out")), SizeIs(0));
}

// Redirects.

TEST_P(AnswersTest, Redirects) {
  const Json record = FetchOnce("/redirect/3").only();
  EXPECT_EQ(record["status"], 200);
  EXPECT_THAT(record["redirects"],
              ElementsAre(Url("/redirect/2"), Url("/redirect/1"), Url("/redirect/0")));
}

TEST_P(AnswersTest, RedirectLoopsEnd) {
  EXPECT_EQ(FetchOnce("/redirect-loop").error_kind(), "redirect");
  EXPECT_EQ(FetchOnce("/redirect/50").error_kind(), "redirect");
  EXPECT_LE(server_.statistics().Take().requests, 30);
}

TEST_P(AnswersTest, RedirectsToWhatIsNoUrl) {
  for (const char* to :
       {"ftp%3A%2F%2Fhost%2F", "file%3A%2F%2F%2Fetc%2Fpasswd", "http%3A%2F%2F", ""}) {
    EXPECT_EQ(FetchOnce(std::string("/redirect-to?url=") + to).status, 1) << to;
  }
}

TEST_P(AnswersTest, SecretsDoNotCrossToAnotherHost) {
  setenv("TOKEN", "sesame", 1);
  setenv("JAR", "secret=1", 1);
  const std::string elsewhere = server_.Url("/echo", "localhost");
  const Arguments more = {"--bearer-env", "TOKEN", "--cookie-env", "JAR", "-o", Path("out")};
  const Json crossed = FetchOnce("/redirect-to?url=" + elsewhere, more).only();
  ASSERT_EQ(crossed["ok"], true);
  EXPECT_THAT(ReadFile(crossed["file"]), AllOf(Not(HasSubstr("sesame")), Not(HasSubstr("secret"))));
  const Json stayed = FetchOnce("/redirect-to?url=/echo", more).only();
  EXPECT_EQ(HeaderOf(Echoed(ReadFile(stayed["file"])), "Authorization"), "Bearer sesame");
  EXPECT_EQ(HeaderOf(Echoed(ReadFile(stayed["file"])), "Cookie"), "secret=1");
}

TEST_P(AnswersTest, HeadersOfAFileDoNotCrossToAnotherHost) {
  const std::string file = WriteFile("headers", "X-Key: sesame\nX-Id: secret-{id}\n");
  const Arguments more = {"--ids", "7", "-H", "@" + file, "-H", "X-Open: yes", "-o", Path("out")};
  const std::string elsewhere = server_.Url("/echo", "localhost");
  const Json crossed = FetchOnce("/redirect-to?url=" + elsewhere, more).only();
  ASSERT_EQ(crossed["ok"], true);
  EXPECT_THAT(ReadFile(crossed["file"]),
              AllOf(HasSubstr("X-Open"), Not(HasSubstr("sesame")), Not(HasSubstr("secret"))));
  const Json stayed = FetchOnce("/redirect-to?url=/echo", more).only();
  EXPECT_EQ(HeaderOf(Echoed(ReadFile(stayed["file"])), "X-Key"), "sesame");
  EXPECT_EQ(HeaderOf(Echoed(ReadFile(stayed["file"])), "X-Id"), "secret-7");
}

TEST_P(AnswersTest, SeeOtherBecomesGet) {
  const Json record =
      FetchOnce("/redirect-to?status=303&url=/echo", {"-d", "x", "-o", Path("out")}).only();
  EXPECT_EQ(Echoed(ReadFile(record["file"]))["method"], "GET");
  const Json kept =
      FetchOnce("/redirect-to?status=307&url=/echo", {"-d", "x", "-o", Path("out")}).only();
  EXPECT_EQ(Echoed(ReadFile(kept["file"]))["method"], "POST");
  EXPECT_EQ(Echoed(ReadFile(kept["file"]))["body"], "x");
}

// Requests.

TEST_P(AnswersTest, MethodHeadersAndBodyWithTheId) {
  const Json record = FetchWith({Url("/echo"), "--ids", "17", "-X", "PUT", "-H", "X-Id: <{id}>",
                                 "-d", "{\"user\": {id}}", "-o", Path("out")})
                          .only();
  const Json echo = Echoed(ReadFile(record["file"]));
  EXPECT_EQ(echo["method"], "PUT");
  EXPECT_EQ(echo["body"], "{\"user\": 17}");
  EXPECT_EQ(HeaderOf(echo, "X-Id"), "<17>");
}

TEST_P(AnswersTest, AnIdCannotChangeWhatTheBodySays) {
  const std::string ids = WriteFile("ids", "x\", \"admin\": \"y&b=2\n");
  const auto body = [&](const char* data) {
    const Json record =
        FetchWith({Url("/echo"), "--ids-file", ids, "-d", data, "-o", Path("out")}).only();
    return Echoed(ReadFile(record["file"]))["body"].get<std::string>();
  };
  const Json json = Json::parse(body(R"({"user": "{id}"})"));
  EXPECT_EQ(json, (Json{{"user", "x\", \"admin\": \"y&b=2"}}));
  EXPECT_EQ(body("user={id}"), "user=x%22%2C%20%22admin%22%3A%20%22y%26b%3D2");
}

TEST_P(AnswersTest, SecretsAreNowhereInTheOutput) {
  setenv("TOKEN", "sesame", 1);
  const apps::Ended ended =
      apps::ProgramRun(program,
                       With({Url("/status/500"), "--bearer-env", "TOKEN", "--retries", "0"}))
          .End();
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out + ended.err, Not(HasSubstr("sesame")));
}

TEST_P(AnswersTest, CookiesGoWithEachRequest) {
  setenv("JAR", "a=b", 1);
  FetchOnce("/cookie", {"--cookie-env", "JAR", "-o", Path("out")});
  EXPECT_THAT(FilesIn(Path("out")), ElementsAre(testing::Pair(testing::_, "sent: a=b\n")));
}

TEST_P(AnswersTest, Head) {
  const Fetched fetched = FetchOnce("/bytes/1000000", {"--head"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_EQ(fetched.only()["bytes"], 0);
}

TEST_P(AnswersTest, Field) {
  const Json record = FetchOnce("/posts/7", {"--field", "/id"}).only();
  EXPECT_EQ(record["field"], 7);
  EXPECT_EQ(FetchOnce("/posts/7", {"--field", "/none"}).error_kind(), "field");
  EXPECT_EQ(FetchOnce("/bytes/10", {"--field", "/id"}).error_kind(), "field");
}

TEST_P(AnswersTest, NoBodyHasNoField) {
  for (const char* target : {"/204", "/empty"}) {
    EXPECT_EQ(FetchOnce(target, {"--field", "/id"}).error_kind(), "field") << target;
  }
}

TEST_P(AnswersTest, FieldsAreOfBodiesThatFitIntoMemory) {
  EXPECT_EQ(FetchOnce("/bytes/9000000", {"--field", "/id"}).error_kind(), "too_large");
}

// Timeouts.

TEST_P(AnswersTest, Timeouts) {
  EXPECT_EQ(FetchOnce("/stall", {"--read-timeout", "100ms"}).error_kind(), "timeout");
  EXPECT_EQ(FetchOnce("/hang", {"--read-timeout", "100ms"}).error_kind(), "timeout");
  EXPECT_EQ(FetchOnce("/slow-body/1000/20", {"--timeout", "200ms"}).error_kind(), "timeout");
  const Fetched slow = FetchOnce("/slow-body/10/5", {"--read-timeout", "5s"});
  EXPECT_EQ(slow.status, 0) << slow.err;
}

TEST_P(AnswersTest, LateAnswerGoesToNoOtherRequest) {
  const Fetched fetched = FetchWith({Url("/delay/300"), Url("/posts/1"), "-c", "1", "--ordered",
                                     "--read-timeout", "100ms", "--retries", "0"});
  ASSERT_THAT(fetched.records, SizeIs(2));
  EXPECT_EQ(fetched.records[0]["error"]["kind"], "timeout");
  EXPECT_EQ(fetched.records[1]["bytes"], http_server::Post(1).size());
}

TEST_P(AnswersTest, DeadlineOfTheRun) {
  const Fetched fetched = FetchWith({Url("/delay/20"), Url("/posts/{id}?delay=20"), "--ids",
                                     "1-10000000", "--deadline", "300ms", "-c", "2"});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_THAT(fetched.err, HasSubstr("not started"));
  EXPECT_GT(fetched.records.size(), 1);
}

TEST_P(AnswersTest, StopsAfterSoManyFailures) {
  for (const Arguments& limit : {Arguments{"--fail-fast"}, Arguments{"--max-failures", "5"}}) {
    Arguments arguments = {Url("/status/404?{id}"), "--ids", "1-10000000", "-c", "4"};
    arguments.insert(arguments.end(), limit.begin(), limit.end());
    const Fetched fetched = FetchWith(arguments);
    EXPECT_EQ(fetched.status, 1);
    EXPECT_LT(fetched.records.size(), 50);
    EXPECT_THAT(fetched.err, HasSubstr("not started"));
  }
}

}  // namespace
}  // namespace cohort::api_fetcher
