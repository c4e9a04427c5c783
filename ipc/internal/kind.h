// What kind of thing a type is to the codecs, and what it is made of.
//
// `KindOf<T>()` looks at T alone, never at its members: those are its `Components`. So types that
// contain themselves, as trees do, need no special care here.

#ifndef COHORT_IPC_INTERNAL_KIND_H_
#define COHORT_IPC_INTERNAL_KIND_H_

#include <any>
#include <array>
#include <bitset>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "ipc/internal/archive.h"
#include "ipc/internal/fields.h"
#include "ipc/internal/type_list.h"
#include "ipc/internal/type_name.h"

namespace cohort::ipc {

// See codec.h.
template <typename T>
struct Codec;

namespace internal {

enum class Kind {
  // What users define.
  kUser,       // specialises Codec
  kSerialize,  // has a member serialize(Archive&)
  kProtobuf,
  kAggregate,
  // Bytes.
  kScalar,
  kBool,    // and enums on top of bool
  kOpaque,  // a trivially copyable class that keeps its members to itself
  kEmpty,
  // The standard library's and Abseil's.
  kCArray,
  kArray,
  kTuple,  // and pair
  kOptional,
  kVariant,
  kUniquePtr,
  kBitset,
  kBitVector,
  kSequence,
  kForwardList,
  kSet,
  kMap,
  kPath,
  kErrorCode,
  kErrorCondition,
  kStatus,
  kStatusOr,
  kCord,
  kAbslTime,
  kAbslDuration,
  // Views.
  kStringView,
  kSpan,
  // What cannot cross. check.h has a sentence for each.
  kFirstRefused,
  kPointer = kFirstRefused,
  kCString,
  kFunctionPointer,
  kMemberPointer,
  kReference,
  kSharedPtr,
  kOtherUniquePtr,
  kFunction,
  kLambda,
  kAny,
  kException,
  kHandle,
  kIterator,
  kMutableSpan,
  kSpanOfObjects,
  kLock,
  kUnion,
  kDerivedContainer,
  kStatefulContainer,
  kAggregateWithBase,
  kAggregateTooLarge,
  kNoDefault,
  kNotMovable,
  kNoCodec,
};

constexpr bool IsRefused(Kind kind) { return kind >= Kind::kFirstRefused; }

template <typename T>
consteval Kind KindOf();

// Things users define.

template <typename T>
concept HasCodec = requires {
  sizeof(Codec<T>);
};

template <typename T>
concept ProtobufLike = std::is_class_v<T> && std::is_default_constructible_v<T> &&
    requires(const T& message, T& parsed, const void* data, int size) {
  { message.SerializeAsString() } -> std::convertible_to<std::string>;
  { parsed.ParseFromArray(data, size) } -> std::convertible_to<bool>;
};

// Pieces of the standard library.

template <typename T>
inline constexpr bool kIsStdArray = false;
template <typename T, std::size_t kSize>
inline constexpr bool kIsStdArray<std::array<T, kSize>> = true;

template <typename T>
inline constexpr bool kIsBitset = false;
template <std::size_t kSize>
inline constexpr bool kIsBitset<std::bitset<kSize>> = true;

template <typename T>
inline constexpr bool kIsPlainUniquePtr = false;
template <typename T>
inline constexpr bool kIsPlainUniquePtr<std::unique_ptr<T>> = !std::is_array_v<T>;

template <typename T>
inline constexpr bool kIsBitVector = false;
template <typename A>
inline constexpr bool kIsBitVector<std::vector<bool, A>> = true;

template <typename T>
concept SourceLocationLike = requires(const T& place) {
  { place.file_name() } -> std::same_as<const char*>;
};

template <typename T>
inline constexpr bool kIsHandle =
    kIsA<T, std::coroutine_handle> || kIsA<T, std::initializer_list> || SourceLocationLike<T> ||
    kIsOneOf<T, std::type_index, std::thread::id, std::thread, std::jthread> ||
    kIsA<T, std::future> || kIsA<T, std::shared_future> || kIsA<T, std::promise>;

template <typename T>
inline constexpr bool kIsFunction = std::is_bind_expression_v<T>;
template <typename R, typename... Args>
inline constexpr bool kIsFunction<std::function<R(Args...)>> = true;
template <typename R, typename... Args>
inline constexpr bool kIsFunction<std::packaged_task<R(Args...)>> = true;

// Points to elements that something else owns.
template <typename T>
concept IteratorLike = std::ranges::enable_borrowed_range<T> || requires(T& it) {
  *it;
  ++it;
};

template <typename T>
concept LockLike = requires(T& lock) {
  lock.lock();
  lock.unlock();
};

// A view: trivially copyable, and points to elements that it does not own.
template <typename T>
concept SpanLike = std::is_class_v<T> && std::is_trivially_copyable_v<T> &&
    requires(const T& span) {
  requires std::is_pointer_v<decltype(span.data())>;
  requires std::constructible_from<T, decltype(span.data()), std::size_t>;
  { span.size() } -> std::convertible_to<std::size_t>;
};

template <typename T>
using SpanElement = std::remove_pointer_t<decltype(std::declval<const T&>().data())>;

template <typename T>
concept CharType = kIsOneOf<T, char, wchar_t, char8_t, char16_t, char32_t>;

// Containers, by what they offer: the standard library's, Abseil's and others like them. An
// allocator_type tells a container from a class that merely has elements among other things.

template <typename T>
concept ContainerLike = std::is_class_v<T> && std::is_default_constructible_v<T> &&
    std::is_move_constructible_v<T> && requires(const T& container) {
  typename T::value_type;
  typename T::allocator_type;
  requires std::is_lvalue_reference_v<decltype(*container.begin())>;
  container.end();
};

template <typename T>
concept SequenceLike = ContainerLike<T> && requires(T& to, typename T::value_type&& value) {
  to.push_back(std::move(value));
  { to.size() } -> std::convertible_to<std::size_t>;
};

template <typename T>
concept ForwardListLike = ContainerLike<T> && requires(T& to, typename T::value_type&& value) {
  to.insert_after(to.before_begin(), std::move(value));
};

template <typename T>
concept SetLike = ContainerLike<T> && requires(T& to, typename T::value_type&& value) {
  typename T::key_type;
  to.insert(to.end(), std::move(value));
  { to.size() } -> std::convertible_to<std::size_t>;
};

template <typename T>
concept MapLike = SetLike<T> && requires {
  typename T::mapped_type;
};

// What orders or hashes a container's keys is made anew in the other process.
template <typename T>
consteval bool HasStatelessKeys() {
  bool stateless = true;
  if constexpr (requires { typename T::key_compare; }) {
    stateless = std::is_empty_v<typename T::key_compare>;
  }
  if constexpr (requires {
                  typename T::hasher;
                  typename T::key_equal;
                }) {
    stateless = std::is_empty_v<typename T::hasher> && std::is_empty_v<typename T::key_equal>;
  }
  return stateless;
}

// A class that adds members to a container would lose them on the way.
template <typename T>
consteval bool DerivesFromContainer() {
  using V = typename T::value_type;
  using A = typename T::allocator_type;
  if constexpr (std::derived_from<T, std::vector<V, A>>) {
    return !std::is_same_v<T, std::vector<V, A>>;
  } else if constexpr (CharType<V>) {
    using String = std::basic_string<V, std::char_traits<V>, A>;
    return std::derived_from<T, String> && !std::is_same_v<T, String>;
  } else {
    return false;
  }
}

// The kinds, group by group. kNoCodec: none of this group.

template <typename T>
consteval Kind PointerKind() {
  using Target = std::remove_cv_t<std::remove_pointer_t<T>>;
  if constexpr (std::is_reference_v<T>) return Kind::kReference;
  if constexpr (std::is_member_pointer_v<T>) return Kind::kMemberPointer;
  if constexpr (std::is_function_v<Target>) return Kind::kFunctionPointer;
  if constexpr (std::is_pointer_v<T> && CharType<Target>) return Kind::kCString;
  if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) return Kind::kPointer;
  if constexpr (kIsA<T, std::reference_wrapper>) return Kind::kReference;
  if constexpr (kIsA<T, std::shared_ptr> || kIsA<T, std::weak_ptr>) return Kind::kSharedPtr;
  if constexpr (kIsA<T, std::unique_ptr>) return Kind::kOtherUniquePtr;
  return Kind::kNoCodec;
}

template <typename T>
inline constexpr bool kIsInt128 = kIsOneOf<T, __int128, unsigned __int128>;

template <typename T>
consteval Kind ScalarKind() {
  if constexpr (std::is_same_v<T, bool>) return Kind::kBool;
  if constexpr (std::is_enum_v<T>) {
    return std::is_same_v<std::underlying_type_t<T>, bool> ? Kind::kBool : Kind::kScalar;
  }
  if constexpr (std::is_arithmetic_v<T> || kIsInt128<T>) return Kind::kScalar;
  if constexpr (std::is_bounded_array_v<T>) return Kind::kCArray;
  return Kind::kNoCodec;
}

template <typename T>
consteval Kind UserKind() {
  if constexpr (HasSerialize<T>) {
    if (!std::is_move_constructible_v<T>) return Kind::kNotMovable;
    return Access::kDefaultConstructible<T> ? Kind::kSerialize : Kind::kNoDefault;
  }
  if constexpr (ProtobufLike<T>) return Kind::kProtobuf;
  return Kind::kNoCodec;
}

template <typename T>
consteval Kind StandardKind() {
  if constexpr (kIsStdArray<T>) return Kind::kArray;
  if constexpr (kIsA<T, std::tuple> || kIsA<T, std::pair>) return Kind::kTuple;
  if constexpr (kIsA<T, std::optional>) return Kind::kOptional;
  if constexpr (kIsA<T, std::variant>) return Kind::kVariant;
  if constexpr (kIsPlainUniquePtr<T>) return Kind::kUniquePtr;
  if constexpr (kIsBitset<T>) return Kind::kBitset;
  if constexpr (std::is_same_v<T, std::filesystem::path>) return Kind::kPath;
  if constexpr (std::is_same_v<T, std::error_code>) return Kind::kErrorCode;
  if constexpr (std::is_same_v<T, std::error_condition>) return Kind::kErrorCondition;
  return Kind::kNoCodec;
}

template <typename T>
consteval Kind AbseilKind() {
  if constexpr (std::is_same_v<T, absl::Status>) return Kind::kStatus;
  if constexpr (kIsA<T, absl::StatusOr>) return Kind::kStatusOr;
  if constexpr (std::is_same_v<T, absl::Cord>) return Kind::kCord;
  if constexpr (std::is_same_v<T, absl::Time>) return Kind::kAbslTime;
  if constexpr (std::is_same_v<T, absl::Duration>) return Kind::kAbslDuration;
  return Kind::kNoCodec;
}

template <typename T>
consteval Kind ContainerKind() {
  if constexpr (kIsBitVector<T>) return Kind::kBitVector;
  if constexpr (ContainerLike<T>) {
    if (!HasStatelessKeys<T>()) return Kind::kStatefulContainer;
    if (DerivesFromContainer<T>()) return Kind::kDerivedContainer;
  }
  if constexpr (MapLike<T>) return Kind::kMap;
  if constexpr (SequenceLike<T>) return Kind::kSequence;
  if constexpr (SetLike<T>) return Kind::kSet;
  if constexpr (ForwardListLike<T>) return Kind::kForwardList;
  return Kind::kNoCodec;
}

template <typename T>
consteval bool IsBytes();

template <typename T>
consteval Kind ViewKind() {
  if constexpr (SpanLike<T>) {
    using Element = SpanElement<T>;
    if constexpr (!std::is_const_v<Element>) {
      return Kind::kMutableSpan;
    } else if constexpr (!IsBytes<std::remove_const_t<Element>>()) {
      return Kind::kSpanOfObjects;
    } else {
      return CharType<std::remove_const_t<Element>> ? Kind::kStringView : Kind::kSpan;
    }
  }
  return Kind::kNoCodec;
}

template <typename T>
consteval Kind RefusedKind() {
  if constexpr (kIsFunction<T>) return Kind::kFunction;
  if constexpr (IsLambda<T>() && !std::is_empty_v<T>) return Kind::kLambda;
  if constexpr (std::is_same_v<T, std::any>) return Kind::kAny;
  if constexpr (std::is_same_v<T, std::exception_ptr>) return Kind::kException;
  if constexpr (kIsHandle<T>) return Kind::kHandle;
  if constexpr (LockLike<T>) return Kind::kLock;
  if constexpr (std::is_union_v<T>) return Kind::kUnion;
  if constexpr (IteratorLike<T>) return Kind::kIterator;
  return Kind::kNoCodec;
}

template <typename T>
consteval Kind ClassKind() {
  if constexpr (std::is_empty_v<T> && std::is_default_constructible_v<T> &&
                (std::is_trivially_copyable_v<T> || std::is_aggregate_v<T>)) {
    return Kind::kEmpty;
  } else if constexpr (std::is_aggregate_v<T>) {
    if constexpr (HasBase<T>) return Kind::kAggregateWithBase;
    return HasFields<T>() ? Kind::kAggregate : Kind::kAggregateTooLarge;
  } else if constexpr (!std::is_move_constructible_v<T>) {
    return Kind::kNotMovable;
  } else {
    return std::is_trivially_copyable_v<T> ? Kind::kOpaque : Kind::kNoCodec;
  }
}

// Of the first group that knows T.
template <typename T>
consteval Kind KindOf() {
  if constexpr (HasCodec<T>) {
    return Kind::kUser;
  } else if constexpr (constexpr Kind kScalar = ScalarKind<T>(); kScalar != Kind::kNoCodec) {
    return kScalar;
  } else if constexpr (constexpr Kind kStandard = StandardKind<T>(); kStandard != Kind::kNoCodec) {
    return kStandard;
  } else if constexpr (constexpr Kind kPointer = PointerKind<T>(); kPointer != Kind::kNoCodec) {
    return kPointer;
  } else if constexpr (!std::is_class_v<T> && !std::is_union_v<T>) {
    return Kind::kNoCodec;
  } else if constexpr (constexpr Kind kUser = UserKind<T>(); kUser != Kind::kNoCodec) {
    return kUser;
  } else if constexpr (constexpr Kind kAbseil = AbseilKind<T>(); kAbseil != Kind::kNoCodec) {
    return kAbseil;
  } else if constexpr (constexpr Kind kView = ViewKind<T>(); kView != Kind::kNoCodec) {
    return kView;
  } else if constexpr (constexpr Kind kRefused = RefusedKind<T>(); kRefused != Kind::kNoCodec) {
    return kRefused;
  } else if constexpr (constexpr Kind kContainer = ContainerKind<T>();
                       kContainer != Kind::kNoCodec) {
    return kContainer;
  } else {
    return ClassKind<T>();
  }
}

// What a value of type T is made of.

template <typename T>
struct ArgumentsOf;
template <template <typename...> class Template, typename... Ts>
struct ArgumentsOf<Template<Ts...>> {
  using Types = TypeList<Ts...>;
};

template <typename T, Kind kKind = KindOf<T>()>
struct ComponentsOf {
  using Types = TypeList<>;
};
template <typename T>
struct ComponentsOf<T, Kind::kAggregate> {
  using Types = FieldTypes<T>;
};
template <typename T>
struct ComponentsOf<T, Kind::kCArray> {
  using Types = TypeList<std::remove_extent_t<T>>;
};
template <typename T>
struct ComponentsOf<T, Kind::kArray> {
  using Types = TypeList<typename T::value_type>;
};
template <typename T>
struct ComponentsOf<T, Kind::kTuple> : ArgumentsOf<T> {};
template <typename T>
struct ComponentsOf<T, Kind::kVariant> : ArgumentsOf<T> {};
template <typename T>
struct ComponentsOf<T, Kind::kOptional> : ArgumentsOf<T> {};
template <typename T>
struct ComponentsOf<T, Kind::kStatusOr> : ArgumentsOf<T> {};
template <typename T>
struct ComponentsOf<T, Kind::kUniquePtr> {
  using Types = TypeList<typename T::element_type>;
};
template <typename T>
struct ComponentsOf<T, Kind::kSequence> {
  using Types = TypeList<typename T::value_type>;
};
template <typename T>
struct ComponentsOf<T, Kind::kForwardList> {
  using Types = TypeList<typename T::value_type>;
};
template <typename T>
struct ComponentsOf<T, Kind::kSet> {
  using Types = TypeList<typename T::value_type>;
};
template <typename T>
struct ComponentsOf<T, Kind::kMap> {
  using Types = TypeList<typename T::key_type, typename T::mapped_type>;
};

template <typename T>
using Components = typename ComponentsOf<T>::Types;

// Whether a value's bytes are all there is to it, any bytes being a value.

template <typename... Ts>
consteval bool AreBytes(TypeList<Ts...>) {
  return ((IsBytes<std::remove_cv_t<Ts>>() || KindOf<std::remove_cv_t<Ts>>() == Kind::kEmpty) &&
          ...);
}

template <typename T>
consteval bool IsBytes() {
  constexpr Kind kKind = KindOf<T>();
  if constexpr (kKind == Kind::kScalar || kKind == Kind::kOpaque) {
    return true;
  } else if constexpr (kKind == Kind::kAggregate || kKind == Kind::kArray ||
                       kKind == Kind::kCArray) {
    if constexpr (std::is_trivially_copyable_v<T> &&
                  std::is_move_constructible_v<std::remove_all_extents_t<T>>) {
      return AreBytes(Components<T>());
    }
    return false;
  } else {
    return false;
  }
}

}  // namespace internal
}  // namespace cohort::ipc

#endif  // COHORT_IPC_INTERNAL_KIND_H_
