#include "apps/api_fetcher/message_header.h"

#include <string>

#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

const Request kRequest = {.id = "7", .url = "http://host/7"};

std::string ValueOf(const httplib::Headers& headers, const std::string& name) {
  if (headers.count(name) > 1) return "SEVERAL";
  const auto found = headers.find(name);
  return found == headers.end() ? "NONE" : found->second;
}

httplib::Headers Of(const SendOptions& send, bool trusted = true,
                    const Request& request = kRequest) {
  return MessageHeader(send).For(request, ParseUrl("http://host:81/7"), trusted);
}

TEST(MessageHeaderTest, WhatAllRequestsHave) {
  const httplib::Headers headers = Of({});
  EXPECT_EQ(ValueOf(headers, "Host"), "host:81");
  EXPECT_EQ(ValueOf(headers, "Accept"), "*/*");
  EXPECT_EQ(ValueOf(headers, "Accept-Encoding"), "gzip, br");
  EXPECT_EQ(ValueOf(headers, "User-Agent"), "api_fetcher");
  EXPECT_EQ(ValueOf(headers, "Authorization"), "NONE");
}

TEST(MessageHeaderTest, TheUsersComeFirst) {
  const httplib::Headers headers =
      Of({.headers = {{"accept", "text/html"}, {"host", "other"}, {"USER-AGENT", "{id}"}}});
  EXPECT_EQ(ValueOf(headers, "Accept"), "text/html");
  EXPECT_EQ(ValueOf(headers, "Host"), "other");
  EXPECT_EQ(ValueOf(headers, "User-Agent"), "7");
}

TEST(MessageHeaderTest, WithoutCompression) {
  EXPECT_EQ(ValueOf(Of({.compressed = false}), "Accept-Encoding"), "NONE");
}

TEST(MessageHeaderTest, CredentialsOfTheUrlComeBeforeTheToken) {
  const Request request = {.url = "http://host/", .credentials = "a:b"};
  EXPECT_EQ(ValueOf(Of({.bearer = "token"}), "Authorization"), "Bearer token");
  EXPECT_EQ(ValueOf(Of({.bearer = "token"}, true, request), "Authorization"), "Basic YTpi");
}

TEST(MessageHeaderTest, NothingSecretForOthers) {
  const Request request = {.id = "7", .url = "http://host/", .credentials = "a:b"};
  const SendOptions send = {.headers = {{"X-Mine", "x"},
                                        {"AUTHORIZATION", "{id}"},
                                        {"Host", "other"},
                                        {"X-Key", "k", /*secret=*/true},
                                        {"X-Key-Of", "{id}", /*secret=*/true},
                                        {"Accept", "a", /*secret=*/true},
                                        {"Proxy-Authorization", "p"}},
                            .bearer = "token",
                            .cookie = "c=1"};
  const httplib::Headers headers = Of(send, false, request);
  EXPECT_EQ(ValueOf(headers, "Authorization"), "NONE");
  EXPECT_EQ(ValueOf(headers, "Proxy-Authorization"), "NONE");
  EXPECT_EQ(ValueOf(headers, "Cookie"), "NONE");
  EXPECT_EQ(ValueOf(headers, "Host"), "host:81");
  EXPECT_EQ(ValueOf(headers, "X-Mine"), "x");
  EXPECT_EQ(ValueOf(headers, "X-Key"), "NONE");
  EXPECT_EQ(ValueOf(headers, "X-Key-Of"), "NONE");
  EXPECT_EQ(ValueOf(headers, "Accept"), "NONE");
}

TEST(MessageHeaderTest, WhatIsSecretGoesToItsOrigin) {
  const httplib::Headers headers = Of({.headers = {{"X-Key", "k", /*secret=*/true},
                                                   {"X-Key-Of", "{id}", /*secret=*/true},
                                                   {"Accept", "a", /*secret=*/true}}});
  EXPECT_EQ(ValueOf(headers, "X-Key"), "k");
  EXPECT_EQ(ValueOf(headers, "X-Key-Of"), "7");
  EXPECT_EQ(ValueOf(headers, "Accept"), "a");
}

}  // namespace
}  // namespace cohort::api_fetcher
