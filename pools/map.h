// MapResult<R>: what an executor's map() gives, the results of a function over ranges in the order
// of the input.
//
//   for (const Size& size : pool.map(measure, paths)) total += size.bytes;
//
//   // At most 100 pages in memory, however long the list; a page that failed is stepped over.
//   auto pages = pool.map({.buffersize = 100}, fetch, urls_from(file));
//   for (auto page = pages.begin(); page != pages.end(); ++page) {
//     try { store(*page); } catch (const std::exception& e) { log(e.what()); }
//   }
//
// A single-pass input range, for one thread at a time. It blocks where a result is looked at
// (`*it`, or next()) before it is there; neither begin() nor ++ waits for one. (With `buffersize`,
// ++ draws more of the input, and waits for room where the pool's queue is bounded.) `*it` rethrows
// what the element's call threw, and ++ steps over it. Results are the range's until the next step:
// move out of `*it` to keep them. For a function that returns nothing they are std::monostate.
//
// Elements are submitted during the call of map(), all of them, or with `buffersize` that many
// results at most are in flight and the input is drawn, by the iterating thread, as results are
// taken. Elements are copied into the tasks; from a container that was given away (std::move) they
// are moved. A range given by name must outlive the iteration when `buffersize` is set.
//
// Chunks: with `chunksize` above 1, several elements make one task; each still has an outcome of
// its own. At the end of `timeout`, counted from the call of map(), `*it` throws TimeoutError, what
// has not begun is cancelled, and the range is at its end. Dropping the range, or closing it,
// cancels what has not begun. When the executor is shut down before all of a lazy input is drawn,
// the iteration throws where the first missing result would have been, and ends: it is never
// silently short. The same for an exception of the input's own iterators; one that comes while
// map() itself draws is thrown by map(), and what was submitted is cancelled.
//
// The callable is shared by the tasks if it can be called as const, and must then be safe to call
// from several threads; else each task has a copy.

#ifndef COHORT_POOLS_MAP_H_
#define COHORT_POOLS_MAP_H_

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pools/internal/map_input.h"
#include "pools/internal/map_state.h"

namespace cohort {

template <typename R>
class MapResult {
  using State = internal::MapState<R>;

 public:
  using value_type = std::remove_cvref_t<typename State::Reference>;

  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = MapResult::value_type;
    using difference_type = std::ptrdiff_t;
    using reference = typename State::Reference;
    using pointer = std::add_pointer_t<std::remove_reference_t<reference>>;

    iterator() = default;

    reference operator*() const { return state_->Get(); }
    pointer operator->() const {
      auto&& result = state_->Get();
      return std::addressof(result);
    }
    iterator& operator++() {
      state_->Step();
      return *this;
    }
    void operator++(int) { ++*this; }

    friend bool operator==(const iterator& a, const iterator& b) { return a.AtEnd() == b.AtEnd(); }

   private:
    friend class MapResult;
    explicit iterator(State* state) : state_(state) {}
    bool AtEnd() const { return state_ == nullptr || state_->AtEnd(); }

    State* state_ = nullptr;
  };

  explicit MapResult(std::unique_ptr<State> state) : state_(std::move(state)) {}
  MapResult(MapResult&&) noexcept = default;
  MapResult& operator=(MapResult&&) noexcept = default;

  // Constant as a pointer's * is: what is iterated over is not part of this object. So functions
  // that take a `const Range&` take this one, too.
  iterator begin() const { return iterator(state_.get()); }
  iterator end() const { return iterator(); }

  // The next result, or none at the end. Rethrows what the element's call threw; the call after
  // that gives the one after.
  std::optional<value_type> next() {
    if (state_ == nullptr || state_->AtEnd()) return std::nullopt;
    const typename State::StepAtExit step(*state_);
    return static_cast<value_type>(state_->Take());
  }

  // Cancels what has not begun, and ends the iteration.
  void close() {
    if (state_ != nullptr) state_->Close();
  }

 private:
  std::unique_ptr<State> state_;
};

namespace internal {

// The range itself; the elements of a list in braces are copied, since it does not last.
template <typename Range>
Range&& MapRange(Range&& range) {
  return std::forward<Range>(range);
}
template <typename T>
std::vector<T> MapRange(std::initializer_list<T> list) {
  return list;
}

template <typename Engine, typename F, typename... Inputs>
auto MapInputs(std::shared_ptr<Engine> engine, const MapOptions& options, F&& function,
               Inputs... inputs) {
  using State = MapOver<Engine, std::decay_t<F>, Inputs...>;
  return MapResult<typename State::Result>(std::make_unique<State>(
      std::move(engine), options, std::forward<F>(function), std::move(inputs)...));
}

template <typename Range>
auto MakeMapInput(Range&& range) {
  return MapInput<Range>(std::forward<Range>(range));
}

template <typename Engine, typename F, typename... Ranges>
auto Map(std::shared_ptr<Engine> engine, const MapOptions& options, F&& function,
         Ranges&&... ranges) {
  static_assert(sizeof...(Ranges) > 0, "map: give at least one range");
  return MapInputs(std::move(engine), options, std::forward<F>(function),
                   MakeMapInput(MapRange(std::forward<Ranges>(ranges)))...);
}

}  // namespace internal
}  // namespace cohort

#endif  // COHORT_POOLS_MAP_H_
