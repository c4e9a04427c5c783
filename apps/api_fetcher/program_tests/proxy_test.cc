// The ways by proxies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "apps/api_fetcher/program_tests/connect_proxy.h"
#include "apps/api_fetcher/program_tests/program_test.h"

namespace cohort::api_fetcher {
namespace {

using http_server::HttpServer;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { unsetenv(name_); }

 private:
  const char* const name_;
};

TEST(ProxyTest, PlainRequestsGoThere) {
  HttpServer proxy;
  const Environment set("http_proxy", proxy.Url(""));
  const Fetched fetched = Fetch({"http://example.test/posts/1", "--retries", "0"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_EQ(proxy.statistics().RequestsOf("http://example.test/posts/1"), 1);
}

TEST(ProxyTest, SomeRequestsDoNot) {
  HttpServer direct;
  const Environment set("http_proxy", "http://127.0.0.1:1");
  EXPECT_EQ(Fetch({direct.Url("/posts/1"), "--no-proxy"}).status, 0);
  const Environment except("no_proxy", "127.0.0.1");
  EXPECT_EQ(Fetch({direct.Url("/posts/1")}).status, 0);
  EXPECT_EQ(direct.statistics().Take().requests, 2);
}

TEST(ProxyTest, OneThatIsNotThereIsNamedWithoutItsPassword) {
  for (const char* variable : {"http_proxy", "https_proxy"}) {
    const Environment set(variable, "http://me:secret@127.0.0.1:1");
    const std::string scheme(variable, std::string(variable).find('_'));
    const Fetched fetched = Fetch({scheme + "://host.invalid/", "--retries", "0"});
    EXPECT_EQ(fetched.error_kind(), "connect");
    const std::string text = fetched.only()["error"]["text"];
    EXPECT_THAT(text, StartsWith("the proxy 127.0.0.1:1: no connection"));
    EXPECT_THAT(text + fetched.err, Not(HasSubstr("secret")));
  }
}

// HTTPS, by CONNECT.

class TunnelTest : public ProgramTest {
 protected:
  TunnelTest() { WriteFile("authority.pem", authority_.certificate()); }

  Fetched FetchBy(const std::string& proxy, Arguments arguments = {}) const {
    const Environment set("https_proxy", proxy);
    if (arguments.empty()) arguments = {server_.Url("/posts/1")};
    arguments.insert(arguments.end(), {"--retries", "0", "--cacert", Path("authority.pem")});
    return Fetch(arguments);
  }

  static std::string WhyNot(const Fetched& fetched, const std::string& kind) {
    EXPECT_EQ(fetched.status, 1);
    EXPECT_EQ(fetched.error_kind(), kind);
    return fetched.status == 1 ? fetched.only()["error"]["text"].get<std::string>() : "";
  }

  http_server::CertificateAuthority authority_;
  HttpServer server_{{.identity = authority_.Issue({})}};
};

TEST_F(TunnelTest, OneForManyRequests) {
  const ConnectProxy proxy;
  const Fetched fetched =
      FetchBy(proxy.Url(), {server_.Url("/posts/{1..20}", "localhost"), "-c", "1"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(fetched.records, SizeIs(20));
  EXPECT_THAT(proxy.heads(), SizeIs(1));
  EXPECT_THAT(proxy.heads(), Each(StartsWith("CONNECT localhost:")));
}

// What is verified is the server's certificate, not the proxy's.
TEST_F(TunnelTest, DoesNotMakeAnUnknownServerTrusted) {
  const ConnectProxy proxy;
  const HttpServer unknown({.identity = http_server::SelfSigned({})});
  WhyNot(FetchBy(proxy.Url(), {unknown.Url("/posts/1")}), "tls");
}

TEST_F(TunnelTest, OnlyTheProxyGetsItsPassword) {
  const ConnectProxy proxy({.credentials = "me:pw"});
  const Fetched fetched =
      FetchBy(proxy.Url("me:pw"), {server_.Url("/echo"), "--field", "/headers"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(fetched.only()["field"].dump(), Not(HasSubstr("bWU6cHc=")));
}

TEST_F(TunnelTest, AProxyThatWantsAPassword) {
  const ConnectProxy proxy({.credentials = "me:pw"});
  const std::string text = WhyNot(FetchBy(proxy.Url("me:wrong")), "proxy");
  EXPECT_THAT(text, StartsWith("the proxy " + proxy.address() + ": it does not connect to 127."));
  EXPECT_THAT(text, HasSubstr("407 Proxy Authentication Required"));
  EXPECT_THAT(text, Not(HasSubstr("wrong")));
  EXPECT_EQ(server_.statistics().Take().connections, 0);
}

TEST_F(TunnelTest, AProxyThatDoesNotGetThere) {
  const ConnectProxy proxy;
  EXPECT_THAT(WhyNot(FetchBy(proxy.Url(), {"https://127.0.0.1:1/"}), "proxy"),
              HasSubstr("502 Bad Gateway"));
}

TEST_F(TunnelTest, AProxyThatDies) {
  const ConnectProxy in_its_answer({.last_words = "HTTP/1.1 200 Conn"});
  EXPECT_EQ(
      WhyNot(FetchBy(in_its_answer.Url()), "proxy"),
      "the proxy " + in_its_answer.address() + ": it closed the connection instead of answering");
  const ConnectProxy after_it({.last_words = "HTTP/1.1 200 Connected\r\n\r\n"});
  WhyNot(FetchBy(after_it.Url()), "tls");
}

}  // namespace
}  // namespace cohort::api_fetcher
