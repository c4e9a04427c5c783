// Drawing elements from the ranges that map() is given.

#ifndef COHORT_POOLS_INTERNAL_MAP_INPUT_H_
#define COHORT_POOLS_INTERNAL_MAP_INPUT_H_

#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>

#include "futures/internal/owning_range.h"

namespace cohort::internal {

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

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_MAP_INPUT_H_
