#include "apps/api_fetcher/proxy.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <string>

namespace cohort::api_fetcher {
namespace {

ProxySettings With(const std::map<std::string, std::string>& environment) {
  for (const char* name : {"http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
                           "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}) {
    unsetenv(name);
  }
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  return ProxySettings::FromEnvironment();
}

std::string For(const ProxySettings& settings, const std::string& url) {
  const std::optional<Url>& proxy = settings.For(ParseUrl(url));
  return proxy ? proxy->authority() : "none";
}

TEST(ProxyTest, None) {
  EXPECT_TRUE(With({}).empty());
  EXPECT_TRUE(With({{"http_proxy", ""}, {"no_proxy", "*"}}).empty());
  EXPECT_EQ(For(ProxySettings(), "http://h/"), "none");
}

TEST(ProxyTest, OneForEachScheme) {
  const ProxySettings settings = With({{"http_proxy", "http://a:81"}, {"https_proxy", "b:3128"}});
  EXPECT_EQ(For(settings, "http://h/"), "a:81");
  EXPECT_EQ(For(settings, "https://h/"), "b:3128");
}

TEST(ProxyTest, AllProxyForWhatHasNone) {
  const ProxySettings settings = With({{"ALL_PROXY", "a:1"}, {"HTTPS_PROXY", "b:2"}});
  EXPECT_EQ(For(settings, "http://h/"), "a:1");
  EXPECT_EQ(For(settings, "https://h/"), "b:2");
}

TEST(ProxyTest, ARequestOfACgiServerIsNoSetting) {
  EXPECT_TRUE(With({{"HTTP_PROXY", "http://evil:1"}}).empty());
}

TEST(ProxyTest, Exceptions) {
  const ProxySettings settings =
      With({{"all_proxy", "p:1"}, {"no_proxy", "localhost, .Internal,*.corp,::1"}});
  for (const char* url : {"http://localhost/", "http://localhost:8080/", "http://internal/",
                          "http://a.b.internal/", "http://x.corp/", "http://[::1]/"}) {
    EXPECT_EQ(For(settings, url), "none") << url;
  }
  for (const char* url : {"http://notlocalhost/", "http://internal.com/", "http://h/"}) {
    EXPECT_EQ(For(settings, url), "p:1") << url;
  }
  EXPECT_EQ(For(With({{"all_proxy", "p:1"}, {"no_proxy", "*"}}), "http://h/"), "none");
}

TEST(ProxyTest, Credentials) {
  EXPECT_EQ(With({{"all_proxy", "me:pw@p:1"}}).For(ParseUrl("http://h/"))->credentials, "me:pw");
}

TEST(ProxyTest, ErrorsNameTheVariableAndNoPassword) {
  for (const char* value : {"http://me:pw@p:x", "socks5://me:pw@p:1", "https://me:pw@p:1"}) {
    try {
      With({{"https_proxy", value}});
      ADD_FAILURE() << value;
    } catch (const UrlError& error) {
      const std::string what = error.what();
      EXPECT_EQ(what.find("the environment variable https_proxy: "), 0u) << what;
      EXPECT_EQ(what.find("pw"), std::string::npos) << what;
    }
  }
  With({});
}

}  // namespace
}  // namespace cohort::api_fetcher
