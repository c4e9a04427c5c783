// Whom the program trusts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"

namespace cohort::api_fetcher {
namespace {

using http_server::CertificateAuthority;
using http_server::HttpServer;
using http_server::Identity;
using http_server::SelfSigned;
using testing::AllOf;
using testing::AnyOf;
using testing::ContainsRegex;
using testing::HasSubstr;

class TlsTest : public ProgramTest {
 protected:
  TlsTest() { WriteFile("authority.pem", authority_.certificate()); }

  // From a server of that identity; trusts the authority.
  Fetched FetchFrom(const Identity& identity, const Arguments& more = {}) const {
    HttpServer server({.identity = identity});
    Arguments arguments = {server.Url("/posts/1", "localhost"), "--retries", "0", "--cacert",
                           Path("authority.pem")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Fetch(arguments);
  }

  // What the user is told.
  std::string WhyNot(const Identity& identity) const {
    const Fetched fetched = FetchFrom(identity);
    EXPECT_EQ(fetched.status, 1);
    EXPECT_EQ(fetched.error_kind(), "tls");
    return fetched.status == 1 ? fetched.only()["error"]["text"].get<std::string>() : "";
  }

  CertificateAuthority authority_;
};

TEST_F(TlsTest, GoodOne) {
  const Fetched fetched = FetchFrom(authority_.Issue({}));
  EXPECT_EQ(fetched.status, 0) << fetched.err;
}

TEST_F(TlsTest, BadOnesAreNamedInWords) {
  EXPECT_THAT(WhyNot(authority_.Issue({.ended = true})), HasSubstr("expired"));
  EXPECT_THAT(WhyNot(authority_.Issue({.names = {"elsewhere.test"}})), HasSubstr("localhost"));
  EXPECT_THAT(WhyNot(SelfSigned({})), ContainsRegex("self.?signed"));
  EXPECT_THAT(WhyNot(CertificateAuthority("Somebody else").Issue({})), HasSubstr("issuer"));
}

TEST_F(TlsTest, AddressesAreNamesToo) {
  HttpServer server({.identity = authority_.Issue({.names = {"localhost"}})});
  const Fetched fetched =
      Fetch({server.Url("/posts/1"), "--retries", "0", "--cacert", Path("authority.pem")});
  EXPECT_EQ(fetched.error_kind(), "tls");
}

TEST_F(TlsTest, UnknownAuthorityIsNotTrusted) {
  HttpServer server({.identity = authority_.Issue({})});
  EXPECT_EQ(Fetch({server.Url("/posts/1"), "--retries", "0"}).error_kind(), "tls");
}

TEST_F(TlsTest, InsecureWarns) {
  for (const Identity& identity : {authority_.Issue({.ended = true}), SelfSigned({})}) {
    const Fetched fetched = FetchFrom(identity, {"-k"});
    EXPECT_EQ(fetched.status, 0) << fetched.err;
    EXPECT_THAT(fetched.err, HasSubstr("not verified"));
  }
}

TEST_F(TlsTest, PlainTextServerIsNoTlsServer) {
  HttpServer server;
  const std::string url = "https" + server.Url("/posts/1").substr(4);
  EXPECT_THAT(Fetch({url, "--retries", "0", "--connect-timeout", "300ms"}).error_kind(),
              AnyOf("tls", "timeout"));
}

TEST_F(TlsTest, WhatIsNoCertificateFile) {
  HttpServer server({.identity = authority_.Issue({})});
  const Fetched fetched =
      Fetch({server.Url("/posts/1"), "--cacert", WriteFile("empty.pem", "no certificate\n")});
  EXPECT_EQ(fetched.status, 2);
  EXPECT_THAT(fetched.err, HasSubstr("empty.pem"));
}

}  // namespace
}  // namespace cohort::api_fetcher
