// Future<T> and Promise<T>: the result of work that may still be going on.
//
// A `Future` is a shared handle, cheap to copy (one counted pointer), to a result that a task or a
// `Promise` will deliver: a value, an exception, or nothing because it was cancelled. The words and
// their meaning are those of Python's concurrent.futures; what differs is said below.
//
//   cohort::ThreadPoolExecutor pool;
//   cohort::Future<int> f = pool.submit(count_words, path);
//   f.add_done_callback([](const cohort::Future<int>& done) { progress.tick(); });
//   int words = f.result();             // blocks; rethrows what count_words threw
//
// T may be void, a reference (the task's result is then referred to, not copied), or a type that
// can only be moved.
//
// Life: a future and its result live as long as any handle does, also when the executor is gone. A
// default-made or moved-from handle is empty (`!valid()`); every other member then throws
// InvalidStateError.
//
// Threads: every member may be called from any thread at any time, on one handle or on many, but
// that a handle itself is a value like any other: assigning to it while another thread uses it is a
// race. `result()` by reference stays good until somebody moves the value out; so to move it out
// while another thread still reads it, or a when_all over the future copies it, is a race, too.
//
// Waiting: `result`, `exception` and `wait` block, by a short spin and then in the kernel, on the
// monotonic clock. In a task of a Cohort pool they never deadlock that pool: see
// docs/design/thread_pool.md.
//
// Cancelling is one atomic step that ends the future: from then on it is done for everybody, and
// all who wait are woken at once. (In Python, waiters hear of it only when a worker comes across
// the task.)

#ifndef COHORT_FUTURES_FUTURE_H_
#define COHORT_FUTURES_FUTURE_H_

#include <compare>
#include <cstddef>
#include <exception>
#include <functional>
#include <iosfwd>
#include <memory>
#include <type_traits>
#include <utility>

#include "futures/errors.h"
#include "futures/internal/core.h"
#include "futures/timeout.h"

namespace cohort {

// What a future is at one moment.
enum class FutureState { kPending, kRunning, kCancelled, kFinished };

std::ostream& operator<<(std::ostream& out, FutureState state);

namespace internal {

struct FutureAccess;

// Throws InvalidStateError for a handle that refers to nothing.
[[noreturn]] void ThrowEmpty(const char* what);

// Ends a wait that was not answered with a value: throws what there is to throw.
[[noreturn]] void ThrowTimeout(Timeout timeout);
[[noreturn]] void ThrowTaken();

FutureState PublicState(CoreState state) noexcept;
void Print(std::ostream& out, const CoreBase* core);

// What Promise<T>::set_result takes; for void, which has an overload without, a type with no value.
struct NoValue {
  NoValue() = delete;
};
template <typename T>
using ResultParameter = std::conditional_t<std::is_void_v<T>, NoValue, T>;

}  // namespace internal

template <typename T>
class Future {
  static_assert(!std::is_rvalue_reference_v<T> && !std::is_const_v<T>);
  static constexpr bool kIsVoid = std::is_void_v<T>;
  static constexpr bool kIsReference = std::is_reference_v<T>;

 public:
  using value_type = T;

  // What result() gives: a view of the value that stays with the future; void or the reference
  // itself for those.
  using const_result =
      std::conditional_t<kIsVoid || kIsReference, T, std::add_lvalue_reference_t<const T>>;

  Future() noexcept = default;

  bool valid() const noexcept { return static_cast<bool>(core_); }

  // True when the task will never run; also when it was cancelled before. False once it runs or
  // has ended. Runs the done callbacks on this thread.
  bool cancel() const {
    core("cancel");
    const internal::CoreRef<CoreType> kept = core_;  // a callback may drop this handle
    return kept->Cancel();
  }

  bool cancelled() const { return core("cancelled").state() == internal::CoreState::kCancelled; }
  bool running() const { return state() == FutureState::kRunning; }
  bool done() const { return core("done").done(); }

  // All of the above at one moment.
  FutureState state() const { return internal::PublicState(core("state").KnownState()); }

  // Blocks until done, or throws TimeoutError when the time is over (zero polls); the task goes on
  // then. Rethrows the task's exception; throws CancelledError where it was cancelled.
  //
  // On an rvalue the value is moved out: after `std::move(f).result()` it is gone for every handle,
  // and result() throws InvalidStateError. (Nothing is moved where T is void or a reference.)
  const_result result() const& { return Get(Timeout::forever()); }
  const_result result(Timeout timeout) const& { return Get(timeout); }
  T result() && { return Take(Timeout::forever()); }
  T result(Timeout timeout) && { return Take(timeout); }

