// Which ranges own their elements.

#ifndef COHORT_FUTURES_INTERNAL_OWNING_RANGE_H_
#define COHORT_FUTURES_INTERNAL_OWNING_RANGE_H_

#include <ranges>
#include <type_traits>

namespace cohort::internal {

// Whether a range, given as `R&&`, was given away and owns its elements, so that they can be moved
// from. What only refers to them, such as a span, lets them be changed through a constant range,
// too.
template <typename R>
concept OwningRvalue =
    !std::is_lvalue_reference_v<R> && !std::ranges::view<R> && std::ranges::range<const R> &&
    std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<const R>>>;

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_OWNING_RANGE_H_
