// Ranges of futures, as the functions over many futures take them.

#ifndef COHORT_FUTURES_INTERNAL_FUTURE_RANGE_H_
#define COHORT_FUTURES_INTERNAL_FUTURE_RANGE_H_

#include <ranges>

#include "futures/future.h"

namespace cohort::internal {

template <typename R>
concept FutureRange =
    std::ranges::input_range<R> && FutureTraits<std::ranges::range_value_t<R>>::kIsFuture;

// The T of a range of Future<T>.
template <FutureRange R>
using RangeResult = typename FutureTraits<std::ranges::range_value_t<R>>::Flat;

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_FUTURE_RANGE_H_
