#include "testing/http_server/exchange.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cohort::http_server {
namespace {

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 404:
      return "Not Found";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Other";
  }
}

std::string Head(int status, const Headers& headers) {
  std::string head = StatusLine(status);
  for (const auto& [name, value] : headers) absl::StrAppend(&head, name, ": ", value, "\r\n");
  return head + "\r\n";
}

// Such an answer has neither a body nor a length.
bool IsBodiless(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

std::string StatusLine(int status) {
  return absl::StrCat("HTTP/1.1 ", status, " ", Reason(status), "\r\n");
}

Attempts::Attempt Attempts::Next(const std::string& target) {
  std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  Known& known = known_[target];
  const Clock::time_point before = std::exchange(known.last, now);
  return {++known.count, known.count == 1 ? Clock::duration(0) : now - before};
}

void Attempts::Forget() {
  std::lock_guard lock(mutex_);
  known_.clear();
}

Exchange::Exchange(const Request& request, Connection& connection, Attempts& attempts,
                   std::function<void()> done)
    : request_(request),
      connection_(connection),
      attempts_(attempts),
      done_(std::move(done)),
      keep_(!absl::EqualsIgnoreCase(request.Header("Connection"), "close")) {}

std::uint64_t Exchange::Number(std::size_t index, std::uint64_t otherwise) const {
  std::uint64_t number = otherwise;
  if (index + 1 < request_.parts.size() && !absl::SimpleAtoi(request_.parts[index + 1], &number)) {
    return otherwise;
  }
  return number;
}

void Exchange::Respond(int status, std::string_view body, Headers headers) {
  if (!IsBodiless(status)) headers.emplace_back("Content-Length", absl::StrCat(body.size()));
  if (!keep_) headers.emplace_back("Connection", "close");
  std::string answer = Head(status, headers);
  Done();
  // One write, so that a small answer is one packet.
  if (request_.method != "HEAD" && !IsBodiless(status)) answer += body;
  Write(answer);
}

void Exchange::RespondText(int status, std::string_view body, Headers headers) {
  headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  Respond(status, body, std::move(headers));
}

void Exchange::RespondJson(std::string_view body, Headers headers) {
  headers.emplace_back("Content-Type", "application/json");
  Respond(200, body, std::move(headers));
}

void Exchange::Done() {
  if (const auto done = std::exchange(done_, nullptr)) done();
}

void Exchange::WriteHead(int status, const Headers& headers) { Write(Head(status, headers)); }

}  // namespace cohort::http_server
