// Futures made of futures: when_all, when_any (and Future::then, which future.h has).
//
//   Future<std::vector<Page>> pages = when_all(fetches);
//   Future<std::tuple<A, B>> both = when_all(fa, fb);
//   Future<WhenAny<Page>> fastest = when_any(mirrors);          // or when_any(near, far)
//
// None of them blocks; all may be called anywhere. An empty handle among the inputs:
// InvalidStateError. Cancelling the future that they give ends that one alone: the inputs go on.
//
// when_all: done when all inputs are, or failed as soon as the first of them fails or is cancelled,
// with that exception (CancelledError); the others go on. Results are copied, in the order of the
// inputs; where the type can only be moved they are moved out, and the inputs then have none.
// In the result, T& becomes std::reference_wrapper<T>; void becomes std::monostate in a tuple, and
// a range of Future<void> gives a Future<void>. Of no inputs at all: done at once.
//
// when_any: done with the first input that is, whether it succeeded, failed or was cancelled. Of no
// inputs at all: std::invalid_argument, for it would never be done.

#ifndef COHORT_FUTURES_COMBINATORS_H_
#define COHORT_FUTURES_COMBINATORS_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <ranges>
#include <span>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "futures/future.h"
#include "futures/internal/future_range.h"
#include "futures/internal/gather.h"

namespace cohort {

template <typename T>
struct WhenAny {
  std::size_t index;  // which of the inputs, from 0
  Future<T> future;   // that one; done
};

namespace internal {

// What one input contributes to a result.
template <typename T>
struct Element {
  using type = T;
};
template <typename T>
struct Element<T&> {
  using type = std::reference_wrapper<T>;
};
template <>
struct Element<void> {
  using type = std::monostate;
};

template <typename T>
typename Element<T>::type ElementOf(CoreBase& done) {
  auto& core = static_cast<Core<T>&>(done);
  if constexpr (std::is_void_v<T>) {
    return {};
  } else if constexpr (std::is_reference_v<T>) {
    return *core.value();
  } else if constexpr (std::is_copy_constructible_v<T>) {
    if (core.state() == CoreState::kValue) return core.value();
    ThrowTaken();
  } else {
    if (core.TryTake()) return core.MoveOut();
    ThrowTaken();
  }
}

// Fails with the first input that fails; else `Collect` makes the result.
template <typename R>
class WhenAllCore : public GatherCore<R> {
 public:
  explicit WhenAllCore(std::vector<CoreRef<CoreBase>> inputs)
      : GatherCore<R>(std::move(inputs)), left_(this->input_count()) {}

 protected:
  virtual R Collect() = 0;

 private:
  static bool HasFailed(const CoreBase& done) noexcept {
    return done.state() == CoreState::kException || done.state() == CoreState::kCancelled;
  }

  bool Decides(CoreBase& done) noexcept final {
    if (done.state() == CoreState::kException) done.MarkObserved();
    // acq_rel: the last one sees all results.
    return HasFailed(done) || left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  CoreState Conclude(std::size_t index) noexcept final {
    return this->EmplaceResultOf([&]() -> R {
      if (index < this->input_count()) RethrowFailure(index);
      return Collect();
    });
  }

  virtual void RethrowFailure(std::size_t index) = 0;

  std::atomic<std::size_t> left_;
};

template <typename T>
void RethrowIfFailed(CoreBase& done) {
  if (done.state() == CoreState::kCancelled) throw CancelledError();
  if (done.state() != CoreState::kException) return;
  std::rethrow_exception(static_cast<Core<T>&>(done).error());
}

template <typename T>
using VectorOf =
    std::conditional_t<std::is_void_v<T>, void, std::vector<typename Element<T>::type>>;

template <typename T>
class WhenAllOfRange final : public WhenAllCore<VectorOf<T>> {
 public:
  using WhenAllCore<VectorOf<T>>::WhenAllCore;

