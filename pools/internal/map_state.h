// Behind MapResult: what is in flight, and how more of it is drawn.

#ifndef COHORT_POOLS_INTERNAL_MAP_STATE_H_
#define COHORT_POOLS_INTERNAL_MAP_STATE_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <ranges>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/owning_range.h"
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

// Some elements that one task works on.
template <typename R>
struct InFlight {
  Future<R> single;                    // where the task is one element
  Future<ChunkOutcome<R>> chunk;       // where it is several
  std::exception_ptr never_submitted;  // where it could not be submitted
  std::size_t size = 1;

  void Cancel() const {
    if (single.valid()) single.cancel();
    if (chunk.valid()) chunk.cancel();
  }
};

// The consumer's side, which knows the result type only.
template <typename R>
class MapState {
 public:
  using Value = typename Stored<R>::type;

  // Results that can be copied are given by lvalue; others by rvalue, so that `auto x = *it` works.
  using Reference =
      std::conditional_t<std::is_reference_v<R>, R,
                         std::conditional_t<std::is_copy_constructible_v<Value>, Value&, Value&&>>;

  explicit MapState(Timeout timeout) : deadline_(Deadline::after(timeout)) {}
  MapState(const MapState&) = delete;
  MapState& operator=(const MapState&) = delete;
  virtual ~MapState() { Close(); }

  bool AtEnd() const noexcept { return in_flight_.empty(); }

  // The current element's result; blocks for it. Throws its exception, or TimeoutError.
  Reference Get() {
    if (value_ == nullptr) [[unlikely]] {
      Fetch();
      if (error_ != nullptr) std::rethrow_exception(error_);
    }
    if constexpr (std::is_reference_v<R>) {
      return **value_;
    } else if constexpr (std::is_copy_constructible_v<Value>) {
      return *value_;
    } else {
      return std::move(*value_);
    }
  }

  // The same, to be moved out.
  decltype(auto) Take() {
    if constexpr (std::is_reference_v<R>) {
      return Get();
    } else {
      Get();
      return std::move(*value_);
    }
  }

  // To the next element.
  void Step() {
    if (place_ + 1 < plain_size_) [[likely]] {  // in a chunk without exceptions
      ++place_;
      ++slot_;
      value_ = &slot_->value;
    } else if (AtEnd()) {
      return;
    } else {
      StepSlowly();
    }
    if (!exhausted_) Refill();
  }

  void Close() noexcept {
    elements_in_flight_ = 0;
    place_ = 0;
    // The last first: so that no worker begins one while those before it are being cancelled.
    for (auto each = in_flight_.rbegin(); each != in_flight_.rend(); ++each) each->Cancel();
    in_flight_.clear();
    chunk_.reset();
    Forget();
    plain_size_ = 0;
    exhausted_ = true;
    OnClosed();
  }

  // Steps when it goes out of scope.
  class StepAtExit {
   public:
    explicit StepAtExit(MapState& state) : state_(state) {}
    ~StepAtExit() { state_.Step(); }
    StepAtExit(const StepAtExit&) = delete;
    StepAtExit& operator=(const StepAtExit&) = delete;

   private:
    MapState& state_;
  };

 protected:
  // Submits more where the window has room, until it sets exhausted_. Never throws: a failure
  // becomes an element's.
  virtual void Refill() noexcept = 0;
  virtual void OnClosed() noexcept {}

  // Elements submitted, and not stepped over.
  std::size_t elements_in_flight() const noexcept { return elements_in_flight_ - place_; }

  void Append(InFlight<R> task) {
    elements_in_flight_ += task.size;
    in_flight_.push_back(std::move(task));
  }

  bool exhausted_ = false;  // all of the input is drawn

 private:
  void Forget() noexcept {
    value_ = nullptr;
    single_.reset();
    error_ = nullptr;
    fetched_ = false;
  }

  void StepSlowly() {
    Forget();
    ++place_;
    if (place_ < in_flight_.front().size) return;
    elements_in_flight_ -= in_flight_.front().size;
    in_flight_.pop_front();
    chunk_.reset();
    place_ = 0;
    plain_size_ = 0;
    errors_before_ = 0;
  }

  // Makes value_ or error_ that of the current element.
  void Fetch() {
    if (fetched_) return;
    InFlight<R>& task = in_flight_.front();
    if (task.never_submitted != nullptr) {
      error_ = task.never_submitted;
    } else if (task.single.valid()) {
      FetchSingle(task.single);
    } else {
      FetchFromChunk(task.chunk);
    }
    fetched_ = true;
  }

  template <typename T>
  void Await(const Future<T>& future) {
    if (FutureAccess::CoreOf(future, "map").Wait(deadline_)) return;
    Close();
    throw TimeoutError(
        "map: the results were not all there in time; what had not begun is cancelled");
  }

