#include "apps/api_fetcher/proxy.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cohort::api_fetcher {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// That of the lower-case name, or of the upper-case one.
std::string Either(const std::string& name) {
  const std::string value = Variable(name.c_str());
  return value.empty() ? Variable(absl::AsciiStrToUpper(name).c_str()) : value;
}

std::optional<Url> ParseProxy(std::string value, const char* name) try {
  if (value.empty()) return std::nullopt;
  if (!absl::StrContains(value, "://")) value = "http://" + value;
  Url url = ParseUrl(value);
  if (url.https) throw UrlError("a proxy that is itself spoken to by https is not possible here");
  return url;
} catch (const UrlError& error) {
  throw UrlError(absl::StrCat("the environment variable ", name, ": ", error.what()));
}

}  // namespace

ProxySettings ProxySettings::FromEnvironment() {
  ProxySettings settings;
  const std::optional<Url> all = ParseProxy(Either("all_proxy"), "all_proxy");
  settings.http_ = ParseProxy(Variable("http_proxy"), "http_proxy");
  settings.https_ = ParseProxy(Either("https_proxy"), "https_proxy");
  if (!settings.http_) settings.http_ = all;
  if (!settings.https_) settings.https_ = all;
  const std::string except = absl::AsciiStrToLower(Either("no_proxy"));
  for (std::string_view host : absl::StrSplit(except, absl::ByAnyChar(", "), absl::SkipEmpty())) {
    absl::ConsumePrefix(&host, "*.");
    absl::ConsumePrefix(&host, ".");
    settings.except_.emplace_back(host);
  }
  return settings;
}

// An entry stands for the host of that name and for all below it.
bool ProxySettings::IsExcepted(const std::string& host) const {
  return std::any_of(except_.begin(), except_.end(), [&](const std::string& entry) {
    return entry == "*" || host == entry || absl::EndsWith(host, "." + entry);
  });
}

const std::optional<Url>& ProxySettings::For(const Url& url) const {
  static const std::optional<Url> kNone;
  const std::optional<Url>& proxy = url.https ? https_ : http_;
  return proxy && IsExcepted(url.host) ? kNone : proxy;
}

}  // namespace cohort::api_fetcher
