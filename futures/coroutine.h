// Coroutines: `co_await` a future, and `Task<T>`, a coroutine that ends in one.
//
//   Task<std::size_t> count(ThreadPoolExecutor& pool, std::string url) {
//     std::string page = co_await pool.submit(fetch, std::move(url));
//     co_return co_await pool.submit(count_words, std::move(page));
//   }
//   Future<std::size_t> words = count(pool, "...").start();
//
// `co_await future` suspends until the future is done and blocks no thread. It gives what result()
// gives: of an lvalue a reference to the value, of an rvalue the value itself; it throws what
// result() throws. The coroutine goes on in the thread that completed the future, as a done
// callback would, or without suspending where the future was done already. Works in any coroutine
// type that lets itself be resumed from another thread.
//
// `Task<T>` is lazy: nothing runs before start(), or before another task awaits it. A task that is
// dropped before is destroyed unrun. After start() it needs no handle: it ends itself, and the
// future has its result. As for every coroutine, what it refers to by reference or `this` (a lambda
// coroutine's captures, too) must outlive it; parameters by value are its own.

#ifndef COHORT_FUTURES_COROUTINE_H_
#define COHORT_FUTURES_COROUTINE_H_

#include <atomic>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

#include "futures/future.h"

namespace cohort {

template <typename T = void>
class Task;

namespace internal {

template <typename A>
inline constexpr bool kLeavesByItself = false;
template <typename T>
inline constexpr bool kLeavesByItself<Future<T>> = true;
template <typename T>
inline constexpr bool kLeavesByItself<Task<T>> = true;

// What the promise of a Task has, whatever its result.
class TaskPromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }

  // Suspends for good, and then: lets the task that awaits this one go on, or publishes the result
  // and destroys itself.
  struct FinalAwaiter {
    static bool await_ready() noexcept { return false; }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> self) noexcept {
      self.promise().Finish(self);
    }
    static void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }

  // Each co_await passes here. From then on somebody else may resume the coroutine; this library's
  // own awaiters know better when, and call Leave() then.
  template <typename A>
  A&& await_transform(A&& awaited) noexcept {
    if constexpr (!kLeavesByItself<std::remove_cvref_t<A>>) Leave();
    return std::forward<A>(awaited);
  }

  // The coroutine is about to suspend, so that it may go on outside of the Resume() that it is in;
  // Return() where it goes on in there after all.
  CoreBase** Leave() noexcept { return std::exchange(finished_, nullptr); }
  void Return(CoreBase** finished) noexcept { finished_ = finished; }

  // Resumes the coroutine. Where that finishes it and its future has continuations, returns the
  // future's core, with a reference, instead of running them within this call: see
  // Continuation::Run.
  static CoreBase* Resume(std::coroutine_handle<> handle, TaskPromiseBase& promise) noexcept {
    CoreBase* finished = nullptr;
    promise.finished_ = &finished;
    handle.resume();  // after which the promise may be gone
    return finished;
  }

 protected:
  // Where to leave the finished core, while the frame below is a Resume(); else null.
  CoreBase** finished_ = nullptr;
};

// The promise among `P` that a Task has, or null for other coroutines.
template <typename P>
TaskPromiseBase* TaskPromiseOf(std::coroutine_handle<P> handle) noexcept {
  if constexpr (std::is_base_of_v<TaskPromiseBase, P>) {
    return &handle.promise();
  } else {
    return nullptr;
  }
}

template <typename T>
class TaskPromise : public TaskPromiseBase {
 public:
  TaskPromise() = default;
  TaskPromise(const TaskPromise&) = delete;
  TaskPromise& operator=(const TaskPromise&) = delete;

  // Where something that it awaits destroys the coroutine instead of resuming it, the task never
  // ends: whoever waits for its future is told.
  ~TaskPromise() {
    if (core_ && !core_->done()) core_->FinishWithError(std::make_exception_ptr(BrokenPromise()));
  }

  Task<T> get_return_object() noexcept;

  void unhandled_exception() noexcept {
    core_->EmplaceError(std::current_exception());
    outcome_ = CoreState::kException;
  }

  Core<T>& Begin() {
    core_ = CoreRef<Core<T>>(new Core<T>(1));
    core_->TryStart();
    return *core_;
  }
  CoreRef<Core<T>> core() const noexcept { return core_; }

  // Runs the task for `awaiting`, until its end or its first suspension. False when it has ended:
  // then `awaiting` goes on at once. It is not resumed from within, nor by a symmetric transfer
  // (which compilers turn into a call when they do not optimise), so that a loop over tasks that do
  // not suspend needs no stack.
  template <typename P>
  bool RunFor(std::coroutine_handle<P> awaiting, std::coroutine_handle<> self) noexcept {
    awaiting_ = awaiting;
    awaiting_promise_ = TaskPromiseOf(awaiting);
    CoreBase** const finished = awaiting_promise_ != nullptr ? awaiting_promise_->Leave() : nullptr;
    self.resume();
    // Where it suspended, another thread may go on with both from here on.
    if (!second_.exchange(true, std::memory_order_acq_rel)) return true;
    if (awaiting_promise_ != nullptr) awaiting_promise_->Return(finished);
    return false;
  }

