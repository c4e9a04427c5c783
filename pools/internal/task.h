// The nodes that executors queue: a call with its arguments, in one allocation with its future.

#ifndef COHORT_POOLS_INTERNAL_TASK_H_
#define COHORT_POOLS_INTERNAL_TASK_H_

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "futures/future.h"
#include "futures/internal/core.h"
#include "pools/executor.h"
#include "pools/internal/executor_registry.h"
#include "pools/internal/timer_queue.h"
#include "pools/observer.h"

namespace cohort::internal {

// What an observer hears of a task.
struct TaskRecord {
  uint64_t id;
  std::string name;
  std::chrono::steady_clock::time_point queued;

  ObservedTask Observed() const { return {id, name, queued}; }
};

// F can be called with these arguments, alone or after a std::stop_token. The second is only looked
// at where the first is false: to ask whether `[](auto... n) { return (n + ...); }` takes a token
// is an error in its body.
template <typename F, typename... Args>
inline constexpr bool kCanCall = std::disjunction_v<std::is_invocable<F, Args...>,
                                                    std::is_invocable<F, std::stop_token, Args...>>;

// Whether a call of F with these arguments is given a std::stop_token first: where it takes one,
// and not just because it takes anything, as `[](auto...)` does. (What can be called without one as
// well is asked only if its operator() is not a template.)
template <typename F, typename... Args>
consteval bool TakesStopToken() {
  if constexpr (!std::is_invocable_v<F, Args...> ||
                requires { &std::remove_reference_t<F>::operator(); }) {
    return std::is_invocable_v<F, std::stop_token, Args...>;
  } else {
    return false;
  }
}
template <typename F, typename... Args>
inline constexpr bool kTakesStopToken = TakesStopToken<F, Args...>();

template <bool kStop, typename F, typename... Args>
struct CallResult {
  using type = std::invoke_result_t<F, Args...>;
};
template <typename F, typename... Args>
struct CallResult<true, F, Args...> {
  using type = std::invoke_result_t<F, std::stop_token, Args...>;
};

// The T of the Future<T> that submitting F with these (decayed) arguments gives.
template <typename F, typename... Args>
using TaskResult = ResultOf<typename CallResult<kTakesStopToken<F, Args...>, F, Args...>::type>;

// A callable and copies of its arguments, called once.
template <typename F, typename... Args>
class PlainCall {
 public:
  template <typename G, typename... Given>
  explicit PlainCall(G&& function, Given&&... arguments)
      : function_(std::forward<G>(function)), arguments_(std::forward<Given>(arguments)...) {}

  decltype(auto) operator()() {
    return std::apply(
        [this](Args&... arguments) -> decltype(auto) {
          return std::invoke(std::move(function_), std::move(arguments)...);
        },
        arguments_);
  }

 private:
  [[no_unique_address]] F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
};

// What signals the stop token of a call, besides request_stop().
struct StopSignals {
  std::stop_token executor;      // when the executor cancels what runs
  Timeout timeout;               // this long after the start
  TimerQueue* timers = nullptr;  // where there is a timeout
};

// The same for a callable that takes a std::stop_token first.
template <typename F, typename... Args>
class StoppableCall {
 public:
  template <typename G, typename... Given>
  explicit StoppableCall(StopSignals signals, std::stop_source source, G&& function,
                         Given&&... arguments)
      : signals_(std::move(signals)),
        source_(std::move(source)),
        function_(std::forward<G>(function)),
        arguments_(std::forward<Given>(arguments)...) {}

  decltype(auto) operator()() {
    const auto stop = [source = source_]() mutable { source.request_stop(); };
    const std::stop_callback on_executor_stop(signals_.executor, stop);
    const ScopedTimer timer(signals_.timers, signals_.timeout, stop);
    return std::apply(
        [this](Args&... arguments) -> decltype(auto) {
          return std::invoke(std::move(function_), source_.get_token(), std::move(arguments)...);
        },
        arguments_);
  }

 private:
  StopSignals signals_;
  std::stop_source source_;
  [[no_unique_address]] F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
};

// A task with a future. One reference for the handle, one for the queue.
template <typename R, typename Call>
class FutureTask : public Core<R> {
 public:
  template <typename... Parts>
  FutureTask(uint32_t executor_id, std::unique_ptr<TaskRecord> record, Parts&&... parts)
      : Core<R>(2, executor_id), record_(std::move(record)) {
    std::construct_at(&call_, std::forward<Parts>(parts)...);
  }
  ~FutureTask() override {
    if (this->state() == CoreState::kPending) std::destroy_at(&call_);  // never queued
  }

  CoreState Invoke() noexcept final {
    const CoreState outcome = this->EmplaceResultOf([this]() -> decltype(auto) { return call_(); });
    std::destroy_at(&call_);
    return outcome;
  }

  const TaskRecord* record() const noexcept final { return record_.get(); }

 private:
  void AbandonCall() noexcept final { std::destroy_at(&call_); }
  void OnCancelled() noexcept final {
    std::destroy_at(&call_);
    RegisteredExecutor::NotifyCancelled(this->executor_id());
  }

  const std::unique_ptr<TaskRecord> record_;
  // Gone as soon as it has run or never will.
  union {
    Call call_;
  };
};

// The same with a stop token, whose source is kept beside the call: request_stop() may come while
// the call is being destroyed.
template <typename R, typename Call>
class StoppableFutureTask final : public FutureTask<R, Call> {
 public:
  template <typename... Parts>
  StoppableFutureTask(uint32_t executor_id, std::unique_ptr<TaskRecord> record, StopSignals signals,
                      std::stop_source source, Parts&&... parts)
      : FutureTask<R, Call>(executor_id, std::move(record), std::move(signals), source,
                            std::forward<Parts>(parts)...),
        source_(std::move(source)) {}

  bool RequestStop() noexcept override {
    if (this->done()) return false;
    source_.request_stop();
    return true;
  }

 private:
  std::stop_source source_;
};

// A call that nobody has a future of.
template <typename Call>
class PostedTask final : public Runnable {
 public:
  template <typename... Parts>
  PostedTask(uint32_t executor_id, std::unique_ptr<TaskRecord> record, Parts&&... parts)
      : executor_id_(executor_id), record_(std::move(record)) {
    std::construct_at(&call_, std::forward<Parts>(parts)...);
  }
  ~PostedTask() override {
    if (!has_run_) std::destroy_at(&call_);
  }

  bool Begin() noexcept override { return true; }
  CoreState Invoke() noexcept override {
    CoreState outcome = CoreState::kValue;
    try {
      static_cast<void>(call_());
    } catch (...) {
      ReportUnobserved(std::current_exception());
      outcome = CoreState::kException;
    }
    has_run_ = true;
    std::destroy_at(&call_);
    return outcome;
  }
  bool HasListeners() const noexcept override { return false; }
  bool Complete(CoreState /*outcome*/) noexcept override { return false; }
  void Settle() noexcept override {}
  void Discard() noexcept override { RegisteredExecutor::NotifyCancelled(executor_id_); }
  bool Abandon(const std::exception_ptr& error) noexcept override {
    ReportUnobserved(error);
    return true;
  }
  void Drop() noexcept override { delete this; }
  const TaskRecord* record() const noexcept override { return record_.get(); }

 private:
  const uint32_t executor_id_;
  bool has_run_ = false;
  const std::unique_ptr<TaskRecord> record_;
  union {
    Call call_;
  };
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_TASK_H_
