#include "pools/internal/rate_limiter.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <string>

#include "futures/errors.h"
#include "pools/internal/fork_generation.h"

namespace cohort::internal {
namespace {

// A thread that has started so many lets the timer's go on: it may be a user's, in a submit().
constexpr int kStartsInARow = 256;

// Fewer cancelled calls than this are not worth looking for.
constexpr std::uint64_t kCancelledKept = 64;

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
      fork_generation_(ForkGeneration()),
      bucket_(options.calls_per_second, options.burst) {
  // So that the timer's thread is there when it is needed: where that fails, it fails here.
  timer_.remove(timer_.call_at(Timer::TimePoint::max(), [] {}));
}

// No call waits: each has a reference. And so no timer is set.
RateLimiter::~RateLimiter() = default;

// The parent's threads, locks and timer are not there.
bool RateLimiter::InForkedChild() const noexcept { return fork_generation_ != ForkGeneration(); }

void RateLimiter::Add(Deferred& task, int priority) {
  CoreRef<CoreBase> core(&task.core());
  if (InForkedChild()) {
    throw Error("submit: the executor belongs to the parent process; make one in the child");
  }
  std::unique_lock lock(mutex_);
  if (is_closed_) throw Error("submit: cannot schedule new tasks after shutdown");
  waiting_[priority].push_back({std::move(core), &task});
  ++stats_.queued;
  Pump(std::move(lock));
}

void RateLimiter::PauseUntil(Timer::TimePoint when) {
  if (InForkedChild()) return;
  std::unique_lock lock(mutex_);
  paused_until_ = NanosecondsOf(when);
  // It may have become a shorter one.
  Pump(std::move(lock));
}

// On the stack of the thread that pumps, while it starts a call.
class RateLimiter::PumpWaits final : public WaitScheduler {
 public:
  PumpWaits(RateLimiter& limiter, std::uint64_t pump) noexcept
      : limiter_(limiter), pump_(pump), before_(std::exchange(Current(), this)) {}
  ~PumpWaits() { Current() = before_; }
  PumpWaits(const PumpWaits&) = delete;
  PumpWaits& operator=(const PumpWaits&) = delete;

  bool RunAwaited(CoreBase& awaited) override {
    limiter_.GiveUpPump(pump_);
    return before_ != nullptr && before_->RunAwaited(awaited);
  }
  void BeginBlocking(Deadline deadline) override {
    if (before_ != nullptr) before_->BeginBlocking(deadline);
    limiter_.GiveUpPump(pump_);
  }
  void EndBlocking() noexcept override {
    if (before_ != nullptr) before_->EndBlocking();
  }

 private:
  RateLimiter& limiter_;
  const std::uint64_t pump_;
  WaitScheduler* const before_;
};

void RateLimiter::Pump() noexcept {
  if (!InForkedChild()) Pump(std::unique_lock(mutex_));
}

// Takes the lock once for each start.
void RateLimiter::Pump(std::unique_lock<std::mutex> lock) noexcept {
  if (pump_ != 0) return;  // whoever pumps looks once more before it ends
  const std::uint64_t pump = pump_ = ++last_pump_;
  for (int starts = 0; starts < kStartsInARow; ++starts) {
    std::optional<Waiting> next = NextToStart();
    if (!next) {
      pump_ = 0;
      return;
    }
    lock.unlock();
    Start(*std::move(next), pump);
    lock.lock();
    if (pump_ != pump) return;
  }
  pump_ = 0;
  SetTimer(NanosecondsOf(timer_.now()));
}

void RateLimiter::Start(Waiting call, std::uint64_t pump) noexcept {
  const PumpWaits waits(*this, pump);
  call.task->Start();
  call.core = {};
}

void RateLimiter::GiveUpPump(std::uint64_t pump) noexcept {
  if (InForkedChild()) return;
  std::unique_lock lock(mutex_);
  if (pump_ != pump) return;
  pump_ = 0;
  Pump(std::move(lock));
}

// None: nothing can start now.
std::optional<RateLimiter::Waiting> RateLimiter::NextToStart() {
  while (DropCancelled() && HasTurn()) {
    if (std::optional<Waiting> next = ClaimFirst()) return next;
  }
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
      if (cancelled_waiting_ > 0) --cancelled_waiting_;
    }
    waiting_.erase(waiting_.begin());
  }
  cancelled_waiting_ = 0;
  next_start_ = TokenBucket::Start::kAtOnce;
  ForgetTimer();
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
  unsettled_.fetch_add(1, std::memory_order_relaxed);
  return claimed;
}

void RateLimiter::ForgetTimer() noexcept {
  if (timer_set_) timer_.remove(*timer_set_);
  timer_set_.reset();
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
  if (InForkedChild()) return;
  Queue dropped;  // without the lock
  const std::lock_guard lock(mutex_);
  --stats_.queued;
  ++stats_.cancelled;
  ++cancelled_waiting_;
  dropped = TakeCancelled();
  settled_.notify_all();
}

// Out of waiting_, where they are all that is there, or more than half of it.
RateLimiter::Queue RateLimiter::TakeCancelled() {
  if (stats_.queued > 0 && cancelled_waiting_ <= stats_.queued + kCancelledKept) return {};
  Queue all;
  all.swap(waiting_);
  cancelled_waiting_ = 0;
  if (stats_.queued == 0) {
    ForgetTimer();
    return all;
  }
  for (auto& [priority, calls] : all) {
    const auto waits = [](const Waiting& call) { return !call.core->done(); };
    std::copy_if(std::move_iterator(calls.begin()), std::move_iterator(calls.end()),
                 std::back_inserter(waiting_[priority]), waits);
  }
  return all;
}

void RateLimiter::OnEnded(Deferred& task, CoreState state) noexcept {
  const std::lock_guard lock(mutex_);
  Unlink(task);
  --slots_used_;
  ++(state == CoreState::kValue       ? stats_.succeeded
     : state == CoreState::kException ? stats_.failed
                                      : stats_.cancelled);
}

// Without a limit on how many run at a time nothing waits for an end.
void RateLimiter::AfterEnded() noexcept {
  if (max_concurrent_ > 0) Pump();
}

// Sequentially consistent, as is AwaitEnd() after Shutdown(): one of the two sees the other.
void RateLimiter::OnSettled() noexcept {
  if (unsettled_.fetch_sub(1, std::memory_order_seq_cst) > 1) return;
  if (!is_closed_.load(std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  settled_.notify_all();
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
  if (InForkedChild()) return;
  {
    const std::lock_guard lock(mutex_);
    is_closed_.store(true, std::memory_order_seq_cst);
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
    cancelled_waiting_ = 0;
  }
  const Inside inside(*this);  // for their callbacks
  for (auto each = all.rbegin(); each != all.rend(); ++each) {
    if (!each->core->Cancel()) each->task->SignalStop();
  }
}

void RateLimiter::AwaitEnd() {
  // A pool whose thread this is puts another one in its place: what is waited for may need it.
  const BlockingScope blocking(Deadline::never());
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [this] {
    return stats_.queued == 0 && unsettled_.load(std::memory_order_seq_cst) == 0;
  });
}

PoolStats RateLimiter::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// For a wait without an end. Lent first, so that the awaited call may start, and be run here.
bool SlotLoan::RunAwaited(CoreBase& awaited) {
  if (before_ == nullptr) return false;
  limiter_.LendSlot();
  bool ran = false;
  try {
    ran = before_->RunAwaited(awaited);
  } catch (...) {
    limiter_.TakeSlotBack();
    throw;
  }
  limiter_.TakeSlotBack();
  return ran;
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
