#include "apps/api_fetcher/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::size_t kLongest = 64 * 1024;
constexpr std::size_t kQuoted = 200;

// What errors show of a URL. A password may have any character, "@" and "/" as well.
std::string Quoted(std::string_view text) {
  std::string shown;
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    const std::size_t scheme = text.substr(0, at).find("://");
    if (scheme != text.npos) shown = apps::Printable(text.substr(0, scheme + 3));
    shown += "***";
    text.remove_prefix(at);
  }
  shown += apps::Printable(text.substr(0, kQuoted));
  return absl::StrCat("\"", shown, text.size() > kQuoted ? "..." : "", "\"");
}

// A URL in the making; errors quote the whole.
class Parser {
 public:
  explicit Parser(std::string_view whole) : whole_(whole), rest_(whole) {}

  Url Parse();

 private:
  [[noreturn]] void Fail(std::string_view what) const {
    throw UrlError(absl::StrCat(Quoted(whole_), " ", what));
  }

  // What exactly is wrong; nothing where that may be a part of a password.
  std::string Detail(std::string_view part) const {
    return absl::StrContains(whole_, '@') ? "" : absl::StrCat(": ", apps::Printable(part));
  }

  void CheckBytes() const;
  void TakeScheme();
  void TakeCredentials(std::string_view& authority);
  std::string_view CutHost(std::string_view& authority);
  void TakeAddress(std::string_view address);
  void TakeName(std::string_view name);
  void TakePort(std::string_view text);
  void TakeAuthority(std::string_view authority);

  std::string_view whole_;
  std::string_view rest_;
  Url url_;
};

constexpr char kHex[] = "0123456789ABCDEF";

void AppendEncoded(std::string& to, char c) {
  const auto byte = static_cast<unsigned char>(c);
  to += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// Whether paths and queries may have it as it is.
constexpr std::array<bool, 256> kTargetBytes = [] {
  std::array<bool, 256> allowed = {};
  for (char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-._~!$&'()*+,;=:@/?")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

bool IsEscape(std::string_view text) {
  return text.size() >= 3 && text[0] == '%' && absl::ascii_isxdigit(text[1]) &&
         absl::ascii_isxdigit(text[2]);
}

std::string Decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (IsEscape(text.substr(i)) && absl::SimpleHexAtoi(text.substr(i + 1, 2), &value)) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// The path without "." and "..", which a server would have to understand otherwise (RFC 3986,
// 5.2.4).
std::string WithoutDots(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t next = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(1, next - 1);
    const bool last = next == path.size();
    if (segment == "..") out.resize(out.rfind('/') == out.npos ? 0 : out.rfind('/'));
    if (segment != "." && segment != "..") {
      absl::StrAppend(&out, "/", segment);
    } else if (last) {
      out += '/';
    }
    path.remove_prefix(next);
  }
  return out;
}

// `text` begins with the path, or with "?" where there is none.
std::string MakeTarget(std::string_view text) {
  text = text.substr(0, text.find('#'));
  std::string target;
  target.reserve(text.size() + 1);
  if (!text.starts_with('/')) target += '/';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && kTargetBytes[static_cast<unsigned char>(text[plain])]) ++plain;
    target += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    IsEscape(text) ? target.push_back('%') : AppendEncoded(target, text[0]);
    text.remove_prefix(1);
  }
  const std::size_t query = std::min(target.find('?'), target.size());
  if (std::string_view(target).substr(0, query).find("/.") == std::string::npos) return target;
  return WithoutDots(std::string_view(target).substr(0, query)) + target.substr(query);
}

void Parser::CheckBytes() const {
  if (whole_.empty()) throw UrlError("the URL is empty");
  if (whole_.size() > kLongest) {
    Fail(absl::StrCat("is too long: ", whole_.size(), " bytes, and ", kLongest, " are the most"));
  }
  const auto is_control = [](unsigned char c) { return absl::ascii_iscntrl(c); };
  if (std::any_of(whole_.begin(), whole_.end(), is_control)) {
    Fail("has control characters: encode them, as %09 for a tab");
  }
}

void Parser::TakeScheme() {
  if (absl::StartsWithIgnoreCase(rest_, "https://")) {
    url_.https = true;
    rest_.remove_prefix(8);
  } else if (absl::StartsWithIgnoreCase(rest_, "http://")) {
    rest_.remove_prefix(7);
  } else if (rest_.substr(0, rest_.find_first_of("/?#")).ends_with(':') &&
             rest_.find("://") != rest_.npos) {
    Fail("is neither http nor https, and there is nothing else here");
  } else {
    Fail("is not a URL: it has to begin with http:// or https://");
  }
}

void Parser::TakeCredentials(std::string_view& authority) {
  const std::size_t at = authority.rfind('@');
  if (at == authority.npos) return;
  url_.credentials = Decoded(authority.substr(0, at));
  if (std::any_of(url_.credentials.begin(), url_.credentials.end(), absl::ascii_iscntrl)) {
    Fail("has control characters in user and password");
  }
  if (url_.credentials.find(':') == std::string::npos) url_.credentials += ':';
  authority.remove_prefix(at + 1);
}

