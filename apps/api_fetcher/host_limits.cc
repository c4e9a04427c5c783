#include "apps/api_fetcher/host_limits.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "pools/timer.h"

namespace cohort::api_fetcher {
namespace {

// Longer than between two starts of the same host, whose rate would otherwise begin anew.
HostLimits::Clock::duration KeptFor(const RateLimitOptions& options) {
  const double seconds =
      options.calls_per_second > 0 ? options.burst / options.calls_per_second : 0;
  // A year is as good as for ever, and can be added to any time.
  constexpr double kMost = 365 * 86'400;
  return std::chrono::ceil<HostLimits::Clock::duration>(
      std::chrono::duration<double>(std::clamp(seconds, 0.5, kMost)));
}

}  // namespace

std::string_view HostOf(std::string_view url) {
  const std::size_t begin = url.find("://");
  if (begin == std::string_view::npos) return url;
  return url.substr(0, url.find_first_of("/?", begin + 3));
}

HostLimits::Host* HostLimits::Hold(std::string_view url) {
  if (!limits_each() && !any_.load(std::memory_order_acquire)) return nullptr;
  const std::lock_guard lock(mutex_);
  const std::string_view name = HostOf(url);
  if (!limits_each() && !hosts_.contains(name)) return nullptr;
  Host& host = FindOrMake(name);
  ++host.posted;
  return &host;
}

void HostLimits::Post(std::string_view url, std::function<void()> work) {
  Host* const host = Hold(url);
  if (host == nullptr) return shared_.post(std::move(work));
  host->executor.post([host, work = std::move(work)] {
    work();
    --host->posted;
  });
}

Future<void> HostLimits::PostAfter(std::string_view url, Clock::duration delay,
                                   std::function<void()> work) {
  Host* const host = Hold(url);
  if (host == nullptr) return submit_after(shared_, delay, std::move(work));
  return submit_after(host->executor, delay, [host, work = std::move(work)] {
    work();
    --host->posted;
  });
}

void HostLimits::PauseUntil(std::string_view url, Clock::time_point when) {
  const std::lock_guard lock(mutex_);
  Host& host = FindOrMake(HostOf(url));
  host.paused_until = std::max(host.paused_until, when);
  host.executor.pause_until(host.paused_until);
}

HostLimits::Clock::duration HostLimits::PauseLeft(std::string_view url) const {
  if (!any_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(mutex_);
  const auto found = hosts_.find(HostOf(url));
  return found == hosts_.end() ? Clock::duration() : found->second->paused_until - Clock::now();
}

HostLimits::Host& HostLimits::FindOrMake(std::string_view host) {
  std::unique_ptr<Host>& entry = hosts_[host];
  if (!entry) entry = std::make_unique<Host>(shared_, of_each_);
  entry->last_used = Clock::now();
  any_.store(true, std::memory_order_release);
  return *entry;
}

bool HostLimits::IsIdle(const Host& host, Clock::time_point now) const {
  return host.posted == 0 && now > host.paused_until && now > host.last_used + KeptFor(of_each_);
}

void HostLimits::Sweep() {
  if (!any_.load(std::memory_order_acquire)) return;
  std::vector<std::unique_ptr<Host>> idle;  // ended without the lock
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  for (auto at = hosts_.begin(); at != hosts_.end();) {
    const auto here = at++;
    if (!IsIdle(*here->second, now)) continue;
    idle.push_back(std::move(here->second));
    hosts_.erase(here);
  }
  any_.store(!hosts_.empty(), std::memory_order_release);
}

void HostLimits::Cancel() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, host] : hosts_) {
    host->executor.shutdown({.wait = false, .cancel_futures = true});
  }
}

std::size_t HostLimits::size() const {
  const std::lock_guard lock(mutex_);
  return hosts_.size();
}

}  // namespace cohort::api_fetcher
