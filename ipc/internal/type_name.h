// The name of a type as the compiler writes it, for messages to people.

#ifndef COHORT_IPC_INTERNAL_TYPE_NAME_H_
#define COHORT_IPC_INTERNAL_TYPE_NAME_H_

#include <string_view>
#include <type_traits>

namespace cohort::ipc::internal {

template <typename T>
constexpr const char* PrettyFunction() {
  return __PRETTY_FUNCTION__;  // "... PrettyFunction() [with T = int]"
}

template <typename T>
constexpr std::string_view TypeName() {
  constexpr std::string_view kPretty = PrettyFunction<T>();
  constexpr std::string_view kBefore = "T = ";
  constexpr std::size_t kBegin = kPretty.find(kBefore) + kBefore.size();
  return kPretty.substr(kBegin, kPretty.size() - 1 - kBegin);
}

// Where the bracket opens that the last character closes; npos where it closes none.
constexpr std::size_t MatchingBracket(std::string_view name) {
  if (name.empty()) return std::string_view::npos;
  const char close = name.back();
  const char open = close == '>' ? '<' : '(';
  if (close != '>' && close != ')') return std::string_view::npos;
  int depth = 0;
  for (std::size_t i = name.size(); i-- > 0;) {
    if (name[i] == close) ++depth;
    if (name[i] == open && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// No trait tells a closure's type, but compilers name it: "f()::<lambda(int)>", or "(lambda at".
template <typename T>
constexpr bool IsLambda() {
  if constexpr (std::is_class_v<T>) {
    constexpr std::string_view kName = TypeName<T>();
    constexpr std::size_t kOpen = MatchingBracket(kName);
    return kOpen != std::string_view::npos && kName.substr(kOpen + 1).starts_with("lambda");
  } else {
    return false;
  }
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_TYPE_NAME_H_
