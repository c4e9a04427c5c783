#include "apps/api_fetcher/retry_policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace cohort::api_fetcher {
namespace {

using std::chrono::milliseconds;

// Those that may be made twice with the effect of once (RFC 9110, 9.2.2).
bool IsIdempotent(std::string_view method) {
  constexpr std::array<std::string_view, 6> kIdempotent = {"GET", "HEAD",   "OPTIONS",
                                                           "PUT", "DELETE", "TRACE"};
  return std::find(kIdempotent.begin(), kIdempotent.end(), method) != kIdempotent.end();
}

bool IsPassing(int status) {
  constexpr std::array<int, 7> kPassing = {408, 425, 429, 500, 502, 503, 504};
  return std::find(kPassing.begin(), kPassing.end(), status) != kPassing.end();
}

double RandomShare() {
  thread_local absl::InsecureBitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

// Dates of HTTP: the one form that is in use and the two that are as old as it.
bool ParseDate(const std::string& text, absl::Time& time) {
  constexpr std::array<const char*, 3> kForms = {
      "%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
  return std::any_of(kForms.begin(), kForms.end(),
                     [&](const char* form) { return absl::ParseTime(form, text, &time, nullptr); });
}

std::string Seconds(milliseconds delay) { return absl::StrCat((delay.count() + 999) / 1000, " s"); }

}  // namespace

RetryPolicy::RetryPolicy(RetryOptions options, std::string_view method)
    : RetryPolicy(options, method, RandomShare, std::chrono::system_clock::now) {}

RetryPolicy::RetryPolicy(RetryOptions options, std::string_view method, Random random, Clock clock)
    : options_(options),
      repeatable_(options.all_methods || IsIdempotent(method)),
      random_(std::move(random)),
      clock_(std::move(clock)) {}

bool RetryPolicy::MayRetry(const Failure& failure) const {
  switch (failure.kind) {
    // The request has not been sent.
    case ErrorKind::kResolve:
    case ErrorKind::kConnect:
    case ErrorKind::kProxy:
      return true;
    case ErrorKind::kTimeout:
    case ErrorKind::kSend:
    case ErrorKind::kReceive:
    case ErrorKind::kShortBody:
      return repeatable_;
    case ErrorKind::kStatus:
      return repeatable_ && IsPassing(failure.status);
    default:
      return false;
  }
}

milliseconds RetryPolicy::Backoff(int attempt) const {
  // Doubles until the cap: the power alone could be too large for an integer.
  const double most = std::min(static_cast<double>(options_.cap.count()),
                               std::ldexp(static_cast<double>(options_.base.count()), attempt - 1));
  return milliseconds(std::llround(most * random_()));
}

RetryPolicy::Decision RetryPolicy::AfterServersDelay(milliseconds delay) const {
  if (delay <= options_.after_cap) return {.retry = true, .delay = delay, .hold_host = true};
  return {.why_not = absl::StrCat("the server asks to wait ", Seconds(delay), ", and ",
                                  Seconds(options_.after_cap),
                                  " are the most: --max-retry-after allows more")};
}

RetryPolicy::Decision RetryPolicy::Decide(const Failure& failure, int attempt) const {
  if (failure.stale && repeatable_) return {.retry = true, .counted = false};
  const bool retry = attempt <= options_.retries && MayRetry(failure);
  if (const auto delay = AskedFor(failure)) {
    if (retry) return AfterServersDelay(*delay);
    if (*delay <= options_.after_cap) return {.delay = *delay, .hold_host = true};
  }
  return retry ? Decision{.retry = true, .delay = Backoff(attempt)} : Decision{};
}

std::optional<milliseconds> RetryPolicy::AskedFor(const Failure& failure) const {
  if (failure.kind != ErrorKind::kStatus || !IsPassing(failure.status)) return std::nullopt;
  return ParseRetryAfter(failure.retry_after, clock_());
}

std::optional<milliseconds> ParseRetryAfter(std::string_view value,
                                            std::chrono::system_clock::time_point now) {
  // Longer than anyone waits, and with room for sums.
  constexpr std::int64_t kMostSeconds = 1'000'000'000;
  value = absl::StripAsciiWhitespace(value);
  if (value.empty()) return std::nullopt;
  if (std::all_of(value.begin(), value.end(), absl::ascii_isdigit)) {
    std::int64_t seconds = 0;
    if (!absl::SimpleAtoi(value, &seconds)) seconds = kMostSeconds;
    return std::chrono::seconds(std::min(seconds, kMostSeconds));
  }
  absl::Time date;
  if (!ParseDate(std::string(value), date)) return std::nullopt;
  const absl::Duration delay = date - absl::FromChrono(now);
  return absl::ToChronoMilliseconds(
      std::clamp(delay, absl::ZeroDuration(), absl::Seconds(kMostSeconds)));
}

}  // namespace cohort::api_fetcher
