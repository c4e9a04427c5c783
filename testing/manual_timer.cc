#include "testing/manual_timer.h"

#include <algorithm>

namespace cohort {

Timer::TimePoint ManualTimer::now() const {
  const std::lock_guard lock(mutex_);
  return TimePoint(std::chrono::nanoseconds(now_));
}

Timer::Id ManualTimer::call_at(TimePoint when, std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  const Key key(when.time_since_epoch() / std::chrono::nanoseconds(1), ++last_);
  functions_.emplace(key, std::move(function));
  return {key.first, key.second};
}

bool ManualTimer::remove(Id id) {
  decltype(functions_)::node_type removed;  // destroyed without the lock
  const std::lock_guard lock(mutex_);
  removed = functions_.extract({id.when, id.number});
  return !removed.empty();
}

void ManualTimer::advance(std::chrono::nanoseconds by) {
  std::unique_lock lock(mutex_);
  const std::int64_t end = now_ + by.count();
  while (!functions_.empty() && functions_.begin()->first.first <= end) {
    auto due = functions_.extract(functions_.begin());
    now_ = std::max(now_, due.key().first);
    lock.unlock();
    due.mapped()();
    due = {};  // what it holds may use this timer
    lock.lock();
  }
  now_ = std::max(now_, end);
}

std::size_t ManualTimer::pending() const {
  const std::lock_guard lock(mutex_);
  return functions_.size();
}

}  // namespace cohort
