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
  const std::lock_guard lock(mutex_);
  return functions_.erase({id.when, id.number}) > 0;
}

void ManualTimer::advance(std::chrono::nanoseconds by) {
  std::unique_lock lock(mutex_);
  const std::int64_t end = now_ + by.count();
  while (!functions_.empty() && functions_.begin()->first.first <= end) {
    const auto due = functions_.extract(functions_.begin());
    now_ = std::max(now_, due.key().first);
    lock.unlock();
    due.mapped()();
    lock.lock();
  }
  now_ = end;
}

std::size_t ManualTimer::pending() const {
  const std::lock_guard lock(mutex_);
  return functions_.size();
}

}  // namespace cohort
