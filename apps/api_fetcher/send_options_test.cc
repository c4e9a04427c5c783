#include "apps/api_fetcher/send_options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "apps/api_fetcher/values.h"

namespace cohort::api_fetcher {
namespace {

TEST(WithIdTest, EachOne) {
  EXPECT_EQ(WithId("a{id}b{id}", "7"), "a7b7");
  EXPECT_EQ(WithId("{id", "7"), "{id");
  EXPECT_EQ(WithId("{id}", "{id}"), "{id}");
}

std::string Body(const std::string& type, const std::string& body, const std::string& id) {
  SendOptions send;
  if (!type.empty()) send.headers.push_back({"content-type", type});
  SetBody(body, send);
  return BodyOf(send, id);
}

TEST(BodyOfTest, AnIdCannotChangeWhatTheBodySays) {
  EXPECT_EQ(Body("", "{\"a\": \"{id}\"}", "x\", \"b\": \"\\"),
            "{\"a\": \"x\\\", \\\"b\\\": \\\"\\\\\"}");
  EXPECT_EQ(Body("", "a={id}&b=1", "x&b=2"), "a=x%26b%3D2&b=1");
  EXPECT_EQ(Body("application/vnd.api+json; charset=utf-8", " {id}", "\""), " \\\"");
  EXPECT_EQ(Body("text/plain", "{id}&", "\"&"), "\"&&");
  EXPECT_EQ(Body("", "{\"a\": {id}}", "17"), "{\"a\": 17}");
}

TEST(SetBodyTest, ContentType) {
  const auto type = [](const char* body) {
    SendOptions send;
    SetBody(body, send);
    return send.headers.back().value;
  };
  EXPECT_EQ(type(" {}"), "application/json");
  EXPECT_EQ(type("[1]"), "application/json");
  EXPECT_EQ(type("a=b"), "application/x-www-form-urlencoded");
  EXPECT_EQ(type(""), "application/x-www-form-urlencoded");
}

TEST(UsesIdTest, HeadersAndBody) {
  EXPECT_FALSE(UsesId({}));
  EXPECT_TRUE(UsesId({.headers = {{"X", "a{id}"}}}));
  EXPECT_TRUE(UsesId({.body = "{id}"}));
  EXPECT_FALSE(UsesId({.headers = {{"X", "{ID}"}}, .body = ""}));
}

TEST(ParseHeadersTest, Blanks) {
  const auto headers = ParseHeaders("X-Key:  a:b\tc  ");
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].name, "X-Key");
  EXPECT_EQ(headers[0].value, "a:b\tc");
  EXPECT_EQ(ParseHeaders("X-Empty:")[0].value, "");
  EXPECT_THROW(ParseHeaders(": x"), ValueError);
  EXPECT_THROW(ParseHeaders("X Y: x"), ValueError);
}

// Whatever their names: whoever puts a header into a file may have a reason.
TEST(ParseHeadersTest, ThoseOfAFileAreSecret) {
  const std::string path = testing::TempDir() + "send_options_test";
  std::ofstream(path) << "# comment\nX-Key: k\n\nAccept: text/html\nAuthorization: a\n";
  const auto headers = ParseHeaders("@" + path);
  std::filesystem::remove(path);
  ASSERT_EQ(headers.size(), 3u);
  for (const Header& header : headers) EXPECT_TRUE(header.secret) << header.name;
  EXPECT_FALSE(ParseHeaders("X-Key: k")[0].secret);
}

}  // namespace
}  // namespace cohort::api_fetcher