  // Blocks likewise. Null where the task succeeded.
  std::exception_ptr exception(Timeout timeout = Timeout::forever()) const;

  // Calls f(Future<T>) exactly once: in the thread that completes or cancels the future, or here
  // and now when it is done. Callbacks run in the order in which they were added; but one that is
  // added while the completing thread still runs earlier ones runs at once. What one throws is
  // logged, and the rest still run. Never blocks.
  template <typename F>
  void add_done_callback(F f) const;

  // Asks the task to end: signals the std::stop_token that its callable took as its first
  // parameter, also before it begins. In a process, a task that takes none is ended by force, and
  // so is one that goes on; a call that waits for its moment or its turn is cancelled. False where
  // there is nothing to ask, or the task is done.
  bool request_stop() const { return core("request_stop").RequestStop(); }

  // A future of f(Future<T>)'s result, where f is called as a done callback is, with this future
  // done, so that its result() does not block. What f throws, and so what it lets out of result(),
  // is the new future's exception. Where f returns a Future<R>, the new one is its R, not a future
  // of a future. Cancelling the new one before this one is done means that f never runs; it does
  // not cancel this one.
  template <typename F>
  auto then(F f) const;

  // The same task.
  friend bool operator==(const Future&, const Future&) noexcept = default;

  // An order without a meaning, for std::set and the keys of std::map.
  friend std::strong_ordering operator<=>(const Future& a, const Future& b) noexcept {
    return std::compare_three_way()(a.core_.get(), b.core_.get());
  }

  template <typename H>
  friend H AbslHashValue(H h, const Future& future) {
    return H::combine(std::move(h), future.core_.get());
  }

  // "<Future state=pending>" and so on, for messages.
  friend std::ostream& operator<<(std::ostream& out, const Future& future) {
    internal::Print(out, future.core_.get());
    return out;
  }

 private:
  friend struct internal::FutureAccess;

  using CoreType = internal::Core<T>;

  explicit Future(internal::CoreRef<CoreType> core) noexcept : core_(std::move(core)) {}

  CoreType& core(const char* what) const {
    if (!core_) [[unlikely]]
      internal::ThrowEmpty(what);
    return *core_;
  }

  CoreType& Await(const char* what, Timeout timeout) const {
    CoreType& core = this->core(what);
    if (!core.done() && !core.Wait(Deadline::after(timeout))) internal::ThrowTimeout(timeout);
    return core;
  }

  const_result Get(Timeout timeout) const;
  T Take(Timeout timeout) const;

  internal::CoreRef<CoreType> core_;
};

// The producing side, for those who write executors and adapt callbacks. Can be moved, not copied.
// Dropped without a result, it completes its future with BrokenPromise: nothing waits for ever.
//
//   Promise<int> p;
//   on_reply([p = std::move(p)](int n) mutable { p.set_result(n); });
template <typename T>
class Promise {
 public:
  Promise() : core_(new internal::Core<T>(1)) {}
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&& other) noexcept {
    if (this != &other) {
      Break();
      core_ = std::move(other.core_);
    }
    return *this;
  }
  ~Promise() { Break(); }

  // As many handles as wanted, all to the same future.
  Future<T> future() const;

  // To be called before the work begins. True: the future is running now, and can no longer be
  // cancelled. False: it was cancelled; do not do the work. InvalidStateError when it runs or has
  // ended already.
  bool set_running_or_notify_cancel();

  // Completes the future, from pending or running; then runs its callbacks. InvalidStateError when
  // it has ended, which leaves the first result in place, or for an exception that is null.
  void set_result(internal::ResultParameter<T> value) requires(!std::is_void_v<T>);
  void set_result() requires std::is_void_v<T>;
  void set_exception(std::exception_ptr error);

 private:
  // With a reference: as soon as the future is done, whoever waited for it may drop this promise,
  // and so may a callback.
  internal::CoreRef<internal::Core<T>> Claim(const char* what);
  void Break() noexcept;

  internal::CoreRef<internal::Core<T>> core_;
};

// Called with each exception that nobody ever looked at: the last handle of a failed future went
// away and none had called result() or exception(), or a task given to post() threw. Returns the
// hook before it. Null restores the default, which writes one line to standard error. The hook runs
// on whichever thread dropped the future and must not throw. Thread-safe.
using UnobservedExceptionHook = std::function<void(std::exception_ptr)>;
UnobservedExceptionHook set_unobserved_exception_hook(UnobservedExceptionHook hook);

}  // namespace cohort

#include "futures/internal/future_impl.h"  // IWYU pragma: export

#endif  // COHORT_FUTURES_FUTURE_H_
