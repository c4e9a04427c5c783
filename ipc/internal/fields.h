// The members of a plain aggregate, without a word from its author.
//
// How many there are is found by trying initialisers; what they are, by a structured binding. A
// class with bases is no plain aggregate here, nor is one of more than kMaxFields members.
//
// A member without a default value makes it count in another way, which takes each element of an
// array for a member: a class that has both needs a codec of its own.

#ifndef COHORT_IPC_INTERNAL_FIELDS_H_
#define COHORT_IPC_INTERNAL_FIELDS_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "ipc/internal/field_lists.inc"
#include "ipc/internal/type_list.h"

namespace cohort::ipc::internal {

inline constexpr std::size_t kMaxFields = 32;

// Initialises any member, in an expression that is never evaluated. (Clang 14 wants a body even so,
// where the member's type has no linkage.)
struct AnyField {
  template <typename T>
  operator T() const {
    __builtin_unreachable();
  }
};

template <typename Derived>
struct AnyBase {
  template <typename T>
  requires(std::is_base_of_v<T, Derived> && !std::is_same_v<T, Derived>) operator T() const;
};

struct Unrelated {};

// A first member that takes anything, as std::any does, is no base.
template <typename T>
concept HasBase = requires {
  T{AnyBase<T>{}};
}
&&!requires { T{Unrelated{}}; };

// By `{}`, which initialises an array as a whole: how many members, and whether that is all.
struct FieldCount {
  std::size_t count = 0;
  bool complete = false;
};

template <typename T>
consteval FieldCount CountByBraces() {
  FieldCount found;
#define COHORT_COUNT(N)                                      \
  if constexpr (requires { T{COHORT_BRACES_##N}; }) {        \
    found = {N, !requires {T{COHORT_BRACES_##N, AnyField{}}; \
  }                                                          \
  }                                                          \
  ;                                                          \
  }
  COHORT_EACH_COUNT(COHORT_COUNT)
#undef COHORT_COUNT
  return found;
}

template <typename T, std::size_t... kIndices>
consteval bool TakesAny(std::index_sequence<kIndices...>) {
  return requires { T{(void(kIndices), AnyField{})...}; };
}

template <typename T, std::size_t kCount = kMaxFields + 1>
consteval std::size_t CountByAny() {
  if constexpr (kCount == 0 || TakesAny<T>(std::make_index_sequence<kCount>())) {
    return kCount;
  } else {
    return CountByAny<T, kCount - 1>();
  }
}

template <typename T>
consteval std::size_t CountFields() {
  constexpr FieldCount kByBraces = CountByBraces<T>();
  return kByBraces.complete ? kByBraces.count : CountByAny<T>();
}

// Whether the members of the aggregate T can be told apart.
template <typename T>
consteval bool HasFields() {
  constexpr std::size_t kCount = CountFields<T>();
  return kCount != 0 && kCount <= kMaxFields;
}

template <typename T>
auto FieldTypesOf(T& value) {
  constexpr std::size_t kCount = CountFields<T>();
#define COHORT_TYPES(N)                  \
  if constexpr (kCount == N) {           \
    auto& [COHORT_NAMES_##N] = value;    \
    return TypeList<COHORT_TYPES_##N>(); \
  }
  COHORT_EACH_COUNT(COHORT_TYPES)
#undef COHORT_TYPES
}

template <typename T>
using FieldTypes = decltype(FieldTypesOf(std::declval<T&>()));

// f(members...), by reference.
template <typename T, typename F>
auto WithFields(T& value, F f) {
  constexpr std::size_t kCount = CountFields<std::remove_const_t<T>>();
#define COHORT_CALL(N)                \
  if constexpr (kCount == N) {        \
    auto& [COHORT_NAMES_##N] = value; \
    return f(COHORT_NAMES_##N);       \
  }
  COHORT_EACH_COUNT(COHORT_CALL)
#undef COHORT_CALL
}

}  // namespace cohort::ipc::internal

#include "ipc/internal/field_lists.inc"

#endif  // COHORT_IPC_INTERNAL_FIELDS_H_
