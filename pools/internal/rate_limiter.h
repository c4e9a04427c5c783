// What RateLimitedExecutor does, whatever the executor below it: calls wait here for their turn.
//
// A call goes through
//
//   waiting_ ──Pump()──▶ started_ ──OnEnded()──▶ unsettled ──callbacks have run──▶ gone
//
// and one that is cancelled while it waits is dropped by the Pump() that comes across it.
//
// Invariants, under mutex_:
//   1. Calls start in the order of their priorities, equal ones in that of their coming. For that,
//      one thread at a time pumps, the one with the present `pump_`, and looks at everything anew
//      after each start. One that waits for a future meanwhile (in a callback, or in a call that
//      its executor makes in submit()) gives the pump up, and finds that out afterwards.
//   2. Whenever a call waits and nobody pumps, either a slot is missing, and whoever gives one back
//      pumps; or a token is, and a timer is set that does.
//   3. `slots_used_` counts the started calls that have neither ended nor lent their slot.
//   4. `waiting_` has stats_.queued calls that wait, and no more than about as many that were
//      cancelled; none where that is 0, and no timer is set then: the calls own the limiter.
//
// Code of users (arguments that are moved or encoded, callbacks) never runs under the mutex.

#ifndef COHORT_POOLS_INTERNAL_RATE_LIMITER_H_
#define COHORT_POOLS_INTERNAL_RATE_LIMITER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "futures/internal/blocking.h"
#include "futures/internal/core.h"
#include "futures/timeout.h"
#include "pools/executor.h"
#include "pools/internal/deferred_task.h"
#include "pools/internal/token_bucket.h"
#include "pools/rate_limit_options.h"
#include "pools/timer.h"

namespace cohort::internal {

class RateLimiter : public std::enable_shared_from_this<RateLimiter> {
 public:
  // Throws std::invalid_argument for what cannot be, and std::system_error where there is no thread
  // to be had for the timer.
  explicit RateLimiter(const RateLimitOptions& options);
  ~RateLimiter();

  // Takes over a reference to the task's core. Throws `Error` after Shutdown().
  void Add(Deferred& task, int priority);

  // Nothing starts before that moment.
  void PauseUntil(Timer::TimePoint when);

  // Never waits for itself: not on a thread that runs a call or a callback of this limiter.
  void Shutdown(ShutdownOptions options);

  // All but the workers.
  PoolStats Stats() const;

  int max_concurrent() const noexcept { return max_concurrent_; }

  // What a DeferredTask's owner is told.
  void OnCancelled() noexcept;
  void OnEnded(Deferred& task, CoreState state) noexcept;
  void AfterEnded() noexcept;
  void OnSettled() noexcept;

  // A started call waits for others and lends its slot meanwhile; and takes it back, even where
  // there is none to take.
  void LendSlot() noexcept;
  void TakeSlotBack() noexcept;

  // On the stack of a thread that runs a call or a callback of the limiter.
  class Inside {
   public:
    explicit Inside(const RateLimiter& limiter) noexcept;
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    friend class RateLimiter;
    const RateLimiter* const limiter_;
    Inside* const before_;
  };

 private:
  struct Waiting {
    CoreRef<CoreBase> core;
    Deferred* task;
  };

  using Queue = std::map<int, std::deque<Waiting>, std::greater<>>;
  class PumpWaits;

  bool IsInside() const noexcept;
  bool InForkedChild() const noexcept;
  void Pump() noexcept;
  void Pump(std::unique_lock<std::mutex> lock) noexcept;
  void Start(Waiting call, std::uint64_t pump) noexcept;
  std::optional<Waiting> NextToStart();
  void GiveUpPump(std::uint64_t pump) noexcept;
  bool DropCancelled();
  bool HasTurn();
  std::optional<Waiting> ClaimFirst();
  void ForgetTimer() noexcept;
  Queue TakeCancelled();
  void SetTimer(std::int64_t when);
  void Link(Deferred& task) noexcept;
  void Unlink(Deferred& task) noexcept;
  void CancelAll();
  void AwaitEnd();

  Timer& timer_;
  const int max_concurrent_;
  const std::uint64_t fork_generation_;

  mutable std::mutex mutex_;
  std::condition_variable settled_;

  // All guarded by mutex_.
  Queue waiting_;
  std::uint64_t cancelled_waiting_ = 0;  // in waiting_, about
  Deferred* started_ = nullptr;          // a list, the last one first
  TokenBucket bucket_;
  TokenBucket::Start next_start_ = TokenBucket::Start::kAtOnce;
  std::int64_t paused_until_ = 0;  // 0: not at all
  std::int64_t now_ = 0;           // as HasTurn() saw it, where there is a limit or a pause
  std::optional<Timer::Id> timer_set_;
  std::int64_t timer_set_for_ = 0;
  int slots_used_ = 0;
  std::uint64_t pump_ = 0;  // 0: nobody pumps
  std::uint64_t last_pump_ = 0;
  PoolStats stats_;

  // Become more, or true, under mutex_ only.
  std::atomic<std::uint64_t> unsettled_ = 0;  // started, and not all of their callbacks have run
  std::atomic<bool> is_closed_ = false;
};

// Around a call on a thread of this process. Calls that wait for other calls of the same limiter,
// in waits of this library, so never take all of its slots.
class SlotLoan final : public WaitScheduler {
 public:
  explicit SlotLoan(RateLimiter& limiter) noexcept
      : limiter_(limiter), before_(std::exchange(Current(), this)) {}
  ~SlotLoan() { Current() = before_; }
  SlotLoan(const SlotLoan&) = delete;
  SlotLoan& operator=(const SlotLoan&) = delete;

  bool RunAwaited(CoreBase& awaited) override;
  void BeginBlocking(Deadline deadline) override;
  void EndBlocking() noexcept override;

 private:
  RateLimiter& limiter_;
  WaitScheduler* const before_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_RATE_LIMITER_H_
