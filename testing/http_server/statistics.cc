#include "testing/http_server/statistics.h"

#include <algorithm>

#include "nlohmann/json.hpp"

namespace cohort::http_server {
namespace {

using Clock = Statistics::Clock;

// Memory is bounded: what comes after that many is counted in the sums only.
constexpr std::size_t kMaxStarts = 4'000'000;
constexpr std::size_t kMaxTargets = 10'000;

// `starts` are in order.
std::uint64_t BusiestSecond(const std::vector<Clock::time_point>& starts) {
  std::size_t first = 0;
  std::size_t most = 0;
  for (std::size_t last = 0; last < starts.size(); ++last) {
    while (starts[last] - starts[first] >= std::chrono::seconds(1)) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

std::vector<std::uint64_t> StartsPerSecond(const std::vector<Clock::time_point>& starts) {
  std::vector<std::uint64_t> counts;
  for (const Clock::time_point start : starts) {
    const auto second = std::chrono::floor<std::chrono::seconds>(start - starts.front()).count();
    counts.resize(static_cast<std::size_t>(second) + 1);
    ++counts.back();
  }
  return counts;
}

}  // namespace

void Statistics::CountConnection() {
  std::lock_guard lock(mutex_);
  ++counts_.connections;
}

void Statistics::Begin(std::string_view target, std::string_view route, Clock::time_point now) {
  std::lock_guard lock(mutex_);
  ++counts_.requests;
  ++counts_.requests_by_route[std::string(route)];
  counts_.peak_concurrency = std::max(counts_.peak_concurrency, ++counts_.running);
  // Two threads may have taken the time in one order and the lock in the other.
  if (!starts_.empty()) now = std::max(now, starts_.back());
  if (starts_.size() < kMaxStarts) starts_.push_back(now);
  const auto known = requests_by_target_.find(target);
  if (known != requests_by_target_.end()) {
    ++known->second;
  } else if (requests_by_target_.size() < kMaxTargets) {
    requests_by_target_.emplace(target, 1);
  }
}

void Statistics::End() {
  std::lock_guard lock(mutex_);
  --counts_.running;
}

std::uint64_t Statistics::RequestsOf(std::string_view target) const {
  std::lock_guard lock(mutex_);
  const auto found = requests_by_target_.find(target);
  return found == requests_by_target_.end() ? 0 : found->second;
}

Statistics::Snapshot Statistics::Take() const {
  std::lock_guard lock(mutex_);
  Snapshot snapshot = counts_;
  snapshot.busiest_second = BusiestSecond(starts_);
  snapshot.starts_per_second = StartsPerSecond(starts_);
  return snapshot;
}

std::string Statistics::ToJson() const {
  const Snapshot snapshot = Take();
  const nlohmann::ordered_json json = {{"connections", snapshot.connections},
                                       {"requests", snapshot.requests},
                                       {"running", snapshot.running},
                                       {"peak_concurrency", snapshot.peak_concurrency},
                                       {"busiest_second", snapshot.busiest_second},
                                       {"starts_per_second", snapshot.starts_per_second},
                                       {"requests_by_route", snapshot.requests_by_route}};
  return json.dump(2) + "\n";
}

void Statistics::Reset() {
  std::lock_guard lock(mutex_);
  const std::uint64_t running = counts_.running;
  counts_ = {.running = running, .peak_concurrency = running};
  starts_.clear();
  requests_by_target_.clear();
}

}  // namespace cohort::http_server
