// Any text as a URL, a template and a Location: it is refused, or what comes out is clean.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "apps/api_fetcher/url.h"
#include "apps/api_fetcher/url_template.h"

namespace cohort::api_fetcher {
namespace {

void Expect(bool condition) {
  if (!condition) std::abort();
}

// Only what a request line can have, and what is parsed to itself.
void Check(const Url& url) {
  Expect(url.target.starts_with('/') && !url.host.empty() && url.port > 0);
  for (char c : url.text()) Expect(c > ' ' && c < 0x7f && c != '"' && c != '#');
  const Url again = ParseUrl(url.text());
  Expect(again.text() == url.text() && again.origin() == url.origin() && again.SameOrigin(url));
}

void CheckUrl(std::string_view text) try { Check(ParseUrl(text)); } catch (const UrlError&) {
}

void CheckLocation(std::string_view text) try {
  const Url base = ParseUrl("http://me:secret@host/a/b?c");
  const Url url = Resolve(base, text);
  Check(url);
  Expect(url.SameOrigin(base) || url.credentials != base.credentials);
} catch (const UrlError&) {
}

// An id changes neither the host nor the number of segments.
void CheckIdIsData(std::string_view id) {
  const UrlTemplate url("http://host/a/{id}/b?c={id}");
  const std::string made = url.Make(id, 0).url;
  const std::string_view path = std::string_view(made).substr(0, made.find('?'));
  Expect(path.starts_with("http://host/a/") && path.ends_with("/b"));
  Expect(path.substr(14, path.size() - 16).find('/') == path.npos);
}

void CheckTemplate(std::string_view text) try {
  const UrlTemplate url(text);
  for (std::uint64_t number : {std::uint64_t{0}, url.count() - 1}) {
    Check(ParseUrl(url.Make("1", number).url));
  }
} catch (const std::runtime_error&) {
}

}  // namespace
}  // namespace cohort::api_fetcher

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cohort::api_fetcher::CheckUrl(text);
  cohort::api_fetcher::CheckLocation(text);
  cohort::api_fetcher::CheckTemplate(text);
  if (size <= 4096) cohort::api_fetcher::CheckIdIsData(text);
  return 0;
}
