// The program and a server that is in wide use.

#include "apps/api_fetcher/benchmark/nginx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"

namespace cohort::api_fetcher {
namespace {

namespace fs = std::filesystem;
using testing::SizeIs;

class NginxTest : public ProgramTest {
 protected:
  void SetUp() override {
    if (!Nginx::IsInstalled()) {
      GTEST_SKIP() << "nginx is not installed; it is in Debian's package nginx-light";
    }
    // The path of a socket has to be short.
    std::string pattern = fs::temp_directory_path() / "nginx.XXXXXX";
    nginx_directory_ = mkdtemp(pattern.data());
    nginx_.emplace(nginx_directory_);
  }

  void TearDown() override {
    nginx_.reset();
    fs::remove_all(nginx_directory_);
  }

  std::string nginx_directory_;
  std::optional<Nginx> nginx_;
};

TEST_F(NginxTest, SmallAndLarge) {
  const Fetched fetched =
      Fetch({nginx_->Url("/small/{1..500}"), nginx_->Url("/large/{1..50}"), "-c", "16"});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  ASSERT_THAT(fetched.records, SizeIs(550));
  for (const Json& record : fetched.records) {
    const bool large = record["url"].get<std::string>().find("/large/") != std::string::npos;
    EXPECT_EQ(record["bytes"], large ? 102'400 : 1'017);
    EXPECT_EQ(record["attempts"], 1);
  }
}

TEST_F(NginxTest, Compressed) {
  const Json record = Fetch({nginx_->Url("/gzip/1"), "-o", Path("out")}).only();
  EXPECT_EQ(record["bytes"], 1'017);
  EXPECT_LT(record["wire_bytes"], 200);
  EXPECT_EQ(ReadFile(record["file"]), std::string(1'017, 's'));
  EXPECT_EQ(Fetch({nginx_->Url("/gzip/1"), "--no-compressed"}).only()["wire_bytes"], 1'017);
}

TEST_F(NginxTest, StatusesAndMethods) {
  EXPECT_EQ(Fetch({nginx_->Url("/nowhere"), "--retries", "0"}).only()["status"], 404);
  EXPECT_EQ(Fetch({nginx_->Url("/large/1"), "--head"}).only()["status"], 200);
  EXPECT_EQ(Fetch({nginx_->Url("/large/1"), "-d", "x"}).only()["status"], 405);
}

TEST_F(NginxTest, ByItsSocket) {
  const Fetched fetched =
      Fetch({"http://any.test/small/{1..20}", "--unix-socket", nginx_->socket()});
  EXPECT_EQ(fetched.status, 0) << fetched.err;
  EXPECT_THAT(fetched.records, SizeIs(20));
}

}  // namespace
}  // namespace cohort::api_fetcher
