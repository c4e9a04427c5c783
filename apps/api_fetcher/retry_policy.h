// Whether and when a request that failed is made again.
//
//   const RetryPolicy policy({.retries = 3}, "GET");
//   const RetryPolicy::Decision decision = policy.Decide({.status = 503, .retry_after = "7"}, 1);
//   // decision.retry, decision.delay == 7 s, decision.hold_host

#ifndef COHORT_APPS_API_FETCHER_RETRY_POLICY_H_
#define COHORT_APPS_API_FETCHER_RETRY_POLICY_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "apps/api_fetcher/record.h"

namespace cohort::api_fetcher {

struct RetryOptions {
  int retries = 3;                               // after the first attempt
  std::chrono::milliseconds base{250};           // the mean of the first delay is half of that
  std::chrono::milliseconds cap{10'000};         // of a delay of ours
  std::chrono::milliseconds after_cap{120'000};  // of a delay that the server asks for
  bool all_methods = false;                      // also those that may do something twice
};

// How an attempt ended.
struct Failure {
  ErrorKind kind = ErrorKind::kStatus;
  int status = 0;                     // of kStatus
  std::string_view retry_after = "";  // the header
  bool stale = false;  // on a connection that was kept alive, before any byte of an answer
};

// Any number of threads may use one, provided that its functions allow that; the default ones do.
class RetryPolicy {
 public:
  using Random = std::function<double()>;  // from 0 to 1, without 1
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  struct Decision {
    bool retry = false;
    std::chrono::milliseconds delay{0};
    bool counted = true;       // false: a stale connection, which costs no retry
    bool hold_host = false;    // the server asked for the delay: nothing should go there meanwhile,
                               // whether there is a retry or not
    std::string why_not = "";  // where the server asks for more than is allowed
  };

  RetryPolicy(RetryOptions options, std::string_view method);
  RetryPolicy(RetryOptions options, std::string_view method, Random random, Clock clock);

  // After the attempt of that number, from 1 on; attempts that were not counted are not among them.
  // The caller counts stale connections: the second one of a request is an ordinary failure.
  //
  // A stale connection: at once. Otherwise, as long as there are retries left: no connection, for
  // every method; broken connections, timeouts and the statuses 408, 425, 429, 500, 502, 503 and
  // 504, for idempotent methods. The delay is what Retry-After says, exactly, or random between 0
  // and base * 2^(attempt-1), at most the cap. Without a retry, such a status with a Retry-After
  // within its cap is still one to hold the host for.
  Decision Decide(const Failure& failure, int attempt) const;

 private:
  bool MayRetry(const Failure& failure) const;
  std::optional<std::chrono::milliseconds> AskedFor(const Failure& failure) const;
  Decision AfterServersDelay(std::chrono::milliseconds delay) const;
  std::chrono::milliseconds Backoff(int attempt) const;

  RetryOptions options_;
  bool repeatable_;
  Random random_;
  Clock clock_;
};

// The delay that a Retry-After header asks for: seconds, or a date; 0 for one in the past. Nothing
// where it is neither.
std::optional<std::chrono::milliseconds> ParseRetryAfter(std::string_view value,
                                                         std::chrono::system_clock::time_point now);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_RETRY_POLICY_H_
