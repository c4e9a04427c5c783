// Behind MapResult: what is in flight, and how more of it is drawn.

#ifndef COHORT_POOLS_INTERNAL_MAP_STATE_H_
#define COHORT_POOLS_INTERNAL_MAP_STATE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "futures/errors.h"
#include "futures/future.h"
#include "pools/executor.h"
#include "pools/internal/map_calls.h"

namespace cohort::internal {

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
    if (slot_ == nullptr) [[unlikely]] {
      Fetch();
      if (error_ != nullptr) std::rethrow_exception(error_);
    }
    if constexpr (std::is_reference_v<R>) {
      return *slot_->value;
    } else if constexpr (std::is_copy_constructible_v<Value>) {
      return slot_->value;
    } else {
      return std::move(slot_->value);
    }
  }

  // The same, to be moved out.
  decltype(auto) Take() {
    if constexpr (std::is_reference_v<R>) {
      return Get();
    } else {
      Get();
      return std::move(slot_->value);
    }
  }

  // To the next element.
  void Step() {
    if (slot_ != run_last_) [[likely]] {
      ++slot_;
    } else if (!AtEnd()) {
      StepSlowly();
    }
  }

  void Close() noexcept {
    Forget();
    elements_in_flight_ = 0;
    place_ = 0;
    // The last first: so that no worker begins one while those before it are being cancelled.
    for (auto each = in_flight_.rbegin(); each != in_flight_.rend(); ++each) each->Cancel();
    in_flight_.clear();
    chunk_.reset();
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
  using Slot = typename ChunkOutcome<R>::Slot;

  // Submits more where the window has room, and sets refill_at_, until it sets exhausted_. Never
  // throws: a failure becomes an element's.
  virtual void Refill() noexcept = 0;
  virtual void OnClosed() noexcept {}

  // Elements submitted, and not stepped over. Not for within a run (see below).
  std::size_t elements_in_flight() const noexcept { return elements_in_flight_ - place_; }

  void Append(InFlight<R> task) {
    elements_in_flight_ += task.size;
    in_flight_.push_back(std::move(task));
  }

  bool exhausted_ = false;     // all of the input is drawn
  std::size_t refill_at_ = 0;  // with so many elements in flight there is room for more

 private:
  void Forget() noexcept {
    slot_ = run_first_ = run_last_ = nullptr;
    single_.reset();
    error_ = nullptr;
    fetched_ = false;
  }

  void StepSlowly() {
    place_ += static_cast<std::size_t>(slot_ - run_first_) + 1;
    Forget();
    if (place_ >= in_flight_.front().size) LeaveTask();
    if (!exhausted_ && elements_in_flight() <= refill_at_) Refill();
  }

  void LeaveTask() noexcept {
    elements_in_flight_ -= in_flight_.front().size;
    in_flight_.pop_front();
    chunk_.reset();
    place_ = 0;
    errors_before_ = 0;
  }

  // Makes slot_ or error_ that of the current element.
  void Fetch() {
    if (fetched_) return;
    if (AtEnd()) throw InvalidStateError("map: there is no result, the range is at its end");
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
        single_.emplace(Slot{&future.result()});
      } else {
        single_.emplace(Slot{std::move(future).result()});
      }
      slot_ = run_first_ = run_last_ = &*single_;
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
      slot_ = run_first_ = &chunk_->values[place_ - errors_before_];
      run_last_ = slot_ + (errors.empty() ? StepsInRun() : 0);
    }
  }

  // From the current element of a chunk without exceptions: to its last one, or to the one after
  // which there is room for more.
  std::size_t StepsInRun() const noexcept {
    const std::size_t in_chunk = chunk_->values.size() - place_ - 1;
    return exhausted_ ? in_chunk : std::min(in_chunk, elements_in_flight() - refill_at_ - 1);
  }

  const Deadline deadline_;
  std::deque<InFlight<R>> in_flight_;
  std::size_t elements_in_flight_ = 0;  // all of the tasks', also those stepped over in the first

  // The current element: its place in its task, and its outcome once it was fetched. In a chunk
  // without exceptions that is the first of a run, through which a step moves slot_ alone.
  std::size_t place_ = 0;
  bool fetched_ = false;
  Slot* slot_ = nullptr;
  Slot* run_first_ = nullptr;
  Slot* run_last_ = nullptr;
  std::exception_ptr error_;

  // Where the slot is: the current task's only one, or in its chunk.
  std::optional<Slot> single_;
  std::optional<ChunkOutcome<R>> chunk_;
  std::size_t errors_before_ = 0;  // its exceptions before the current element
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
  // With the chunks chosen here, each worker gets 32 of them or more, so that the last ones end at
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
      this->refill_at_ = window_ - chunk;
      if (this->elements_in_flight() > this->refill_at_) return;
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
    std::apply([&](auto&... each) { DrawInto(batch, size, each...); }, inputs_);
    if (batch.size() == 0) return;
    drawn_ += batch.size();
    InFlight<Result> task;
    task.size = batch.size();
    task.chunk = calls_.SubmitChunk(*engine_, std::move(batch));
    this->Append(std::move(task));
  }

  // In braces, the ranges are drawn from in order.
  template <typename Batch>
  void DrawInto(Batch& batch, std::size_t size, Inputs&... each) {
    using Elements = std::tuple<typename Inputs::Element...>;
    if constexpr ((Inputs::kIndexed && ...)) {
      const std::size_t count = std::min({size, each.remaining()...});
      batch.reserve(count);
      for (std::size_t i = 0; i < count; ++i) batch.push_back(Elements{each.DrawAt(i)...});
      (each.Skip(count), ...);
      this->exhausted_ = count < size;
    } else {
      batch.reserve(size);
      while (batch.size() < size && !(this->exhausted_ = (each.AtEnd() || ...))) {
        batch.push_back(Elements{each.Draw()...});
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