  void FetchSingle(Future<R>& future) {
    Await(future);
    try {
      if constexpr (std::is_void_v<R>) {
        future.result();
        single_.emplace();
      } else if constexpr (std::is_reference_v<R>) {
        single_.emplace(&future.result());
      } else {
        single_.emplace(std::move(future).result());
      }
      value_ = &*single_;
    } catch (...) {
      error_ = std::current_exception();
    }
    future = {};  // nothing of a result stays behind
  }

  void FetchFromChunk(const Future<ChunkOutcome<R>>& future) {
    if (!chunk_) {
      Await(future);
      try {
        chunk_.emplace(Future<ChunkOutcome<R>>(future).result());
      } catch (...) {
        error_ = std::current_exception();  // the whole task failed, and so did each element
        return;
      }
    }
    const auto& errors = chunk_->errors;
    while (errors_before_ < errors.size() && errors[errors_before_].first < place_) {
      ++errors_before_;
    }
    if (errors_before_ < errors.size() && errors[errors_before_].first == place_) {
      error_ = errors[errors_before_].second;
    } else {
      slot_ = &chunk_->values[place_ - errors_before_];
      value_ = &slot_->value;
      if (errors.empty()) plain_size_ = chunk_->values.size();
    }
  }

  const Deadline deadline_;
  std::deque<InFlight<R>> in_flight_;
  std::size_t elements_in_flight_ = 0;  // all of the tasks', also those stepped over in the first

  // The current element: its place in its task, and its outcome once it was fetched.
  std::size_t place_ = 0;
  bool fetched_ = false;
  Value* value_ = nullptr;
  std::exception_ptr error_;

  // Where the value is: the current task's only one, or in its chunk.
  std::optional<Value> single_;
  std::optional<ChunkOutcome<R>> chunk_;
  typename ChunkOutcome<R>::Slot* slot_ = nullptr;
  std::size_t plain_size_ = 0;     // of the chunk, when it was fetched and has no exceptions
  std::size_t errors_before_ = 0;  // its exceptions before the current element
};

// One of the ranges. Its iterator is moved only when the element after it is wanted, so that no
// more of the input is drawn than is submitted.
template <typename Range>
class MapInput {
  // What std::views::all keeps, which Clang 14 cannot compile: a reference to a container given by
  // name, and a copy of anything else.
  static constexpr bool kByName =
      std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>>;
  using Kept = std::conditional_t<kByName, Range, std::remove_cvref_t<Range>>;
  using Iterator = std::ranges::iterator_t<Kept>;
  static constexpr bool kGivenAway = OwningRvalue<Range>;

 public:
  using Element = std::ranges::range_value_t<Kept>;

  explicit MapInput(Range&& range) : range_(std::forward<Range>(range)) {}

  bool AtEnd() {
    if (!at_) {
      at_.emplace(std::ranges::begin(range_));
    } else if (drawn_) {
      ++*at_;
      drawn_ = false;
    }
    return *at_ == std::ranges::end(range_);
  }

  // Only after AtEnd() said no.
  Element Draw() {
    drawn_ = true;
    if constexpr (kGivenAway) {
      return Element(std::ranges::iter_move(*at_));
    } else {
      return Element(**at_);
    }
  }

  // Whether elements can be drawn several at a time, by the three below: no iterator of such a
  // range does anything when it is moved.
  static constexpr bool kIndexed = std::ranges::random_access_range<Kept> &&
                                   std::sized_sentinel_for<std::ranges::sentinel_t<Kept>, Iterator>;

  std::size_t remaining() {
    AtEnd();
    return static_cast<std::size_t>(std::ranges::end(range_) - *at_);
  }
  Element DrawAt(std::size_t index) const {
    const auto at = *at_ + static_cast<std::iter_difference_t<Iterator>>(index);
    if constexpr (kGivenAway) {
      return Element(std::ranges::iter_move(at));
    } else {
      return Element(*at);
    }
  }
  void Skip(std::size_t count) { *at_ += static_cast<std::iter_difference_t<Iterator>>(count); }

  // Where that is known without going through it.
  std::optional<std::size_t> size() {
    if constexpr (std::ranges::sized_range<Kept>) {
      return static_cast<std::size_t>(std::ranges::size(range_));
    } else {
      return std::nullopt;
    }
  }

