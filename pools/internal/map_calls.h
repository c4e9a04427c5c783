// The tasks of a map(): its function as they hold it, calls of one element and of several, and the
// outcomes of the latter.

#ifndef COHORT_POOLS_INTERNAL_MAP_CALLS_H_
#define COHORT_POOLS_INTERNAL_MAP_CALLS_H_

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
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

// The elements of a task.
template <typename R, typename... Elements>
class MapBatch {
 public:
  std::size_t size() const noexcept { return elements_.size(); }
  void reserve(std::size_t size) { elements_.reserve(size); }
  void push_back(std::tuple<Elements...>&& elements) { elements_.push_back(std::move(elements)); }

  // Gives each to `call`, in order, until stop() says so.
  template <typename Call, typename Stop>
  ChunkOutcome<R> Run(Call call, Stop stop) && {
    ChunkOutcome<R> outcome;
    outcome.values.reserve(elements_.size());
    for (std::size_t i = 0; i < elements_.size() && !stop(); ++i) {
      try {
        AppendResult(outcome, call, elements_[i]);
      } catch (...) {
        outcome.errors.emplace_back(i, std::current_exception());
      }
    }
    return outcome;
  }

 private:
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

  std::vector<std::tuple<Elements...>> elements_;
};

// Whether results can take the places of their elements: of types that are bytes and no more, and
// where elements that wait do not take much more memory than by themselves.
template <typename R, typename Element>
concept FitsInPlaceOf = std::is_trivially_copyable_v<Element> && std::is_trivially_copyable_v<R> &&
                            std::is_trivially_default_constructible_v<R> &&
                            std::is_copy_assignable_v<R> && sizeof(Element) <= sizeof(R) &&
                        sizeof(R) <= 4 * sizeof(Element);

// Then one array is all the memory that the task needs, and the thread that fills it frees it, too.
template <typename R, typename Element>
requires FitsInPlaceOf<R, Element>
class MapBatch<R, Element> {
  using Slot = typename ChunkOutcome<R>::Slot;

 public:
  std::size_t size() const noexcept { return slots_.size(); }
  void reserve(std::size_t size) { slots_.reserve(size); }

  // No more than were reserved: a slot that is copied need not keep all of an element's bytes.
  void push_back(const std::tuple<Element>& element) {
    slots_.emplace_back();
    std::memcpy(static_cast<void*>(&slots_.back()), std::addressof(std::get<0>(element)),
                sizeof(Element));
  }

  template <typename Call, typename Stop>
  ChunkOutcome<R> Run(Call call, Stop stop) && {
    ChunkOutcome<R> outcome;
    const std::size_t size = slots_.size();
    Slot* next = slots_.data();
    for (std::size_t i = 0; i < size && !stop(); ++i) {
      Element element = ElementAt(i);
      try {
        *next = {call(element)};
        ++next;
      } catch (...) {
        outcome.errors.emplace_back(i, std::current_exception());
      }
    }
    slots_.resize(static_cast<std::size_t>(next - slots_.data()));
    outcome.values = std::move(slots_);
    return outcome;
  }

 private:
  Element ElementAt(std::size_t index) const noexcept {
    std::array<std::byte, sizeof(Element)> bytes;
    std::memcpy(bytes.data(), &slots_[index], bytes.size());
    return std::bit_cast<Element>(bytes);
  }

  std::vector<Slot> slots_;  // elements, in the first bytes of each; from the front on, results
};

// A task of several elements.
template <typename R, typename Function, typename... Elements>
class ChunkCall {
 public:
  using Batch = MapBatch<R, Elements...>;

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
    // Nobody wants the rest any more.
    const auto stop = [this] { return abandoned_->load(std::memory_order_relaxed); };
    return std::move(batch).Run(call, stop);
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
  using Batch = MapBatch<Result, Elements...>;

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
