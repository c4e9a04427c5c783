// The sound paths are asked by cpp-httplib, the broken ones by a bare socket.

#include "testing/http_server/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "apps/common/program_run.h"
#include "httplib.h"
#include "nlohmann/json.hpp"
#include "testing/http_server/bodies.h"
#include "testing/http_server/certificates.h"
#include "testing/http_server/statistics.h"

namespace cohort::http_server {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Set by main.
std::string program;

// A connection without any idea of HTTP.
class Bare {
 public:
  explicit Bare(const HttpServer& server) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;
  ~Bare() { close(fd_); }

  void Get(const std::string& path, const std::string& more = "") {
    Send("GET " + path + " HTTP/1.1\r\nHost: test\r\n" + more + "\r\n");
  }

  void Send(const std::string& text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  // The next bytes, "" at the end; `error()` says which end it was.
  std::string ReadSome() {
    char space[65536];
    const ssize_t size = recv(fd_, space, sizeof space, 0);
    error_ = size < 0 ? errno : 0;
    return std::string(space, size > 0 ? static_cast<std::size_t>(size) : 0);
  }

  std::string ReadAll() {
    std::string all;
    for (std::string more; !(more = ReadSome()).empty();) all += more;
    return all;
  }

  int error() const { return error_; }

 private:
  int fd_;
  int error_ = 0;
};

std::string AllOf(const HttpServer& server, const std::string& path) {
  Bare bare(server);
  bare.Get(path, "Connection: close\r\n");
  return bare.ReadAll();
}

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() : client_("127.0.0.1", server_.port()) { client_.set_keep_alive(true); }

  std::string Body(const std::string& path) {
    const httplib::Result result = client_.Get(path);
    return result ? result->body : "error " + httplib::to_string(result.error());
  }

  int Status(const std::string& path) {
    const httplib::Result result = client_.Get(path);
    return result ? result->status : -1;
  }

  HttpServer server_;
  httplib::Client client_;
};

TEST_F(HttpServerTest, Posts) {
  const nlohmann::json post = nlohmann::json::parse(Body("/posts/7"));
  EXPECT_EQ(post["id"], 7);
  EXPECT_NEAR(static_cast<double>(Body("/posts/7").size()), 1000, 100);
  EXPECT_EQ(Body("/posts/7"), Post(7));
  EXPECT_NE(Body("/posts/7"), Body("/posts/8"));
  EXPECT_EQ(Status("/posts/seven"), 404);
  EXPECT_EQ(Status("/nowhere"), 404);
  EXPECT_EQ(Status("/"), 404);
}

TEST_F(HttpServerTest, ManyRequestsOnOneConnection) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Status("/posts/" + std::to_string(i)), 200);
  EXPECT_EQ(server_.statistics().Take().connections, 1);
}

TEST_F(HttpServerTest, Bytes) {
  for (std::size_t size : {0, 1, 1000, 131072, 131073, 1000000}) {
    EXPECT_EQ(Body(absl::StrCat("/bytes/", size)), PatternBytes(0, size));
    EXPECT_EQ(Body(absl::StrCat("/chunked/", size)), PatternBytes(0, size));
  }
  EXPECT_EQ(Body("/until-closed/5000"), PatternBytes(0, 5000));
  EXPECT_EQ(Body("/slow-body/5/1"), PatternBytes(0, 5));
  EXPECT_EQ(Body("/empty"), "");
  EXPECT_EQ(Status("/204"), 204);
  EXPECT_EQ(Body("/delay/1"), "late\n");
  EXPECT_EQ(Body("/posts/1?delay=1"), Post(1));
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  const httplib::Result result = client_.Head("/bytes/1000000");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->get_header_value("Content-Length"), "1000000");
  EXPECT_EQ(Status("/posts/1"), 200);
}

TEST_F(HttpServerTest, FailsAsOftenAsAsked) {
  EXPECT_EQ(Status("/status/418"), 418);
  EXPECT_EQ(Status("/flaky/a/2"), 503);
  EXPECT_EQ(Status("/flaky/b/2"), 503);
  EXPECT_EQ(Status("/flaky/a/2"), 503);
  EXPECT_EQ(Status("/flaky/a/2"), 200);
  EXPECT_EQ(Status("/flaky/a/2"), 200);
  server_.Reset();
  EXPECT_EQ(Status("/flaky/a/2"), 503);
}

TEST_F(HttpServerTest, AsksToRetryLater) {
  const httplib::Result seconds = client_.Get("/retry-after/a/seconds/30");
  ASSERT_TRUE(seconds);
  EXPECT_EQ(seconds->status, 429);
  EXPECT_EQ(seconds->get_header_value("Retry-After"), "30");
  EXPECT_GE(nlohmann::json::parse(Body("/retry-after/a/seconds/30"))["waited_ms"], 0);
  const httplib::Result date = client_.Get("/retry-after/a/date/30");
  ASSERT_TRUE(date);
  EXPECT_THAT(date->get_header_value("Retry-After"),
              testing::ContainsRegex("^[A-Z][a-z][a-z], [0-9][0-9] .* GMT$"));
}

