#include "testing/http_server/request.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace cohort::http_server {
namespace {

// More than this of header fields, or of a body, is refused.
constexpr std::size_t kLimit = 16 << 20;

std::string Decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t byte = 0;
    if (text[i] == '%' && absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string_view Find(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

// As a proxy gets it, a target has scheme and host: "http://host/path".
std::string_view WithoutOrigin(std::string_view target) {
  if (!absl::ConsumePrefix(&target, "http://")) return target;
  return target.substr(std::min(target.find('/'), target.size()));
}

void ParseTarget(Request& request) {
  const std::pair<std::string, std::string> halves =
      absl::StrSplit(WithoutOrigin(request.target), absl::MaxSplits('?', 1));
  for (std::string_view part : absl::StrSplit(halves.first, '/', absl::SkipEmpty())) {
    request.parts.push_back(Decoded(part));
  }
  for (std::string_view field : absl::StrSplit(halves.second, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(field, absl::MaxSplits('=', 1));
    request.query.emplace_back(Decoded(pair.first), Decoded(pair.second));
  }
}

// `head`: the request line and header fields, with the empty line at their end.
std::optional<Request> ParseHead(std::string_view head) {
  Request request;
  std::vector<std::string_view> lines = absl::StrSplit(head, "\r\n", absl::SkipEmpty());
  if (lines.empty()) return std::nullopt;
  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  if (words.size() != 3 || !absl::StartsWith(words[2], "HTTP/1.")) return std::nullopt;
  request.method = words[0];
  request.target = words[1];
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string_view, std::string_view> field =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request.headers.emplace_back(field.first, absl::StripAsciiWhitespace(field.second));
  }
  ParseTarget(request);
  return request;
}

}  // namespace

std::string_view Request::Header(std::string_view name) const { return Find(headers, name); }

std::string_view Request::Query(std::string_view name) const { return Find(query, name); }

bool RequestReader::ReadMore() {
  const std::string more = connection_.ReadSome();
  unread_ += more;
  return !more.empty() && unread_.size() <= kLimit;
}

std::optional<std::string> RequestReader::TakeThrough(std::string_view delimiter) {
  std::size_t found;
  while ((found = unread_.find(delimiter)) == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
  }
  return Take(found + delimiter.size());
}

std::optional<std::string> RequestReader::Take(std::size_t size) {
  if (size > kLimit) return std::nullopt;
  while (unread_.size() < size) {
    if (!ReadMore()) return std::nullopt;
  }
  std::string taken = unread_.substr(0, size);
  unread_.erase(0, size);
  return taken;
}

std::optional<std::string> RequestReader::TakeChunks() {
  std::string body;
  for (;;) {
    const std::optional<std::string> line = TakeThrough("\r\n");
    std::uint64_t size = 0;
    if (!line || !absl::SimpleHexAtoi(line->substr(0, line->size() - 2), &size)) {
      return std::nullopt;
    }
    const std::optional<std::string> chunk = Take(size);
    if (!chunk || !Take(2)) return std::nullopt;
    if (size == 0) return body;
    body += *chunk;
  }
}

std::optional<std::string> RequestReader::TakeBody(const Request& request) {
  if (absl::EqualsIgnoreCase(request.Header("Transfer-Encoding"), "chunked")) return TakeChunks();
  const std::string_view length = request.Header("Content-Length");
  std::size_t size = 0;
  if (!length.empty() && !absl::SimpleAtoi(length, &size)) return std::nullopt;
  return Take(size);
}

std::optional<Request> RequestReader::Next() {
  const std::optional<std::string> head = TakeThrough("\r\n\r\n");
  if (!head) return std::nullopt;
  std::optional<Request> request = ParseHead(*head);
  if (!request) return std::nullopt;
  std::optional<std::string> body = TakeBody(*request);
  if (!body) return std::nullopt;
  request->body = *std::move(body);
  return request;
}

}  // namespace cohort::http_server