  void Finish(std::coroutine_handle<> self) noexcept {
    if (awaiting_) {
      core_->Publish(outcome_);  // nobody but the awaiting task knows of it
      if (second_.exchange(true, std::memory_order_acq_rel)) {
        // Within the Resume() of this one, if there is one: its end is then handed on likewise.
        if (awaiting_promise_ != nullptr) awaiting_promise_->Return(finished_);
        awaiting_.resume();
      }
      return;
    }
    CoreRef<Core<T>> core = std::move(core_);
    CoreBase** const finished = finished_;
    const CoreState outcome = outcome_;
    self.destroy();  // parameters and locals go before anybody hears of the result
    if (!core->Publish(outcome)) return;
    if (finished != nullptr) {
      *finished = core.release();
    } else {
      core->RunContinuations();
    }
  }

 protected:
  CoreRef<Core<T>> core_;
  CoreState outcome_ = CoreState::kValue;
  std::coroutine_handle<> awaiting_;
  TaskPromiseBase* awaiting_promise_ = nullptr;  // where that is a task, too
  // The first run came to its end or a suspension, or the task ended: whoever is second goes on.
  std::atomic<bool> second_{false};
};

template <typename T>
class TaskPromiseWithReturn : public TaskPromise<T> {
 public:
  // With a default, so that `co_return {1, 2}` makes a T.
  template <typename U = T>
  requires std::is_convertible_v<U&&, T>
  void return_value(U&& value) {
    if constexpr (std::is_reference_v<T>) {
      this->core_->Emplace(std::addressof(value));
    } else {
      this->core_->Emplace(std::forward<U>(value));
    }
  }
};

template <>
class TaskPromiseWithReturn<void> : public TaskPromise<void> {
 public:
  void return_void() { core_->Emplace(); }
};

// Resumes a coroutine when a future is done. Lives in the coroutine's frame. `kMove`: the result is
// moved out.
template <typename T, bool kMove>
class FutureAwaiter final : public Continuation {
 public:
  explicit FutureAwaiter(Future<T> future) : future_(std::move(future)) {}

  // A coroutine may be destroyed while it is suspended here.
  ~FutureAwaiter() {
    if (handle_) FutureAccess::CoreOf(future_, "co_await").Remove(*this);
  }

  bool await_ready() const { return future_.done(); }

  template <typename P>
  bool await_suspend(std::coroutine_handle<P> handle) noexcept {
    handle_ = handle;
    promise_ = TaskPromiseOf(handle);
    CoreBase** const finished = promise_ != nullptr ? promise_->Leave() : nullptr;
    // Where this succeeds, another thread may resume the coroutine and destroy this.
    if (FutureAccess::CoreOf(future_, "co_await").Add(*this)) return true;
    if (promise_ != nullptr) promise_->Return(finished);
    return false;
  }

  CoreBase* Run(CoreBase& /*done*/) noexcept override {
    if (promise_ != nullptr) return TaskPromiseBase::Resume(handle_, *promise_);
    handle_.resume();
    return nullptr;
  }

  decltype(auto) await_resume() {
    if constexpr (kMove) {
      return std::move(future_).result();
    } else {
      return std::as_const(future_).result();
    }
  }

 private:
  Future<T> future_;
  std::coroutine_handle<> handle_;
  TaskPromiseBase* promise_ = nullptr;
};

}  // namespace internal

template <typename T>
auto operator co_await(const Future<T>& future) {
  return internal::FutureAwaiter<T, false>(future);
}
template <typename T>
auto operator co_await(Future<T>&& future) {
  return internal::FutureAwaiter<T, true>(std::move(future));
}

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromiseWithReturn<T>;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Not started yet, and neither empty nor moved from.
  bool valid() const noexcept { return static_cast<bool>(handle_); }

  // Runs it on this thread up to the first suspension. The future counts as running from here on.
  // InvalidStateError when it was started before.
  Future<T> start() {
    if (handle_) handle_.promise().Begin();  // may throw; the task is then as it was
    const Handle handle = TakeHandle();
    Future<T> future = internal::FutureAccess::Make(handle.promise().core());
    handle.resume();
    return future;
  }

  // Awaiting a task runs it in place of the awaiting one and gives its result.
  auto operator co_await() && { return Awaiter(TakeHandle()); }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  friend class internal::TaskPromise<T>;

  class Awaiter {
   public:
    explicit Awaiter(Handle handle) noexcept : handle_(handle) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { handle_.destroy(); }

    bool await_ready() const noexcept { return false; }
    template <typename P>
    bool await_suspend(std::coroutine_handle<P> awaiting) {
      handle_.promise().Begin();
      // Where it returns true, another thread may have destroyed this meanwhile.
      return handle_.promise().RunFor(awaiting, handle_);
    }
    T await_resume() { return internal::FutureAccess::Make(handle_.promise().core()).result(); }

   private:
    const Handle handle_;
  };

  explicit Task(Handle handle) noexcept : handle_(handle) {}

  Handle TakeHandle() {
    if (!handle_) throw InvalidStateError("Task: it was started or moved from before");
    return std::exchange(handle_, {});
  }

  Handle handle_;
};

template <typename T>
Task<T> internal::TaskPromise<T>::get_return_object() noexcept {
  using Promise = TaskPromiseWithReturn<T>;
  return Task<T>(std::coroutine_handle<Promise>::from_promise(static_cast<Promise&>(*this)));
}

}  // namespace cohort

#endif  // COHORT_FUTURES_COROUTINE_H_
