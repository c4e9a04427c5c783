// How submit() and map() of a RateLimitedExecutor make the calls that wait in its RateLimiter.

#ifndef COHORT_POOLS_INTERNAL_RATE_LIMITED_CALLS_H_
#define COHORT_POOLS_INTERNAL_RATE_LIMITED_CALLS_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "futures/future.h"
#include "pools/executor.h"
#include "pools/internal/deferred_task.h"
#include "pools/internal/executor_ref.h"
#include "pools/internal/map_calls.h"
#include "pools/internal/rate_limiter.h"
#include "pools/internal/task.h"

namespace cohort::internal {

// What a call's node has of its limiter.
class LimiterOwner {
 public:
  explicit LimiterOwner(std::shared_ptr<RateLimiter> limiter) : limiter_(std::move(limiter)) {}

  void OnCancelled(Deferred& /*task*/) const noexcept { limiter_->OnCancelled(); }
  void OnEnded(Deferred& task, CoreState state) const noexcept { limiter_->OnEnded(task, state); }
  void AfterEnded() const noexcept { limiter_->AfterEnded(); }

  class CallbackScope {
   public:
    explicit CallbackScope(RateLimiter& limiter) : limiter_(limiter), inside_(limiter) {}
    ~CallbackScope() { limiter_.OnSettled(); }

   private:
    RateLimiter& limiter_;
    const RateLimiter::Inside inside_;
  };
  CallbackScope AroundCallbacks() const noexcept { return CallbackScope(*limiter_); }

 private:
  const std::shared_ptr<RateLimiter> limiter_;
};

// A call and its arguments, as it runs on a thread of this process.
template <typename F, typename... Args>
class LimitedCall {
 public:
  template <typename G, typename... Given>
  LimitedCall(std::shared_ptr<RateLimiter> limiter, G&& function, Given&&... arguments)
      : limiter_(std::move(limiter)),
        function_(std::forward<G>(function)),
        arguments_(std::forward<Given>(arguments)...) {}

  decltype(auto) operator()() requires(!kTakesStopToken<F, Args...>) { return Call(); }
  decltype(auto) operator()(std::stop_token token) requires kTakesStopToken<F, Args...> {
    return Call(std::move(token));
  }

 private:
  template <typename... Token>
  decltype(auto) Call(Token... token) {
    const RateLimiter::Inside inside(*limiter_);
    std::optional<SlotLoan> loan;
    if (limiter_->max_concurrent() > 0) loan.emplace(*limiter_);
    // Destroyed in here: what they hold may be the last handle to the executor.
    F function = std::move(function_);
    std::tuple<Args...> kept = std::move(arguments_);
    return std::apply(
        [&](Args&... arguments) -> decltype(auto) {
          return std::invoke(std::move(function), std::move(token)..., std::move(arguments)...);
        },
        kept);
  }

  std::shared_ptr<RateLimiter> limiter_;
  [[no_unique_address]] F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
};

template <typename E>
struct RateLimitedCalls;

// What stands behind a RateLimitedExecutor's handle.
template <typename E>
struct RateLimitedEngine {
  using Calls = RateLimitedCalls<E>;

  RateLimitedEngine(E& executor, const RateLimitOptions& options)
      : executor(executor), limiter(std::make_shared<RateLimiter>(options)) {}

  int max_workers() const {
    const int below = executor.max_workers();
    return limiter->max_concurrent() > 0 ? std::min(below, limiter->max_concurrent()) : below;
  }
  PoolStats Stats() const {
    PoolStats stats = limiter->Stats();
    const PoolStats below = executor.stats();
    stats.workers = below.workers;
    stats.worker_deaths = below.worker_deaths;
    return stats;
  }

  const ExecutorRef<E> executor;
  const std::shared_ptr<RateLimiter> limiter;
};

template <typename E, typename F, typename... Elements>
class RateLimitedMapCalls;

template <typename E>
struct RateLimitedCalls {
  static constexpr bool kInThisProcess = kRunsInThisProcess<E>;

  template <typename F, typename... Elements>
  using MapCalls = RateLimitedMapCalls<E, F, Elements...>;

  template <typename Given>
  using Kept = internal::Kept<E, Given>;

  template <typename F, typename... Args>
  static auto Submit(const RateLimitedEngine<E>& engine, const TaskOptions& options, F&& function,
                     Args&&... args) {
    if constexpr (kInThisProcess) {
      static_assert(kCanCall<std::decay_t<F>, std::decay_t<Args>...>,
                    "submit: the callable cannot be called with copies of these arguments");
      using Limited = LimitedCall<std::decay_t<F>, std::decay_t<Args>...>;
      return Add<DeferredCall<E, Limited>>(
          engine, options,
          Limited(engine.limiter, std::forward<F>(function), std::forward<Args>(args)...));
    } else {
      return Add<DeferredCall<E, std::decay_t<F>, Kept<Args&&>...>>(
          engine, options, std::forward<F>(function), std::forward<Args>(args)...);
    }
  }

 private:
  template <typename Call, typename... Parts>
  static Future<DeferredResult<Call>> Add(const RateLimitedEngine<E>& engine,
                                          const TaskOptions& options, Parts&&... parts) {
    using R = DeferredResult<Call>;
    auto* const task = new DeferredTask<Call, LimiterOwner>(
        LimiterOwner(engine.limiter), engine.executor, options, std::forward<Parts>(parts)...);
    Future<R> future = FutureAccess::Make(CoreRef<Core<R>>(task));
    engine.limiter->Add(*task, options.priority);
    return future;
  }
};

// Each element is a call of its own, for calls are what is limited.
template <typename E, typename F, typename... Elements>
class RateLimitedMapCalls {
  using Function = typename std::conditional_t<kRunsInThisProcess<E>,
                                               std::type_identity<MapFunctionFor<F, Elements...>>,
                                               std::type_identity<F>>::type;

 public:
  using Result = typename decltype(RateLimitedCalls<E>::Submit(
      std::declval<RateLimitedEngine<E>&>(), TaskOptions{}, std::declval<const Function&>(),
      std::declval<Elements>()...))::value_type;

  template <typename G>
  explicit RateLimitedMapCalls(std::in_place_t, G&& function)
      : function_(std::forward<G>(function)) {}

  Future<Result> SubmitOne(const RateLimitedEngine<E>& engine, Elements&... elements) const {
    return RateLimitedCalls<E>::Submit(engine, TaskOptions{}, function_, std::move(elements)...);
  }

  void Abandon() const noexcept {}

 private:
  Function function_;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_RATE_LIMITED_CALLS_H_
