#include "pools/internal/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <string>

#include "futures/errors.h"
#include "pools/internal/no_room_wait.h"

namespace cohort::internal {
namespace {

// A thread that has started so many lets the timer's go on: it may be a user's, in a submit().
constexpr int kStartsInARow = 256;

const RateLimitOptions& Checked(const RateLimitOptions& options) {
  const double rate = options.calls_per_second;
  if (rate < 0 || std::isnan(rate)) {
    throw std::invalid_argument(
        "RateLimitOptions::calls_per_second must be above 0, or 0 for no limit, not " +
        std::to_string(rate));
  }
  if (options.burst < 1) {
    throw std::invalid_argument("RateLimitOptions::burst must be 1 or more, not " +
                                std::to_string(options.burst));
  }
  if (options.max_concurrent < 0) {
    throw std::invalid_argument(
        "RateLimitOptions::max_concurrent must be above 0, or 0 for no limit, not " +
        std::to_string(options.max_concurrent));
  }
  return options;
}

std::int64_t NanosecondsOf(Timer::TimePoint when) {
  return when.time_since_epoch() / std::chrono::nanoseconds(1);
}
Timer::TimePoint MomentOf(std::int64_t nanoseconds) {
  return Timer::TimePoint(std::chrono::nanoseconds(nanoseconds));
}

// What the calling thread is inside of.
RateLimiter::Inside*& Innermost() noexcept {
  static thread_local RateLimiter::Inside* innermost = nullptr;
  return innermost;
}

}  // namespace

RateLimiter::Inside::Inside(const RateLimiter& limiter) noexcept
    : limiter_(&limiter), before_(std::exchange(Innermost(), this)) {}

RateLimiter::Inside::~Inside() { Innermost() = before_; }

bool RateLimiter::IsInside() const noexcept {
  for (const Inside* each = Innermost(); each != nullptr; each = each->before_) {
    if (each->limiter_ == this) return true;
  }
  return false;
}

RateLimiter::RateLimiter(const RateLimitOptions& options)
    : timer_(options.timer != nullptr ? *options.timer : Timer::system()),
      max_concurrent_(Checked(options).max_concurrent),
      bucket_(options.calls_per_second, options.burst) {
  // So that the timer's thread is there when it is needed, in calls that cannot fail.
  timer_.remove(timer_.call_at(Timer::TimePoint::max(), [] {}));
}

RateLimiter::~RateLimiter() {
  if (timer_set_) timer_.remove(*timer_set_);
}

void RateLimiter::Add(Deferred& task, int priority) {
  CoreRef<CoreBase> core(&task.core());
  {
    const std::lock_guard lock(mutex_);
    if (is_closed_) throw Error("submit: cannot schedule new tasks after shutdown");
    waiting_[priority].push_back({std::move(core), &task});
    ++stats_.queued;
  }
  Pump();
}

void RateLimiter::PauseUntil(Timer::TimePoint when) {
  {
    const std::lock_guard lock(mutex_);
    paused_until_ = NanosecondsOf(when);
  }
  Pump();  // the pause may have become a shorter one
}

void RateLimiter::Pump() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (is_pumping_) return;  // whoever does looks once more before it ends
    is_pumping_ = true;
  }
  // The memory of what waits here is taken already: a bounded queue below has no say in it.
  const NoRoomWait unbounded;
  for (int starts = 0; starts < kStartsInARow; ++starts) {
    const std::optional<Waiting> next = NextToStart();
    if (!next) return;
    next->task->Start();
  }
  HandOver();
}

// None: nothing can start now, and this thread is no longer the one that pumps.
std::optional<RateLimiter::Waiting> RateLimiter::NextToStart() {
  const std::lock_guard lock(mutex_);
  while (DropCancelled() && HasTurn()) {
    if (std::optional<Waiting> next = ClaimFirst()) return next;
  }
  is_pumping_ = false;
  return std::nullopt;
}

// Whether the first call may start now. Sets the timer where time is all that is missing.
bool RateLimiter::HasTurn() {
  if (max_concurrent_ > 0 && slots_used_ >= max_concurrent_) {
    next_start_ = TokenBucket::Start::kAtOnce;
    return false;
  }
  if (!bucket_.is_limited() && paused_until_ == 0) return true;
  now_ = NanosecondsOf(timer_.now());
  const std::int64_t ready = std::max(bucket_.ready_at(), paused_until_);
  if (now_ >= ready) return true;
  // Only what waits for its token is late when its token has been there for a while.
  next_start_ =
      ready == paused_until_ ? TokenBucket::Start::kAtOnce : TokenBucket::Start::kHadWaited;
  SetTimer(ready);
  return false;
}

