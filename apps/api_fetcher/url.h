// URLs of http and https.
//
//   const Url url = ParseUrl("https://user:pw@Example.com/a b?q=1#top");
//   url.text()         // "https://example.com/a%20b?q=1": may be shown
//   url.origin()       // "https://example.com:443"
//   Resolve(url, "../c").text()  // "https://example.com/c"

#ifndef COHORT_APPS_API_FETCHER_URL_H_
#define COHORT_APPS_API_FETCHER_URL_H_

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::api_fetcher {

// what() quotes the text, without user and password, and says what would be right.
class UrlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Url {
  bool https = false;
  std::string host;          // in lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;    // always set
  std::string target = "/";  // path and query, ready for the request line
  std::string credentials;   // "user:password", decoded; never shown

  // As in a Host header: with brackets for IPv6, with the port unless it is the scheme's own.
  std::string authority() const;

  // "scheme://host:port": what limits of a host are counted by.
  std::string origin() const;

  // The whole, without credentials and fragment.
  std::string text() const;

  // Whether Authorization and cookies for one may go to the other.
  bool SameOrigin(const Url& other) const;
};

// Takes what people write: characters that a URL cannot have are percent-encoded, dot segments and
// the fragment removed; blanks at both ends are skipped. Throws UrlError where that is not an
// absolute URL of http or https.
Url ParseUrl(std::string_view text);

// Where a response of `base` with this Location header leads: to an absolute URL, or one relative
// to `base`. Has the credentials of `base` only at the same origin. Throws UrlError.
Url Resolve(const Url& base, std::string_view location);

// `text` with every byte encoded that has a meaning in URLs: the whole becomes one segment of a
// path or one value of a query.
std::string PercentEncode(std::string_view text);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_URL_H_
