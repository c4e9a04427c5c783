// Calls that begin later: submit_after and submit_at, for every executor.
//
//   ThreadPoolExecutor pool;
//   Future<Page> again = submit_after(pool, std::chrono::seconds(2), fetch, url);
//   Future<void> tick = submit_at(pool, steady_clock::now() + interval, [&] { publish(stats); });
//   tick.cancel();                             // as any task, until it has begun
//
// Until its moment a call takes memory and no thread: one timer thread, for the whole process,
// gives it to the executor then. It is never early; it is late by some ten microseconds, and by
// what the executor's queue takes. The clock is the monotonic one: a step of the wall clock changes
// nothing.
//
// The callable and its arguments are kept as decayed copies, as by submit(). What is wrong with
// them, or with the executor at that moment, is the future's error (but options that make no sense
// are std::invalid_argument at once, and a timer thread that cannot be started std::system_error):
// a call whose executor was shut down or destroyed meanwhile fails with `Error` at its moment.
// (This library's own executors may go while calls wait; one of another kind must outlive them.)
// For processes, the arguments are encoded at that moment: what a view looks at must last until
// then. request_stop() cancels a call that still waits.
//
// Threads: all may be called from any thread at any time. Nothing blocks; a pool with a bounded
// queue takes a call that is due without waiting for room. A done callback may run on the timer's
// thread (where the executor is gone, or has run the call already): it may wait for futures, but
// what it does else holds up other timers.

#ifndef COHORT_POOLS_TIMER_H_
#define COHORT_POOLS_TIMER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

#include "futures/timeout.h"
#include "pools/executor.h"
#include "pools/internal/deferred_task.h"

namespace cohort {

// The clock behind it, and what calls when it is time. Another one than the system's is for tests
// (see testing/manual_timer.h) and for whatever has a time of its own. Thread-safe.
class Timer {
 public:
  using Clock = std::chrono::steady_clock;
  using TimePoint = Clock::time_point;

  // A call that waits: its moment, and a number that tells calls of one moment apart.
  struct Id {
    std::int64_t when = 0;
    std::uint64_t number = 0;
    friend bool operator==(const Id&, const Id&) = default;
  };

  virtual ~Timer() = default;

  // One for the whole process, whose thread starts with the first call.
  static Timer& system();

  virtual TimePoint now() const = 0;

  // Calls `function` once, then or a little later, on the timer's thread. It must be short and must
  // not throw. Throws std::system_error where there is no thread to be had.
  virtual Id call_at(TimePoint when, std::function<void()> function) = 0;

  // Takes a call back. False: it is under way or has been made.
  virtual bool remove(Id id) = 0;
};

namespace internal {

// What a delayed call's node has of its timer.
struct TimerOwner {
  Timer* timer;
  Timer::Id id = {};

  void OnCancelled(Deferred& /*task*/) const noexcept { timer->remove(id); }
  void OnEnded(Deferred& /*task*/, CoreState /*state*/) const noexcept {}
  void AfterEnded() const noexcept {}
  std::nullptr_t AroundCallbacks() const noexcept { return nullptr; }
};

template <typename E, typename F, typename... Args>
auto SubmitAt(Timer& timer, E& executor, Timer::TimePoint when, TaskOptions options, F&& function,
              Args&&... args) {
  Check(options);
  using Call = DeferredCall<E, std::decay_t<F>, Kept<E, Args&&>...>;
  using R = DeferredResult<Call>;
  auto* const task = new DeferredTask<Call, TimerOwner>(
      TimerOwner{&timer}, ExecutorRef<E>(executor), std::move(options), std::forward<F>(function),
      std::forward<Args>(args)...);
  Future<R> future = FutureAccess::Make(CoreRef<Core<R>>(task));
  const CoreRef<Core<R>> waiting(task);
  task->owner().id = timer.call_at(when, [waiting, task] {
    if (task->Claim()) task->Start();
  });
  return future;
}

inline Timer::TimePoint After(Timer& timer, Timeout delay) {
  const Timer::TimePoint now = timer.now();
  const Timer::TimePoint last = Timer::TimePoint::max();
  return now < last - delay.duration() ? now + delay.duration() : last;
}

}  // namespace internal

// The call f(args...) is submitted to the executor at that moment; now, where that has passed. As
// submit(), both take TaskOptions before the callable:
//
//   submit_after(pool, 2s, {.name = "retry", .priority = 1}, fetch, url);
template <typename E, internal::NotOptions<TaskOptions> F, typename... Args>
auto submit_at(E& executor, Timer::TimePoint when, F&& function, Args&&... args) {
  return submit_at(executor, when, TaskOptions{}, std::forward<F>(function),
                   std::forward<Args>(args)...);
}
template <typename E, typename F, typename... Args>
auto submit_at(E& executor, Timer::TimePoint when, TaskOptions options, F&& function,
               Args&&... args) {
  return internal::SubmitAt(Timer::system(), executor, when, std::move(options),
                            std::forward<F>(function), std::forward<Args>(args)...);
}

// That much after now; zero and less is now. With Timeout::forever(), it only waits to be
// cancelled.
template <typename E, internal::NotOptions<TaskOptions> F, typename... Args>
auto submit_after(E& executor, Timeout delay, F&& function, Args&&... args) {
  return submit_after(executor, delay, TaskOptions{}, std::forward<F>(function),
                      std::forward<Args>(args)...);
}
template <typename E, typename F, typename... Args>
auto submit_after(E& executor, Timeout delay, TaskOptions options, F&& function, Args&&... args) {
  return submit_at(executor, internal::After(Timer::system(), delay), std::move(options),
                   std::forward<F>(function), std::forward<Args>(args)...);
}

// By a clock of one's own, which must outlive the calls that wait.
template <typename E, internal::NotOptions<TaskOptions> F, typename... Args>
auto submit_at(Timer& timer, E& executor, Timer::TimePoint when, F&& function, Args&&... args) {
  return internal::SubmitAt(timer, executor, when, TaskOptions{}, std::forward<F>(function),
                            std::forward<Args>(args)...);
}
template <typename E, typename F, typename... Args>
auto submit_at(Timer& timer, E& executor, Timer::TimePoint when, TaskOptions options, F&& function,
               Args&&... args) {
  return internal::SubmitAt(timer, executor, when, std::move(options), std::forward<F>(function),
                            std::forward<Args>(args)...);
}
template <typename E, internal::NotOptions<TaskOptions> F, typename... Args>
auto submit_after(Timer& timer, E& executor, Timeout delay, F&& function, Args&&... args) {
  return submit_at(timer, executor, internal::After(timer, delay), std::forward<F>(function),
                   std::forward<Args>(args)...);
}
template <typename E, typename F, typename... Args>
auto submit_after(Timer& timer, E& executor, Timeout delay, TaskOptions options, F&& function,
                  Args&&... args) {
  return submit_at(timer, executor, internal::After(timer, delay), std::move(options),
                   std::forward<F>(function), std::forward<Args>(args)...);
}

}  // namespace cohort

#endif  // COHORT_POOLS_TIMER_H_
