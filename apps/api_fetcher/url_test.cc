#include "apps/api_fetcher/url.h"

#include <gtest/gtest.h>

#include <string>

namespace cohort::api_fetcher {
namespace {

std::string WhyNot(std::string_view text) {
  try {
    return "none: " + ParseUrl(text).text();
  } catch (const UrlError& error) {
    return error.what();
  }
}

TEST(UrlTest, Text) {
  const struct {
    const char* text;
    const char* expected;
  } kCases[] = {
      {"http://example.com", "http://example.com/"},
      {"HTTP://Example.COM/Path", "http://example.com/Path"},
      {" \thttp://h/ \r\n", "http://h/"},
      {"http://h:80/", "http://h/"},
      {"https://h:443/", "https://h/"},
      {"http://h:443/", "http://h:443/"},
      {"http://h:/", "http://h/"},
      {"http://h:00080/", "http://h/"},
      {"http://h?q=1", "http://h/?q=1"},
      {"http://h#top", "http://h/"},
      {"http://h/a#top?x", "http://h/a"},
      {"http://h/a b?c d", "http://h/a%20b?c%20d"},
      {"http://h/%41%zz%4", "http://h/%41%25zz%254"},
      {"http://h/\xc3\xa4\xff", "http://h/%C3%A4%FF"},
      {"http://h/{x}|^`\"<>\\[]", "http://h/%7Bx%7D%7C%5E%60%22%3C%3E%5C%5B%5D"},
      {"http://h/?a[]=1&b=a+b/c?d@e:f", "http://h/?a%5B%5D=1&b=a+b/c?d@e:f"},
      {"http://h/a/./b/../c", "http://h/a/c"},
      {"http://h/../../x", "http://h/x"},
      {"http://h/a/..", "http://h/"},
      {"http://h/a/.", "http://h/a/"},
      {"http://h/a//../b", "http://h/a/b"},
      {"http://h/.well-known/...", "http://h/.well-known/..."},
      {"http://h/?next=/../x", "http://h/?next=/../x"},
      {"http://[::1]:8080/x", "http://[::1]:8080/x"},
      {"http://[FE80::A]", "http://[fe80::a]/"},
      {"http://127.0.0.1:8080", "http://127.0.0.1:8080/"},
      {"http://my_host-1.example.", "http://my_host-1.example./"},
      {"http://user:pw@h/x@y", "http://h/x@y"},
      {"http://u@s:e@r:p@h", "http://h/"},
  };
  for (const auto& [text, expected] : kCases) {
    EXPECT_EQ(WhyNot(text), std::string("none: ") + expected) << text;
  }
}

TEST(UrlTest, TextIsParsedToItself) {
  const std::string text = ParseUrl("http://h/a%20b{/../c?d=\"#x").text();
  EXPECT_EQ(ParseUrl(text).text(), text);
}

TEST(UrlTest, Errors) {
  const struct {
    std::string text;
    const char* expected;
  } kCases[] = {
      {"", "the URL is empty"},
      {"  ", "the URL is empty"},
      {"not a url", "\"not a url\" is not a URL: it has to begin with http:// or https://"},
      {"example.com/http://x", "\"example.com/http://x\" is not a URL"},
      {"/path", "is not a URL"},
      {"http:/h", "is not a URL"},
      {"ftp://h/x", "\"ftp://h/x\" is neither http nor https"},
      {"file:///etc/passwd", "is neither http nor https"},
      {"http://", "has no host"},
      {"http:///x", "has no host"},
      {"http://:80/", "has no host"},
      {"http://h:0/", "has a wrong port: ports are numbers from 1 to 65535"},
      {"http://h:65536/", "has a wrong port"},
      {"http://h:-1/", "has a wrong port"},
      {"http://h:+1/", "has a wrong port"},
      {"http://h:80:80/", "has a wrong port"},
      {"http://h:8 0/", "has a wrong port"},
      {"http://a b/", "has a host with characters that no name has: a b"},
      {"http://a%2Fb/", "has a host with characters"},
      {"http://h\\@evil/", "\"http://***@evil/\" has a backslash"},
      {"http://b\xc3\xbc.de/", "write the name in its xn-- form"},
      {"http://a..b/", "has a host that is no name"},
      {"http://.a/", "has a host that is no name"},
      {"http://" + std::string(254, 'a'), "has a host that is no name"},
      {"http://[::1/", "has an IPv6 address without ]"},
      {"http://[::g]/", "has no IPv6 address between [ and ]: ::g"},
      {"http://[]/", "has no IPv6 address"},
      {"http://[fe80::1%25eth0]/", "has no IPv6 address"},
      {"http://[::1]x/", "has something between ] and the path"},
      {"http://h/a\nb", "\"http://h/a\\nb\" has control characters"},
      {std::string("http://h/\0", 10), "has control characters"},
      {"http://u%0d%0a:p@h/", "has control characters in user and password"},
      {"http://h/" + std::string(70000, 'a'), "...\" is too long: 70009 bytes"},
  };
  for (const auto& [text, expected] : kCases) {
    const std::string why = WhyNot(text);
    EXPECT_NE(why.find(expected), std::string::npos) << text.substr(0, 100) << ": " << why;
  }
}

TEST(UrlTest, ErrorsDoNotShowPasswords) {
  for (const char* text : {"http://me:secret@h:x/", "http://me:sec/ret@h", "me:secret@h/x",
                           "ftp://me:secret@h", "http://me:secret@a@b c/", "me:secret@x://",
                           "http://me:p@ss secret/rd@host/", "http://me:p@[secret]/rd@host/"}) {
    const std::string why = WhyNot(text);
    EXPECT_EQ(why.find("sec"), std::string::npos) << why;
    EXPECT_NE(why.find("***@"), std::string::npos) << why;
  }
}

TEST(UrlTest, Credentials) {
  EXPECT_EQ(ParseUrl("http://h/").credentials, "");
  EXPECT_EQ(ParseUrl("http://me:p%40ss%3a@h/").credentials, "me:p@ss:");
  EXPECT_EQ(ParseUrl("http://token@h/").credentials, "token:");
}

TEST(UrlTest, OriginAndAuthority) {
  EXPECT_EQ(ParseUrl("http://H/x").origin(), "http://h:80");
  EXPECT_EQ(ParseUrl("https://[::1]/").origin(), "https://[::1]:443");
  EXPECT_EQ(ParseUrl("https://[::1]/").authority(), "[::1]");
  EXPECT_EQ(ParseUrl("https://h:8443/").authority(), "h:8443");
}

TEST(UrlTest, SameOrigin) {
  const Url url = ParseUrl("http://h/a");
  EXPECT_TRUE(url.SameOrigin(ParseUrl("HTTP://H:80/b?c")));
  EXPECT_FALSE(url.SameOrigin(ParseUrl("https://h/a")));
  EXPECT_FALSE(url.SameOrigin(ParseUrl("http://h:81/a")));
  EXPECT_FALSE(url.SameOrigin(ParseUrl("http://h./a")));
}

TEST(UrlTest, Resolve) {
  const struct {
    const char* location;
    const char* expected;
  } kCases[] = {
      {"https://other/x", "https://other/x"},
      {"//other:81/x", "http://other:81/x"},
      {"/x", "http://h:8080/x"},
      {"x", "http://h:8080/a/b/x"},
      {"./x?y#z", "http://h:8080/a/b/x?y"},
      {"../x", "http://h:8080/a/x"},
      {"../../../../x", "http://h:8080/x"},
      {"?y", "http://h:8080/a/b/c?y"},
      {"", "http://h:8080/a/b/c?q"},
      {"#z", "http://h:8080/a/b/c?q"},
      {"x y\xc3\xa4", "http://h:8080/a/b/x%20y%C3%A4"},
      {"x?to=http://other/", "http://h:8080/a/b/x?to=http://other/"},
      {"/x:y", "http://h:8080/x:y"},
  };
  const Url base = ParseUrl("http://me:pw@h:8080/a/b/c?q");
  for (const auto& [location, expected] : kCases) {
    EXPECT_EQ(Resolve(base, location).text(), expected) << location;
  }
}

TEST(UrlTest, ResolveRefusesWhatIsNoUrl) {
  const Url base = ParseUrl("http://h/");
  for (const char* location : {"javascript:alert(1)", "file:///etc/passwd", "http://", "//",
                               "http:x", "/a\r\nX: y", "ftp://h/"}) {
    EXPECT_THROW(Resolve(base, location), UrlError) << location;
  }
}

TEST(UrlTest, CredentialsStayAtTheirOrigin) {
  const Url base = ParseUrl("http://me:pw@h/a");
  EXPECT_EQ(Resolve(base, "/x").credentials, "me:pw");
  EXPECT_EQ(Resolve(base, "http://h:80/x").credentials, "me:pw");
  EXPECT_EQ(Resolve(base, "//h/x").credentials, "me:pw");
  EXPECT_EQ(Resolve(base, "https://h/x").credentials, "");
  EXPECT_EQ(Resolve(base, "http://h:81/x").credentials, "");
  EXPECT_EQ(Resolve(base, "http://you:x@h/x").credentials, "you:x");
}

TEST(UrlTest, PercentEncode) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a/b?c#d&e=f%41 "), "a%2Fb%3Fc%23d%26e%3Df%2541%20");
  EXPECT_EQ(PercentEncode("\xc3\xa4"), "%C3%A4");
  EXPECT_EQ(PercentEncode(".."), "%2E%2E");
  EXPECT_EQ(PercentEncode("."), "%2E");
  EXPECT_EQ(PercentEncode("..."), "...");
}

}  // namespace
}  // namespace cohort::api_fetcher
