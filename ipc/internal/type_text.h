// The text of a type's or a constant's name, as the compiler has it: for messages, and equal in all
// processes of one build.

#ifndef COHORT_IPC_INTERNAL_TYPE_TEXT_H_
#define COHORT_IPC_INTERNAL_TYPE_TEXT_H_

#include <cstddef>
#include <string_view>

namespace cohort::ipc::internal {

// Of "... [with T = int; ...]" or "... [T = int]" what follows the first " = ".
consteval std::string_view ArgumentIn(std::string_view function, std::string_view rest) {
  const std::size_t equals = function.find(" = ");
  if (equals == std::string_view::npos) return function;
  function.remove_prefix(equals + 3);
  const std::size_t end = function.rfind(rest);
  return function.substr(0, end == std::string_view::npos ? function.rfind(']') : end);
}

// What GCC adds, because the functions return a std::string_view.
inline constexpr std::string_view kAlias = "; std::string_view = ";

template <typename T>
consteval std::string_view TypeText() {
  return ArgumentIn(__PRETTY_FUNCTION__, kAlias);
}

template <auto kValue>
consteval std::string_view ValueText() {
  return ArgumentIn(__PRETTY_FUNCTION__, kAlias);
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_TYPE_TEXT_H_
