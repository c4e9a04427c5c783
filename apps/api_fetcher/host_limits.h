// Limits of single hosts: how many requests at a time, how many a second, and pauses that a host
// has asked for.
//
// A host has an executor of its own, on top of the one that all share, only while it needs one: a
// run without such limits, whose servers ask for no pause, makes none.

#ifndef COHORT_APPS_API_FETCHER_HOST_LIMITS_H_
#define COHORT_APPS_API_FETCHER_HOST_LIMITS_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "futures/future.h"
#include "pools/rate_limited_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort::api_fetcher {

// Thread-safe. A host is "http://name:port", or any other text.
class HostLimits {
 public:
  using Shared = RateLimitedExecutor<ThreadPoolExecutor>;
  using Clock = std::chrono::steady_clock;

  // `shared` outlives it.
  HostLimits(Shared& shared, RateLimitOptions of_each) : shared_(shared), of_each_(of_each) {}
  HostLimits(const HostLimits&) = delete;
  HostLimits& operator=(const HostLimits&) = delete;

  // Cancel(), and waits for what has begun.
  ~HostLimits() { Cancel(); }

  // Calls `work` in a worker when it is the host's turn, and that of all hosts.
  void Post(std::string_view url, std::function<void()> work);

  // The same, `delay` from now; meanwhile no worker waits. The future is for cancel().
  Future<void> PostAfter(std::string_view url, Clock::duration delay, std::function<void()> work);

  // Starts nothing of the host before that moment.
  void PauseUntil(std::string_view url, Clock::time_point when);

  // How long the host, which `url` is of, is still to be left in peace; 0 or less: go on.
  Clock::duration PauseLeft(std::string_view url) const;

  // Forgets the hosts that have had nothing to do for some time.
  void Sweep();

  // Of all: what has not begun will not.
  void Cancel();

  std::size_t size() const;

 private:
  struct Host {
    Host(Shared& shared, RateLimitOptions options) : executor(shared, options) {}

    // What is posted holds the host by this number, not by a pointer: the executor waits for its
    // calls when it ends, and so must not end with the last of them.
    std::atomic<std::uint64_t> posted = 0;  // and not yet done; raised under mutex_
    Clock::time_point paused_until;         // guarded by mutex_
    Clock::time_point last_used;            // guarded by mutex_
    RateLimitedExecutor<Shared> executor;
  };

  // The host, with one more posted; null where it has no limits of its own.
  Host* Hold(std::string_view url);

  bool limits_each() const { return of_each_.calls_per_second > 0 || of_each_.max_concurrent > 0; }
  Host& FindOrMake(std::string_view host);  // with mutex_ held
  bool IsIdle(const Host& host, Clock::time_point now) const;

  Shared& shared_;
  const RateLimitOptions of_each_;

  std::atomic<bool> any_ = false;  // hosts_ is not empty
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, std::unique_ptr<Host>> hosts_;  // guarded by mutex_
};

// "http://name:port" of a correct URL, as far as it is written there.
std::string_view HostOf(std::string_view url);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_HOST_LIMITS_H_