TEST_F(HttpServerTest, Redirects) {
  EXPECT_EQ(client_.Get("/redirect-loop")->get_header_value("Location"), "/redirect-loop");
  const httplib::Result to = client_.Get("/redirect-to?url=http%3A%2F%2Fa%2Fb%3Fc&status=307");
  EXPECT_EQ(to->status, 307);
  EXPECT_EQ(to->get_header_value("Location"), "http://a/b?c");
  EXPECT_EQ(client_.Get("/redirect-to?url=/empty")->status, 302);
  client_.set_follow_location(true);
  EXPECT_EQ(Body("/redirect/3"), "arrived\n");
  EXPECT_EQ(server_.statistics().RequestsOf("/redirect/2"), 1);
}

TEST_F(HttpServerTest, Compressed) {
  EXPECT_EQ(Body("/gzip/3"), Post(3));
  EXPECT_EQ(Body("/br/3"), Post(3));
  EXPECT_EQ(Body("/gzip-bomb/3"), std::string(3 << 20, '\0'));
  client_.set_decompress(false);
  EXPECT_LT(Body("/gzip-bomb/3").size(), 10'000);
}

TEST_F(HttpServerTest, Echo) {
  const httplib::Result result = client_.Post("/echo?a=%20", {{"X-Test", "yes"}}, "hello", "a/b");
  const nlohmann::json echo = nlohmann::json::parse(result->body);
  EXPECT_EQ(echo["method"], "POST");
  EXPECT_EQ(echo["target"], "/echo?a=%20");
  EXPECT_EQ(echo["body"], "hello");
  EXPECT_THAT(echo["headers"], testing::Contains(nlohmann::json({"X-Test", "yes"})));
  EXPECT_THAT(client_.Put("/echo", "\xff", "a/b")->body, HasSubstr("PUT"));
}

TEST_F(HttpServerTest, TakesWhatAProxyGets) {
  EXPECT_THAT(AllOf(server_, "http://example.test/empty"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_EQ(server_.statistics().RequestsOf("http://example.test/empty"), 1);
}

TEST_F(HttpServerTest, ChunkedRequests) {
  Bare bare(server_);
  bare.Send(
      "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n");
  EXPECT_THAT(bare.ReadAll(), HasSubstr("\"abc0123456789\""));
}

TEST_F(HttpServerTest, HeaderFields) {
  EXPECT_EQ(client_.Get("/cookie")->get_header_value("Set-Cookie"), "visit=1; Path=/");
  EXPECT_EQ(client_.Get("/cookie", {{"Cookie", "a=b"}})->body, "sent: a=b\n");
  EXPECT_EQ(client_.Get("/disposition")->get_header_value("Content-Disposition"),
            "attachment; filename=\"../../x\"");
  EXPECT_EQ(client_.Get("/close")->get_header_value("Connection"), "close");
  EXPECT_GT(AllOf(server_, "/huge-header/100000").size(), 100'000);
}

TEST_F(HttpServerTest, EndsTooEarly) {
  EXPECT_THAT(AllOf(server_, "/cut/1000"), HasSubstr("Content-Length: 1000\r\n"));
  EXPECT_THAT(AllOf(server_, "/cut/1000"), EndsWith("\r\n\r\n" + PatternBytes(0, 500)));
  EXPECT_THAT(AllOf(server_, "/cut-chunked"), EndsWith("\r\n\r\n5\r\nhello\r\n"));
  EXPECT_EQ(Body("/cut/1000"), "error Read");
  EXPECT_LT(Body("/cut-gzip").size(), Post(1).size());
}

TEST_F(HttpServerTest, BreaksTheProtocol) {
  EXPECT_THAT(AllOf(server_, "/garbage"), Not(HasSubstr("HTTP/1.1")));
  EXPECT_THAT(AllOf(server_, "/bad-length"), HasSubstr("Content-Length: -7\r\n"));
  EXPECT_EQ(AllOf(server_, "/drop"), "");
  Bare reset(server_);
  reset.Get("/reset");
  EXPECT_EQ(reset.ReadSome(), "");
  EXPECT_EQ(reset.error(), ECONNRESET);
}

TEST_F(HttpServerTest, StallsUntilTheClientLeavesOrTheServerStops) {
  std::optional<Bare> first(server_);
  first->Get("/stall");
  EXPECT_THAT(first->ReadSome(), StartsWith("HTTP/1.1 200"));
  Bare second(server_);
  second.Get("/hang");
  while (server_.statistics().Take().running < 2) std::this_thread::yield();
  first.reset();
  while (server_.statistics().Take().running > 1) std::this_thread::yield();
  server_.Stop();
  EXPECT_EQ(second.ReadAll(), "");
}

TEST_F(HttpServerTest, ClosesWhatItSaidStays) {
  EXPECT_THAT(AllOf(server_, "/stale"), HasSubstr("Keep-Alive: timeout=60"));
  Bare bare(server_);
  bare.Get("/stale-on-use");
  EXPECT_THAT(bare.ReadSome(), EndsWith("see you\n"));
  bare.Get("/posts/1");
  EXPECT_EQ(bare.ReadAll(), "");
  EXPECT_EQ(server_.statistics().RequestsOf("/posts/1"), 0);
}

TEST_F(HttpServerTest, NoRequestEndsTheConnection) {
  for (const char* text : {"hello\r\n\r\n", "\r\n\r\n", "GET / FTP/1\r\n\r\n",
                           "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                           "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"}) {
    Bare bare(server_);
    bare.Send(text);
    EXPECT_EQ(bare.ReadAll(), "") << text;
  }
}

TEST_F(HttpServerTest, Statistics) {
  Body("/posts/1");
  Body("/posts/1");
  Body("/empty");
  const nlohmann::json stats = nlohmann::json::parse(Body("/stats"));
  EXPECT_EQ(stats["requests"], 3);
  EXPECT_EQ(stats["requests_by_route"]["posts"], 2);
  EXPECT_EQ(stats["peak_concurrency"], 1);
  EXPECT_EQ(stats["running"], 0);
  EXPECT_EQ(nlohmann::json::parse(Body("/stats/reset"))["requests"], 0);
}

TEST(StatisticsTest, BusiestSecondBeginsAnywhere) {
  using std::chrono::milliseconds;
  Statistics statistics;
  const Statistics::Clock::time_point zero{};
  for (int at : {0, 900, 950, 1000, 1850, 2500}) {
    statistics.Begin("/a", "a", zero + milliseconds(at));
  }
  EXPECT_EQ(statistics.Take().busiest_second, 4);  // from 900 on, without 1900
  EXPECT_THAT(statistics.Take().starts_per_second, ElementsAre(3, 2, 1));
  EXPECT_EQ(statistics.Take().peak_concurrency, 6);
}

TEST(PortTest, TakenIsAnError) {
  HttpServer server;
  try {
    HttpServer same({.port = server.port()});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(server.port())));
  }
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() {
    std::string pattern = testing::TempDir() + "/tls.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    std::ofstream(directory_ / "authority.pem") << authority_.certificate();
  }
  ~TlsTest() override { std::filesystem::remove_all(directory_); }

  // "200", or why not.
  std::string Get(const std::string& host, std::optional<Identity> identity) {
    HttpServer server({.identity = std::move(identity)});
    httplib::SSLClient client(host, server.port());
    client.set_ca_cert_path(directory_ / "authority.pem");
    const httplib::Result result = client.Get("/posts/1");
    return result ? std::to_string(result->status) : httplib::to_string(result.error());
  }

  CertificateAuthority authority_;
  std::filesystem::path directory_;
};

TEST_F(TlsTest, GoodCertificates) {
  EXPECT_EQ(Get("127.0.0.1", authority_.Issue({})), "200");
  EXPECT_EQ(Get("localhost", authority_.Issue({})), "200");
}

TEST_F(TlsTest, BadCertificates) {
  const std::string refused = "SSLServerVerification";
  EXPECT_EQ(Get("localhost", authority_.Issue({.ended = true})), refused);
  EXPECT_EQ(Get("localhost", authority_.Issue({.names = {"elsewhere.test"}})), refused);
  EXPECT_EQ(Get("localhost", SelfSigned({})), refused);
  EXPECT_EQ(Get("localhost", CertificateAuthority().Issue({})), refused);
}

TEST_F(TlsTest, PlainTextClientsAreDropped) {
  HttpServer server({.identity = authority_.Issue({})});
  EXPECT_THAT(AllOf(server, "/posts/1"), Not(HasSubstr("200 OK")));
}

TEST_F(TlsTest, WhatIsNoIdentity) {
  EXPECT_THROW(HttpServer({.identity = Identity{"no", "key"}}), std::invalid_argument);
}

TEST(ProgramTest, RunsUntilItsInputEnds) {
  apps::ProgramRun run(program, {});
  std::string address = run.ReadSome();
  ASSERT_THAT(address, testing::MatchesRegex("http://127.0.0.1:[0-9]+\n"));
  address.pop_back();
  EXPECT_EQ(httplib::Client(address).Get("/empty")->status, 200);
  EXPECT_EQ(run.End().status, 0);
}

TEST(ProgramTest, Tls) {
  apps::ProgramRun run(program, {"--tls"});
  std::string lines = run.ReadSome();
  ASSERT_THAT(lines, testing::MatchesRegex("https://127.0.0.1:[0-9]+\n/.*\n"));
  lines.pop_back();
  const std::size_t middle = lines.find('\n');
  httplib::Client client(lines.substr(0, middle));
  client.set_ca_cert_path(lines.substr(middle + 1));
  EXPECT_EQ(client.Get("/empty")->status, 200);
  EXPECT_EQ(run.End().status, 0);
  EXPECT_FALSE(std::filesystem::exists(lines.substr(middle + 1)));
}

}  // namespace
}  // namespace cohort::http_server

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  cohort::http_server::program = argv[1];
  signal(SIGPIPE, SIG_IGN);
  return RUN_ALL_TESTS();
}
