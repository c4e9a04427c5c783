// Which proxy a URL is asked for through.

#ifndef COHORT_APPS_API_FETCHER_PROXY_H_
#define COHORT_APPS_API_FETCHER_PROXY_H_

#include <optional>
#include <string>
#include <vector>

#include "apps/api_fetcher/url.h"

namespace cohort::api_fetcher {

// Any number of threads may ask one.
class ProxySettings {
 public:
  ProxySettings() = default;  // none

  // Those of the environment: http_proxy (in lower case only, as HTTP_PROXY is what a CGI server
  // makes of a header), https_proxy, all_proxy and no_proxy, which in upper case count as well.
  // Throws UrlError for one that is no URL of http.
  static ProxySettings FromEnvironment();

  // The proxy for `url`, maybe with credentials; nothing: go there directly.
  const std::optional<Url>& For(const Url& url) const;

  bool empty() const { return !http_ && !https_; }

 private:
  bool IsExcepted(const std::string& host) const;

  std::optional<Url> http_;
  std::optional<Url> https_;
  std::vector<std::string> except_;  // in lower case, without leading dots; "*": all
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_PROXY_H_
