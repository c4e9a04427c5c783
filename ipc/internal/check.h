// What the compiler is to say of a type that cannot cross, and what else is known of one
// beforehand.

#ifndef COHORT_IPC_INTERNAL_CHECK_H_
#define COHORT_IPC_INTERNAL_CHECK_H_

#include <type_traits>

#include "ipc/internal/kind.h"
#include "ipc/internal/type_list.h"

namespace cohort::ipc::internal {

// What holds of a type or of anything inside one.
struct Facts {
  bool encodable = true;
  bool user_code = false;
  bool view = false;

  constexpr Facts operator+(const Facts& other) const {
    return {encodable && other.encodable, user_code || other.user_code, view || other.view};
  }
};

// A codec of this library says that it runs nobody else's code, or that it gives a view.
template <typename T>
concept CodecIsOurs = requires {
  requires !Codec<T>::kRunsUserCode;
};
template <typename T>
concept CodecIsView = requires {
  requires Codec<T>::kIsView;
};

template <typename T>
consteval Facts OwnFacts() {
  constexpr Kind kKind = KindOf<T>();
  if constexpr (IsRefused(kKind)) return {.encodable = false};
  if constexpr (kKind == Kind::kUser) {
    return {.user_code = !CodecIsOurs<T>, .view = CodecIsView<T>};
  }
  return {.user_code = kKind == Kind::kSerialize || kKind == Kind::kProtobuf,
          .view = kKind == Kind::kStringView || kKind == Kind::kSpan};
}

template <typename T, typename... Above>
consteval Facts FactsOf();

template <typename... Above, typename... Ts>
consteval Facts FactsOfAll(TypeList<Ts...>) {
  return (Facts() + ... + FactsOf<std::remove_cv_t<Ts>, Above...>());
}

// `Above`: the aggregates around T. What is one of them has been looked at.
template <typename T, typename... Above>
consteval Facts FactsOf() {
  if constexpr (kIsOneOf<T, Above...>) {
    return {};
  } else if constexpr (KindOf<T>() == Kind::kAggregate) {
    return FactsOfAll<T, Above...>(Components<T>());
  } else {
    return OwnFacts<T>() + FactsOfAll<Above...>(Components<T>());
  }
}

// The sentences. The compiler's message shows `T` and what it was `FoundIn`.
template <typename T, typename FoundIn, Kind kKind = KindOf<T>()>
struct CrossesProcesses {
  static_assert(kKind != Kind::kPointer,
                "a pointer points to nothing in another process: pass the value itself, or a copy "
                "in a std::unique_ptr or a std::vector");
  static_assert(kKind != Kind::kCString,
                "a pointer to characters points to nothing in another process: pass a std::string");
  static_assert(kKind != Kind::kFunctionPointer,
                "a function pointer crosses by the function's identity: include ipc/callable.h");
  static_assert(kKind != Kind::kMemberPointer,
                "a member pointer crosses by the function's identity, where it is one of a "
                "function: include ipc/callable.h");
  static_assert(kKind != Kind::kReference,
                "a reference refers to nothing in another process: pass the value, and return what "
                "has changed");
  static_assert(
      kKind != Kind::kSharedPtr,
      "what a shared_ptr shares cannot be shared with another process: pass the value, or "
      "large data in a cohort::SharedBuffer");
  static_assert(kKind != Kind::kOtherUniquePtr,
                "a unique_ptr to an array, or with a deleter of its own, does not say what it "
                "holds: pass a std::vector, or specialise cohort::ipc::Codec");
  static_assert(kKind != Kind::kFunction,
                "a std::function does not show what it holds: pass a function or a captureless "
                "lambda, and its state as arguments");
  static_assert(kKind != Kind::kLambda,
                "a lambda with captures cannot cross to another process: pass the state as "
                "arguments");
  static_assert(kKind != Kind::kAny,
                "a std::any does not show what it holds: pass a std::variant of what it may be");
  static_assert(kKind != Kind::kException,
                "an exception_ptr has its codec in ipc/exception.h: include it");
  static_assert(kKind != Kind::kHandle,
                "a handle to something in this process means nothing in another: pass what it "
                "stands for");
  static_assert(kKind != Kind::kIterator,
                "an iterator or a view of something else's elements points to nothing in another "
                "process: pass the elements, in a std::vector");
  static_assert(kKind != Kind::kMutableSpan,
                "what is written to a span would stay in the other process: take a span<const T>, "
                "and return what has changed");
  static_assert(kKind != Kind::kSpanOfObjects,
                "a span can view plain bytes of a message only, not objects: take a std::vector");
  static_assert(kKind != Kind::kLock,
                "a lock means nothing in another process: pass the data that it guards");
  static_assert(kKind != Kind::kUnion,
                "a union does not show what it holds: pass a std::variant, or specialise "
                "cohort::ipc::Codec");
  static_assert(kKind != Kind::kDerivedContainer,
                "a class derived from a container would lose its own members: make the container a "
                "member, or specialise cohort::ipc::Codec");
  static_assert(kKind != Kind::kStatefulContainer,
                "the state of this container's comparator or hash would be lost: use one without "
                "state, or specialise cohort::ipc::Codec");
  static_assert(kKind != Kind::kAggregateWithBase,
                "an aggregate with a base class cannot be taken apart: make the base a member, or "
                "give the class a member template serialize(Archive&)");
  static_assert(kKind != Kind::kAggregateTooLarge,
                "an aggregate of more than 32 members, or with a reference member, cannot be taken "
                "apart: group the members, or give it a member template serialize(Archive&)");
  static_assert(kKind != Kind::kNoDefault,
                "a class with serialize() is filled after it was made: give it a default "
                "constructor (private will do, with `friend struct cohort::ipc::Access`)");
  static_assert(kKind != Kind::kNotMovable,
                "what cannot be moved cannot arrive: pass its contents");
  static_assert(kKind != Kind::kNoCodec,
                "a type without a codec: give it a member template serialize(Archive&), make it a "
                "plain aggregate, or specialise cohort::ipc::Codec");
};

template <typename T, typename FoundIn, typename... Above>
consteval void CheckInside();

template <typename Owner, typename... Above, typename... Ts>
consteval void CheckAll(TypeList<Ts...>) {
  (CheckInside<std::remove_cv_t<Ts>, Owner, Above...>(), ...);
}

// Instantiates CrossesProcesses for what is refused inside T, and for nothing else.
template <typename T, typename FoundIn, typename... Above>
consteval void CheckInside() {
  if constexpr (kIsOneOf<T, Above...>) {
  } else if constexpr (IsRefused(KindOf<T>())) {
    (void)sizeof(CrossesProcesses<T, FoundIn>);
  } else if constexpr (KindOf<T>() == Kind::kAggregate) {
    CheckAll<T, T, Above...>(Components<T>());
  } else {
    CheckAll<T, Above...>(Components<T>());
  }
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_CHECK_H_
