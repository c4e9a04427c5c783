// The tasks of a map(): its function as they hold it, calls of one element and of several, and the
// outcomes of the latter.

#ifndef COHORT_POOLS_INTERNAL_MAP_CALLS_H_
#define COHORT_POOLS_INTERNAL_MAP_CALLS_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "pools/executor.h"
#include "pools/internal/submit.h"

namespace cohort::internal {

// The outcomes of the elements of one task, in order: values, and exceptions with their places.
// Most chunks have no exceptions, and are then one plain array.
template <typename R>
struct ChunkOutcome {
  // So that a vector of it has an object for each bool.
  struct Slot {
    typename Stored<R>::type value;
  };

  std::vector<Slot> values;
  std::vector<std::pair<std::size_t, std::exception_ptr>> errors;
};

// The function of a map() as its tasks hold it: shared, or a copy for each task where it cannot be
// called as const.
template <typename F>
class MapFunction {
 public:
  template <typename G>
  requires(!std::same_as<std::remove_cvref_t<G>, MapFunction>) explicit MapFunction(G&& function)
      : function_(std::make_shared<const F>(std::forward<G>(function))) {}

  template <typename... A>
  requires std::is_invocable_v<const F&, A...>
  decltype(auto) operator()(A&&... arguments) const {
    return std::invoke(*function_, std::forward<A>(arguments)...);
  }

 private:
  std::shared_ptr<const F> function_;
};

template <typename F>
class CopiedMapFunction {
 public:
  template <typename G>
  requires(!std::same_as<std::remove_cvref_t<G>, CopiedMapFunction>) explicit CopiedMapFunction(
      G&& function)
      : function_(std::forward<G>(function)) {}

  template <typename... A>
  requires std::is_invocable_v<F&, A...>
  decltype(auto) operator()(A&&... arguments) {
    return std::invoke(function_, std::forward<A>(arguments)...);
  }

 private:
  F function_;
};

// A task of several elements.
template <typename R, typename Function, typename... Elements>
class ChunkCall {
 public:
  using Batch = std::vector<std::tuple<Elements...>>;

  ChunkCall(Function function, std::shared_ptr<const std::atomic<bool>> abandoned)
      : function_(std::move(function)), abandoned_(std::move(abandoned)) {}

  ChunkOutcome<R> operator()(Batch batch) requires(!kTakesStopToken<Function&, Elements...>) {
    return Run(std::move(batch), [this](Elements&... elements) -> decltype(auto) {
      return function_(std::move(elements)...);
    });
  }
  ChunkOutcome<R> operator()(std::stop_token token,
                             Batch batch) requires kTakesStopToken<Function&, Elements...> {
    return Run(std::move(batch), [this, &token](Elements&... elements) -> decltype(auto) {
      return function_(token, std::move(elements)...);
    });
  }

 private:
  template <typename Call>
  ChunkOutcome<R> Run(Batch batch, Call call) {
    ChunkOutcome<R> outcome;
    outcome.values.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (abandoned_->load(std::memory_order_relaxed)) break;  // nobody wants the rest any more
      try {
        AppendResult(outcome, call, batch[i]);
      } catch (...) {
        outcome.errors.emplace_back(i, std::current_exception());
      }
    }
    return outcome;
  }

  template <typename Call>
  static void AppendResult(ChunkOutcome<R>& outcome, Call& call,
                           std::tuple<Elements...>& elements) {
    if constexpr (std::is_void_v<R>) {
      std::apply(call, elements);
      outcome.values.push_back({});
    } else if constexpr (std::is_reference_v<R>) {
      outcome.values.push_back({&std::apply(call, elements)});
    } else {
      outcome.values.push_back({std::apply(call, elements)});
    }
  }

  Function function_;
  std::shared_ptr<const std::atomic<bool>> abandoned_;
};

template <typename F, typename... Elements>
using MapFunctionFor =
    std::conditional_t<kCanCall<const F&, Elements...>, MapFunction<F>, CopiedMapFunction<F>>;

// The tasks of a map() whose executor runs them in this process.
template <typename F, typename... Elements>
class LocalMapCalls {
  using Function = MapFunctionFor<F, Elements...>;
  static_assert(kCanCall<Function, Elements...>,
                "map: the function cannot be called with elements of these ranges");

 public:
  using Result = TaskResult<Function, Elements...>;
  using Batch = std::vector<std::tuple<Elements...>>;

  template <typename G>
  explicit LocalMapCalls(std::in_place_t, G&& function) : function_(std::forward<G>(function)) {}

  template <typename Engine>
  Future<Result> SubmitOne(Engine& engine, Elements&... elements) const {
    return Submit(engine, TaskOptions{}, function_, std::move(elements)...);
  }
  template <typename Engine>
  Future<ChunkOutcome<Result>> SubmitChunk(Engine& engine, Batch batch) const {
    using Call = ChunkCall<Result, Function, Elements...>;
    return Submit(engine, TaskOptions{}, Call(function_, abandoned_), std::move(batch));
  }

  // Nobody wants the rest.
  void Abandon() const noexcept { *abandoned_ = true; }

 private:
  Function function_;
  std::shared_ptr<std::atomic<bool>> abandoned_ = std::make_shared<std::atomic<bool>>(false);
};

// An executor whose tasks leave the process has Calls of its own.
template <typename Engine, typename F, typename... Elements>
struct MapCallsOf {
  using type = LocalMapCalls<F, Elements...>;
};
template <typename Engine, typename F, typename... Elements>
requires HasOwnCalls<Engine>
struct MapCallsOf<Engine, F, Elements...> {
  using type = typename Engine::Calls::template MapCalls<F, Elements...>;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_MAP_CALLS_H_
