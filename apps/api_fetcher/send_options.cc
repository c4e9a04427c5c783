#include "apps/api_fetcher/send_options.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "apps/api_fetcher/url.h"
#include "apps/api_fetcher/values.h"
#include "apps/common/terminal.h"
#include "nlohmann/json.hpp"

namespace cohort::api_fetcher {
namespace {

constexpr char kId[] = "{id}";

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return absl::EqualsIgnoreCase(name, other); });
}

bool IsToken(std::string_view text) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool HasControls(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_iscntrl(c) && c != '\t'; });
}

std::string ReadAll(std::istream& in, const std::string& name) {
  std::ostringstream bytes;
  errno = 0;
  if (in.peek() != std::istream::traits_type::eof()) bytes << in.rdbuf();
  if (in.bad()) throw ValueError(absl::StrCat("cannot read ", name));
  return std::move(bytes).str();
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw ValueError(
        absl::StrCat("cannot open ", apps::Printable(path), ": ", std::strerror(errno)));
  }
  return ReadAll(in, apps::Printable(path));
}

// `text` is shown in messages only up to the colon.
Header ParseHeader(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = absl::StripAsciiWhitespace(text.substr(0, colon));
  if (colon == text.npos || !IsToken(name)) {
    throw ValueError("a header is a name, a colon and a value: write \"Accept: application/json\"");
  }
  const std::string_view value = absl::StripAsciiWhitespace(text.substr(colon + 1));
  if (HasControls(value)) {
    throw ValueError(absl::StrCat("the header ", name, " has control characters"));
  }
  if (IsOneOf(name, {"Content-Length", "Transfer-Encoding", "Connection", "TE", "Upgrade",
                     "Accept-Encoding", "Proxy-Authorization"})) {
    throw ValueError(absl::StrCat("the header ", name, " is set by this program: leave it out"));
  }
  return {std::string(name), std::string(value)};
}

std::vector<Header> ParseHeaderFile(const std::string& path) {
  std::vector<Header> headers;
  const std::string text = ReadFile(path);
  for (std::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    headers.push_back(ParseHeader(line));
    headers.back().secret = true;
  }
  return headers;
}

// Of a JSON string, without its quotes.
std::string JsonEscaped(std::string_view text) {
  using Json = nlohmann::json;
  const std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

BodyKind KindOf(std::string_view type) {
  type = absl::StripAsciiWhitespace(type.substr(0, type.find(';')));
  if (absl::EqualsIgnoreCase(type, "application/json") || absl::EndsWithIgnoreCase(type, "+json")) {
    return BodyKind::kJson;
  }
  const bool form = absl::EqualsIgnoreCase(type, "application/x-www-form-urlencoded");
  return form ? BodyKind::kForm : BodyKind::kText;
}

}  // namespace

std::string WithId(std::string_view text, std::string_view id) {
  return absl::StrReplaceAll(text, {{kId, id}});
}

std::string BodyOf(const SendOptions& send, std::string_view id) {
  if (!absl::StrContains(*send.body, kId)) return *send.body;
  switch (send.body_kind) {
    case BodyKind::kJson:
      return WithId(*send.body, JsonEscaped(id));
    case BodyKind::kForm:
      return WithId(*send.body, PercentEncode(id));
    case BodyKind::kText:
      break;
  }
  return WithId(*send.body, id);
}

bool UsesId(const SendOptions& send) {
  const auto uses = [](const Header& header) { return absl::StrContains(header.value, kId); };
  return std::any_of(send.headers.begin(), send.headers.end(), uses) ||
         (send.body && absl::StrContains(*send.body, kId));
}

std::string ParseMethod(std::string_view text) {
  const std::string upper = absl::AsciiStrToUpper(text);
  const std::string shown = absl::StrCat("\"", apps::Printable(text), "\" ");
  if (!IsToken(text)) throw ValueError(absl::StrCat(shown, "is no method: write GET or POST"));
  if (upper != text) {
    throw ValueError(absl::StrCat(shown, "is not in upper case, as methods are: write ", upper));
  }
  if (text == "CONNECT") throw ValueError(absl::StrCat(shown, "is only for proxies"));
  return upper;
}

std::vector<Header> ParseHeaders(const std::string& text) {
  if (text.starts_with('@')) return ParseHeaderFile(text.substr(1));
  Header header = ParseHeader(text);
  if (IsOneOf(header.name, {"Authorization", "Cookie"})) {
    throw ValueError(absl::StrCat(
        "every user of this machine can see command lines, so ", header.name,
        " does not belong there: use --bearer-env, --bearer-file, --cookie-env, --cookie-file or "
        "-H @FILE"));
  }
  return {std::move(header)};
}

std::string ReadData(const std::string& text) {
  if (text == "@-") return ReadAll(std::cin, "standard input");
  return text.starts_with('@') ? ReadFile(text.substr(1)) : text;
}

namespace {

std::string CheckedSecret(std::string_view text, std::string_view where) {
  text = absl::StripAsciiWhitespace(text);
  if (text.empty()) throw ValueError(absl::StrCat(where, " is empty"));
  if (HasControls(text)) {
    throw ValueError(absl::StrCat(where, " has control characters or several lines"));
  }
  return std::string(text);
}

}  // namespace

std::string SecretOfVariable(const std::string& name) {
  const std::string where = absl::StrCat("the environment variable ", apps::Printable(name));
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    throw ValueError(absl::StrCat(where, " is not set: the option takes the name of the variable"));
  }
  return CheckedSecret(value, where);
}

std::string SecretOfFile(const std::string& path) {
  return CheckedSecret(ReadFile(path), absl::StrCat("the file ", apps::Printable(path)));
}

void SetBody(std::string body, SendOptions& send) {
  const auto type = std::find_if(send.headers.begin(), send.headers.end(), [](const Header& h) {
    return absl::EqualsIgnoreCase(h.name, "Content-Type");
  });
  if (type != send.headers.end()) {
    send.body_kind = KindOf(type->value);
  } else {
    const std::string_view start = absl::StripLeadingAsciiWhitespace(body).substr(0, 1);
    const bool json = start == "{" || start == "[";
    send.body_kind = json ? BodyKind::kJson : BodyKind::kForm;
    send.headers.push_back(
        {"Content-Type", json ? "application/json" : "application/x-www-form-urlencoded"});
  }
  send.body = std::move(body);
}

}  // namespace cohort::api_fetcher