 private:
  VectorOf<T> Collect() override {
    if constexpr (!std::is_void_v<T>) {
      VectorOf<T> results;
      results.reserve(this->input_count());
      for (std::size_t i = 0; i < this->input_count(); ++i) {
        results.push_back(ElementOf<T>(this->input(i)));
      }
      return results;
    }
  }
  void RethrowFailure(std::size_t index) override { RethrowIfFailed<T>(this->input(index)); }
};

template <typename... Ts>
class WhenAllOfTuple final : public WhenAllCore<std::tuple<typename Element<Ts>::type...>> {
  using Result = std::tuple<typename Element<Ts>::type...>;

 public:
  using WhenAllCore<Result>::WhenAllCore;

 private:
  Result Collect() override { return CollectAt(std::index_sequence_for<Ts...>()); }
  template <std::size_t... kIndex>
  Result CollectAt(std::index_sequence<kIndex...>) {
    return Result{ElementOf<Ts>(this->input(kIndex))...};
  }

  void RethrowFailure(std::size_t index) override {
    if constexpr (sizeof...(Ts) > 0) {
      using Rethrow = void (*)(CoreBase&);
      static constexpr Rethrow kRethrow[] = {&RethrowIfFailed<Ts>...};
      kRethrow[index](this->input(index));
    }
  }
};

template <typename T>
class WhenAnyCore final : public GatherCore<WhenAny<T>> {
 public:
  using GatherCore<WhenAny<T>>::GatherCore;

 private:
  bool Decides(CoreBase& /*done*/) noexcept override { return true; }
  CoreState Conclude(std::size_t index) noexcept override {
    return this->EmplaceResultOf([&] {
      return WhenAny<T>{index, FutureOf<T>(this->input(index))};
    });
  }
};

template <FutureRange R>
std::vector<CoreRef<CoreBase>> CoresOf(R&& range, const char* what) {
  std::vector<CoreRef<CoreBase>> cores;
  for (const auto& future : range) {
    cores.push_back(CoreRef<CoreBase>::Share(FutureAccess::CoreOf(future, what)));
  }
  return cores;
}

template <typename R, typename C>
Future<R> Connect(C* core) {
  Future<R> future = FutureAccess::Make(CoreRef<Core<R>>(core));
  core->Connect();
  return future;
}

}  // namespace internal

template <internal::FutureRange R>
Future<internal::VectorOf<internal::RangeResult<R>>> when_all(R&& futures) {
  using T = internal::RangeResult<R>;
  return internal::Connect<internal::VectorOf<T>>(
      new internal::WhenAllOfRange<T>(internal::CoresOf(futures, "when_all")));
}

template <typename T>
Future<internal::VectorOf<T>> when_all(std::initializer_list<Future<T>> futures) {
  return when_all(std::span(futures.begin(), futures.size()));
}

template <typename... Ts>
Future<std::tuple<typename internal::Element<Ts>::type...>> when_all(Future<Ts>... futures) {
  std::vector<internal::CoreRef<internal::CoreBase>> cores;
  (cores.push_back(internal::CoreRef<internal::CoreBase>::Share(
       internal::FutureAccess::CoreOf(futures, "when_all"))),
   ...);
  return internal::Connect<std::tuple<typename internal::Element<Ts>::type...>>(
      new internal::WhenAllOfTuple<Ts...>(std::move(cores)));
}

template <internal::FutureRange R>
Future<WhenAny<internal::RangeResult<R>>> when_any(R&& futures) {
  using T = internal::RangeResult<R>;
  auto cores = internal::CoresOf(futures, "when_any");
  if (cores.empty()) throw std::invalid_argument("when_any: no futures, which would never be done");
  return internal::Connect<WhenAny<T>>(new internal::WhenAnyCore<T>(std::move(cores)));
}

template <typename T>
Future<WhenAny<T>> when_any(std::initializer_list<Future<T>> futures) {
  return when_any(std::span(futures.begin(), futures.size()));
}

template <typename T, std::same_as<Future<T>>... Rest>
Future<WhenAny<T>> when_any(Future<T> first, Rest... rest) {
  return when_any({std::move(first), std::move(rest)...});
}

}  // namespace cohort

#endif  // COHORT_FUTURES_COMBINATORS_H_
