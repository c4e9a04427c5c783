// Lines that are not URLs, or nearly, cost themselves and nothing else. All go to a proxy of the
// test, so that none leaves the machine.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "apps/api_fetcher/program_tests/program_test.h"

namespace cohort::api_fetcher {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::SizeIs;

constexpr char kGood[] = "http://good.test/posts/7";

class BadUrlsTest : public ProgramTest {
 protected:
  BadUrlsTest() { setenv("all_proxy", proxy_.Url("").c_str(), 1); }

  // The file that testing/bad_urls.py has written.
  static std::string BadLines() { return ReadFile("testing/bad_urls.txt"); }

  // Whether the good one is among them and ok.
  static bool HasGood(const Fetched& fetched) {
    for (const Json& record : fetched.records) {
      if (record["url"] == kGood) return record["ok"].get<bool>();
    }
    return false;
  }

  http_server::HttpServer proxy_;
};

TEST_F(BadUrlsTest, InAList) {
  const std::string list = WriteFile("urls", BadLines() + kGood + "\n");
  const Fetched fetched = Fetch({"-i", list, "--retries", "0", "--read-timeout", "5s", "-o",
                                 Path("out"), "--accept", "any", "--max-redirects", "3"});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_TRUE(HasGood(fetched));
  EXPECT_GT(fetched.records.size(), 20);
}

TEST_F(BadUrlsTest, Literally) {
  const std::string list = WriteFile("urls", BadLines() + kGood + "\n");
  const Fetched fetched = Fetch({"-i", list, "--literal", "--retries", "0", "--ordered"});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_TRUE(HasGood(fetched));
}

TEST_F(BadUrlsTest, AsIds) {
  const std::string ids = WriteFile("ids", BadLines() + "7\n");
  const Fetched fetched = Fetch(
      {"http://good.test/posts/{id}", "--ids-file", ids, "-o", Path("out"), "--retries", "0"});
  EXPECT_EQ(fetched.status, 1);
  EXPECT_TRUE(HasGood(fetched));
  // None leads out of the directory.
  EXPECT_THAT(FilesIn(Path("")), SizeIs(FilesIn(Path("out")).size() + 1));
}

TEST_F(BadUrlsTest, OneByOneOnTheCommandLine) {
  for (const char* url : {"", " ", "-", "--", "http://", "http://[", "http://host:99999/",
                          "http://{1..}", "http://h/{1..99999999999999999999}", "\xff\xfe"}) {
    EXPECT_THAT(Fetch({"--retries", "0", "--", url}).status, AnyOf(1, 2, 3)) << url;
  }
}

}  // namespace
}  // namespace cohort::api_fetcher
