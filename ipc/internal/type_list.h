// A list of types, to be taken apart by templates.

#ifndef COHORT_IPC_INTERNAL_TYPE_LIST_H_
#define COHORT_IPC_INTERNAL_TYPE_LIST_H_

#include <type_traits>

namespace cohort::ipc::internal {

template <typename... Ts>
struct TypeList {};

template <typename T, template <typename...> class Template>
inline constexpr bool kIsA = false;
template <typename... Ts, template <typename...> class Template>
inline constexpr bool kIsA<Template<Ts...>, Template> = true;

template <typename T, typename... Ts>
inline constexpr bool kIsOneOf = (std::is_same_v<T, Ts> || ...);

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_TYPE_LIST_H_