// Whether there is a call that waits.
bool RateLimiter::DropCancelled() {
  while (!waiting_.empty()) {
    std::deque<Waiting>& first = waiting_.begin()->second;
    while (!first.empty()) {
      if (!first.front().core->done()) return true;
      first.pop_front();
    }
    waiting_.erase(waiting_.begin());
  }
  next_start_ = TokenBucket::Start::kAtOnce;
  return false;
}

// None: it was cancelled at the last moment, and has taken nothing.
std::optional<RateLimiter::Waiting> RateLimiter::ClaimFirst() {
  std::deque<Waiting>& first = waiting_.begin()->second;
  Waiting claimed = std::move(first.front());
  first.pop_front();
  if (!claimed.task->Claim()) return std::nullopt;
  if (bucket_.is_limited()) bucket_.Take(now_, next_start_);
  next_start_ = TokenBucket::Start::kHadWaited;  // that of the next one, if it is there by now
  paused_until_ = 0;
  Link(*claimed.task);
  ++slots_used_;
  ++unsettled_;
  return claimed;
}

void RateLimiter::HandOver() noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_pumping_ = false;
    SetTimer(NanosecondsOf(timer_.now()));
  }
}

void RateLimiter::SetTimer(std::int64_t when) {
  if (timer_set_) {
    if (timer_set_for_ == when) return;
    timer_.remove(*timer_set_);
  }
  timer_set_for_ = when;
  timer_set_ = timer_.call_at(MomentOf(when), [weak = weak_from_this(), when] {
    const std::shared_ptr<RateLimiter> self = weak.lock();
    if (self == nullptr) return;
    {
      const std::lock_guard lock(self->mutex_);
      if (self->timer_set_for_ == when) self->timer_set_.reset();
    }
    self->Pump();
  });
}

void RateLimiter::Link(Deferred& task) noexcept {
  task.before = nullptr;
  task.after = started_;
  if (started_ != nullptr) started_->before = &task;
  started_ = &task;
  --stats_.queued;
  ++stats_.running;
}

void RateLimiter::Unlink(Deferred& task) noexcept {
  if (task.after != nullptr) task.after->before = task.before;
  (task.before != nullptr ? task.before->after : started_) = task.after;
  --stats_.running;
}

void RateLimiter::OnCancelled() noexcept {
  const std::lock_guard lock(mutex_);
  --stats_.queued;
  ++stats_.cancelled;
  settled_.notify_all();
}

void RateLimiter::OnEnded(Deferred& task, CoreState state) noexcept {
  const std::lock_guard lock(mutex_);
  Unlink(task);
  --slots_used_;
  ++(state == CoreState::kValue       ? stats_.succeeded
     : state == CoreState::kException ? stats_.failed
                                      : stats_.cancelled);
}

void RateLimiter::OnSettled() noexcept {
  const std::lock_guard lock(mutex_);
  --unsettled_;
  if (is_closed_) settled_.notify_all();
}

void RateLimiter::LendSlot() noexcept {
  {
    const std::lock_guard lock(mutex_);
    --slots_used_;
  }
  Pump();
}

void RateLimiter::TakeSlotBack() noexcept {
  const std::lock_guard lock(mutex_);
  ++slots_used_;
}

void RateLimiter::Shutdown(ShutdownOptions options) {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
  }
  if (options.cancel_futures) CancelAll();
  if (options.wait && !IsInside()) AwaitEnd();
}

// What waits, the last one first, so that none of them begins in the place of one before it; then
// what has been started, which the executor below may not have begun.
void RateLimiter::CancelAll() {
  std::vector<Waiting> all;
  {
    const std::lock_guard lock(mutex_);
    for (Deferred* each = started_; each != nullptr; each = each->after) {
      all.push_back({CoreRef<CoreBase>::Share(each->core()), each});
    }
    std::reverse(all.begin(), all.end());
    for (auto& [priority, calls] : waiting_) {
      std::move(calls.begin(), calls.end(), std::back_inserter(all));
    }
    waiting_.clear();
  }
  for (auto each = all.rbegin(); each != all.rend(); ++each) {
    if (!each->core->Cancel()) each->task->SignalStop();
  }
}

void RateLimiter::AwaitEnd() {
  // A pool whose thread this is puts another one in its place: what is waited for may need it.
  const BlockingScope blocking(Deadline::never());
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [this] { return stats_.queued == 0 && unsettled_ == 0; });
}

PoolStats RateLimiter::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

void SlotLoan::BeginBlocking(Deadline deadline) {
  if (before_ != nullptr) before_->BeginBlocking(deadline);
  limiter_.LendSlot();
}

void SlotLoan::EndBlocking() noexcept {
  limiter_.TakeSlotBack();
  if (before_ != nullptr) before_->EndBlocking();
}

}  // namespace cohort::internal
