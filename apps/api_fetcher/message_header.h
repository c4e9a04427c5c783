// The header of the requests that are sent.

#ifndef COHORT_APPS_API_FETCHER_MESSAGE_HEADER_H_
#define COHORT_APPS_API_FETCHER_MESSAGE_HEADER_H_

#include <string>
#include <string_view>
#include <vector>

#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/request.h"
#include "apps/api_fetcher/url.h"
#include "httplib.h"

namespace cohort::api_fetcher {

// Prepared once for all requests of a run. Any number of threads may use one.
class MessageHeader {
 public:
  explicit MessageHeader(const SendOptions& send);

  // Of a request to `url`. `trusted`: that is the origin that the user has named; any other one, to
  // which a redirect leads, gets no credentials, no cookies, no Host header of the user's, and
  // nothing that is from a file.
  httplib::Headers For(const Request& request, const Url& url, bool trusted) const;

 private:
  void Add(const Header& header);
  bool HasName(std::string_view name) const;
  void AddMissing(httplib::Headers& to, const char* name, const std::string& value);

  httplib::Headers common_;  // for all, as they are
  httplib::Headers secret_;  // for trusted origins, as they are
  std::vector<Header> with_id_;
};

// The value of an Authorization header for "user:password".
std::string BasicAuthorization(std::string_view credentials);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_MESSAGE_HEADER_H_