// The host; what is left is empty or begins with ":".
std::string_view Parser::CutHost(std::string_view& authority) {
  std::size_t end = 0;
  if (authority.starts_with('[')) {
    end = authority.find(']');
    if (end == authority.npos) Fail("has an IPv6 address without ]");
    ++end;
  } else {
    end = std::min(authority.find(':'), authority.size());
  }
  const std::string_view host = authority.substr(0, end);
  authority.remove_prefix(end);
  return host;
}

void Parser::TakeAddress(std::string_view address) {
  url_.host = absl::AsciiStrToLower(address);
  in6_addr parsed;
  if (inet_pton(AF_INET6, url_.host.c_str(), &parsed) != 1) {
    Fail(absl::StrCat("has no IPv6 address between [ and ]", Detail(address)));
  }
}

void Parser::TakeName(std::string_view name) {
  if (name.empty()) Fail("has no host");
  url_.host = absl::AsciiStrToLower(name);
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  };
  const auto wrong = std::find_if_not(name.begin(), name.end(), allowed);
  if (wrong != name.end()) {
    const std::string_view remedy =
        absl::ascii_isascii(*wrong) ? "" : "; write the name in its xn-- form";
    Fail(absl::StrCat("has a host with characters that no name has", Detail(name), remedy));
  }
  if (name.size() > 253 || name.starts_with('.') || absl::StrContains(name, "..")) {
    Fail("has a host that is no name: it is too long, or a part of it is empty");
  }
}

void Parser::TakePort(std::string_view text) {
  url_.port = url_.https ? 443 : 80;
  if (text.empty() || text == ":") return;
  text.remove_prefix(1);
  int port = 0;
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &port) || port < 1 || port > 65535) {
    Fail("has a wrong port: ports are numbers from 1 to 65535");
  }
  url_.port = static_cast<std::uint16_t>(port);
}

void Parser::TakeAuthority(std::string_view authority) {
  // Some readers take it for a slash, and so another part for the host.
  if (authority.find('\\') != authority.npos) Fail("has a backslash before the path");
  TakeCredentials(authority);
  const std::string_view host = CutHost(authority);
  if (host.starts_with('[')) {
    TakeAddress(host.substr(1, host.size() - 2));
  } else {
    TakeName(host);
  }
  if (!authority.empty() && authority[0] != ':') Fail("has something between ] and the path");
  TakePort(authority);
}

Url Parser::Parse() {
  CheckBytes();
  TakeScheme();
  const std::size_t end = std::min(rest_.find_first_of("/?#"), rest_.size());
  TakeAuthority(rest_.substr(0, end));
  url_.target = MakeTarget(rest_.substr(end));
  return std::move(url_);
}

// Whether `text` is absolute: "scheme:...".
bool HasScheme(std::string_view text) {
  const std::size_t end = text.find_first_of(":/?#");
  return end != text.npos && end > 0 && text[end] == ':' && absl::ascii_isalpha(text[0]);
}

// `reference` without a host, below `base`.
std::string JoinTarget(const Url& base, std::string_view reference) {
  if (reference.starts_with('/')) return std::string(reference);
  const std::string_view path = std::string_view(base.target).substr(0, base.target.find('?'));
  if (reference.empty() || reference[0] == '#') return base.target;
  if (reference[0] == '?') return absl::StrCat(path, reference);
  return absl::StrCat(path.substr(0, path.rfind('/') + 1), reference);
}

}  // namespace

std::string Url::authority() const {
  const bool is_address = host.find(':') != std::string::npos;
  std::string text = is_address ? absl::StrCat("[", host, "]") : host;
  if (port != (https ? 443 : 80)) absl::StrAppend(&text, ":", port);
  return text;
}

std::string Url::origin() const {
  const bool is_address = host.find(':') != std::string::npos;
  return absl::StrCat(https ? "https://" : "http://", is_address ? "[" : "", host,
                      is_address ? "]:" : ":", port);
}

std::string Url::text() const {
  return absl::StrCat(https ? "https://" : "http://", authority(), target);
}

bool Url::SameOrigin(const Url& other) const {
  return std::tie(https, port, host) == std::tie(other.https, other.port, other.host);
}

Url ParseUrl(std::string_view text) { return Parser(absl::StripAsciiWhitespace(text)).Parse(); }

Url Resolve(const Url& base, std::string_view location) {
  location = absl::StripAsciiWhitespace(location);
  if (HasScheme(location)) {
    Url url = ParseUrl(location);
    if (url.credentials.empty() && url.SameOrigin(base)) url.credentials = base.credentials;
    return url;
  }
  if (location.starts_with("//")) {
    return Resolve(base, absl::StrCat(base.https ? "https:" : "http:", location));
  }
  Url url = ParseUrl(absl::StrCat(base.https ? "https://" : "http://", base.authority(),
                                  JoinTarget(base, location)));
  url.credentials = base.credentials;
  return url;
}

std::string PercentEncode(std::string_view text) {
  // On their own these would be understood as steps in the path.
  if (text == ".") return "%2E";
  if (text == "..") return "%2E%2E";
  std::string encoded;
  encoded.reserve(text.size());
  for (char c : text) {
    if (IsUnreserved(c)) {
      encoded += c;
    } else {
      AppendEncoded(encoded, c);
    }
  }
  return encoded;
}

}  // namespace cohort::api_fetcher