 private:
  Kept range_;
  std::optional<Iterator> at_;
  bool drawn_ = false;
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

// The producer's side.
template <typename Engine, typename F, typename... Inputs>
class MapOver final
    : public MapState<typename MapCallsOf<Engine, F, typename Inputs::Element...>::type::Result> {
  using Calls = typename MapCallsOf<Engine, F, typename Inputs::Element...>::type;

 public:
  using Result = typename Calls::Result;

  template <typename G>
  MapOver(std::shared_ptr<Engine> engine, const MapOptions& options, G&& function, Inputs... inputs)
      : MapState<Result>(options.timeout),
        engine_(std::move(engine)),
        window_(options.buffersize == 0 ? std::numeric_limits<std::size_t>::max()
                                        : options.buffersize),
        chunksize_(options.chunksize),
        calls_(std::in_place, std::forward<G>(function)),
        inputs_(std::move(inputs)...) {
    const auto sizes =
        std::apply([](auto&... each) { return std::array{each.size()...}; }, inputs_);
    for (const std::optional<std::size_t>& size : sizes) {
      if (size) known_size_ = std::min(*size, known_size_.value_or(*size));
      if (!size) is_sized_ = false;
    }
    Fill();
  }
  ~MapOver() override { calls_.Abandon(); }

 private:
  // With the chunks chosen here, each worker gets some 32 of them, so that the last ones end at
  // about the same time; and none is so large that its results are long in coming.
  static constexpr std::size_t kChunksPerWorker = 32;
  static constexpr std::size_t kLargestChunk = std::size_t{1} << 13;

  static constexpr bool kHasChunks = requires { typename Calls::Batch; };

  void Refill() noexcept override {
    try {
      Fill();
    } catch (...) {
      this->exhausted_ = true;
      InFlight<Result> failure;
      failure.never_submitted = std::current_exception();
      this->Append(std::move(failure));
    }
  }

  void OnClosed() noexcept override { calls_.Abandon(); }

  void Fill() {
    while (!this->exhausted_) {
      const std::size_t chunk = NextChunk();
      if (chunk > window_ || this->elements_in_flight() > window_ - chunk) return;
      if constexpr (kHasChunks) {
        chunk == 1 ? SubmitOne() : SubmitChunk(chunk);
      } else {
        SubmitOne();
      }
    }
  }

  std::size_t NextChunk() const {
    // Where each call counts, each element is a task.
    if constexpr (!kHasChunks) return 1;
    const std::size_t wanted = chunksize_ != 0 ? chunksize_ : ChosenChunk();
    return std::min(wanted, window_);
  }

  // By the length of the input; where that is not known, by what was drawn so far; with a window,
  // by its size.
  std::size_t ChosenChunk() const {
    const auto parts = kChunksPerWorker * static_cast<std::size_t>(engine_->max_workers());
    const std::size_t length = is_sized_ && known_size_ ? *known_size_ : drawn_;
    const bool windowed = window_ != std::numeric_limits<std::size_t>::max();
    const std::size_t base = windowed
                                 ? window_ / (2 * static_cast<std::size_t>(engine_->max_workers()))
                                 : length / parts;
    return std::clamp<std::size_t>(base, 1, kLargestChunk);
  }

  bool InputsAtEnd() {
    return std::apply([](auto&... each) { return (each.AtEnd() || ...); }, inputs_);
  }

  void SubmitOne() {
    if (InputsAtEnd()) {
      this->exhausted_ = true;
      return;
    }
    ++drawn_;
    InFlight<Result> task;
    task.single = std::apply(
        [this](auto&... each) {
          // In braces, the ranges are drawn from in order.
          std::tuple<typename Inputs::Element...> elements{each.Draw()...};
          return std::apply(
              [this](auto&... element) { return calls_.SubmitOne(*engine_, element...); },
              elements);
        },
        inputs_);
    this->Append(std::move(task));
  }

  void SubmitChunk(std::size_t size) {
    typename Calls::Batch batch;
    batch.reserve(size);
    std::apply([&](auto&... each) { DrawInto(batch, size, each...); }, inputs_);
    if (batch.empty()) return;
    drawn_ += batch.size();
    InFlight<Result> task;
    task.size = batch.size();
    task.chunk = calls_.SubmitChunk(*engine_, std::move(batch));
    this->Append(std::move(task));
  }

  // In braces, the ranges are drawn from in order.
  template <typename Batch>
  void DrawInto(Batch& batch, std::size_t size, Inputs&... each) {
    if constexpr ((Inputs::kIndexed && ...)) {
      const std::size_t count = std::min({size, each.remaining()...});
      for (std::size_t i = 0; i < count; ++i) batch.push_back({each.DrawAt(i)...});
      (each.Skip(count), ...);
      this->exhausted_ = count < size;
    } else {
      while (batch.size() < size && !(this->exhausted_ = (each.AtEnd() || ...))) {
        batch.push_back({each.Draw()...});
      }
    }
  }

  const std::shared_ptr<Engine> engine_;
  const std::size_t window_;
  const std::size_t chunksize_;
  Calls calls_;
  std::tuple<Inputs...> inputs_;
  std::optional<std::size_t> known_size_;
  bool is_sized_ = true;
  std::size_t drawn_ = 0;
};

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_MAP_STATE_H_
