// How values cross a process boundary.
//
// These cross without any word from you, alone and inside one another:
//
//   bool, numbers, enums, trivially copyable classes     std::optional, variant, tuple, pair
//   std::string and its kin, filesystem::path            std::unique_ptr<T>, null or not
//   the standard containers, and Abseil's                std::chrono, complex, bitset, error_code
//   plain aggregates of up to 32 members                 absl::Status, StatusOr, Cord, Time,
//   Duration classes with a member serialize(Archive&)            protobuf messages
//
// `std::string_view` and `std::span<const T>` cross as well: what arrives is a view of the message,
// which must outlive it and lie in memory as a whole. Pointers, references and what hides them
// (std::shared_ptr, std::function, lambdas with captures, iterators, locks) are refused when
// compiled, with the reason and what to do instead.
//
// A class says how it crosses in one of two ways. With cereal's and Boost's convention, it is made
// by its default constructor and then filled:
//
//   class Account {
//    private:
//     friend struct cohort::ipc::Access;  // only where what follows is private
//     template <class Archive>
//     void serialize(Archive& ar) { ar(owner_, balance_); }  // or: ar & owner_ & balance_;
//
// Or by a codec, for instance of a class that has no default constructor:
//
//   template <>
//   struct cohort::ipc::Codec<Money> {
//     static void encode(Writer& writer, const Money& money) {
//       cohort::ipc::encode(writer, money.cents());
//     }
//     static Money decode(Reader& reader) { return Money(cohort::ipc::decode<int64_t>(reader)); }
//   };
//
// Nothing is promised of the bytes: both sides are the same build. Bytes that are no value of the
// type throw `CodecError`, whoever sent them; memory is allocated only for what has bytes behind
// it, and values nest at most 100 levels deep. Three things only the author of a type can know:
// - A trivially copyable class that is no aggregate is taken as its bytes, whatever it hides: if
//   that is a pointer, a bool or an invariant, write a codec.
// - An enum without an underlying type may arrive as any number of its bits.
// - A comparator's or hash function's state is not sent, so containers with one are refused.
//
// Thread safety: encoding reads the value only, and no state is shared.

#ifndef COHORT_IPC_CODEC_H_
#define COHORT_IPC_CODEC_H_

#include <string>
#include <type_traits>

#include "ipc/internal/archive.h"
#include "ipc/internal/check.h"
#include "ipc/internal/format.h"
#include "ipc/internal/format_containers.h"
#include "ipc/internal/format_foreign.h"
#include "ipc/internal/format_standard.h"
#include "ipc/internal/format_values.h"
#include "ipc/internal/kind.h"
#include "ipc/internal/type_name.h"
#include "ipc/message.h"

namespace cohort::ipc {

// What users specialise; it has no definition otherwise.
//   static void encode(Writer&, const T&);
//   static T decode(Reader&);
//   static constexpr bool kIsView = true;         // where the value points into the message
template <typename T>
struct Codec;

// Whether T, or what it decays to, crosses.
template <typename T>
concept Encodable = internal::FactsOf<std::decay_t<T>>()
.encodable;

// Whether en- or decoding a T calls code of users: a Codec, a serialize(), a protobuf message.
template <typename T>
inline constexpr bool kRunsUserCode = internal::FactsOf<std::decay_t<T>>().user_code;

// Whether a decoded T is, or has in it, a view of the message.
template <typename T>
inline constexpr bool kIsView = internal::FactsOf<std::decay_t<T>>().view;

// Stops the compiler at what does not cross, and says why.
template <typename T>
constexpr void check_encodable() {
  internal::CheckInside<std::decay_t<T>, T>();
}

// Appends `value`. Throws CodecError where it cannot cross after all: a variant that holds nothing,
// an error_code of an unknown category, more than 100 levels; and what users' codecs throw.
template <typename T>
void encode(Writer& writer, const T& value) {
  check_encodable<T>();
  if constexpr (Encodable<T>) internal::EncodeValue<std::decay_t<T>>(writer, value);
}

// Takes the next T from the message. Throws CodecError.
template <typename T>
std::decay_t<T> decode(Reader& reader) {
  check_encodable<T>();
  if constexpr (Encodable<T>) {
    try {
      return internal::DecodeValue<std::decay_t<T>>(reader);
    } catch (const CodecError& error) {
      if (error.names_type()) throw;
      throw CodecError(std::string(internal::TypeName<std::decay_t<T>>()), error);
    }
  } else {
    __builtin_unreachable();  // what is wrong has been said, and this would only repeat it
  }
}

}  // namespace cohort::ipc

#endif  // COHORT_IPC_CODEC_H_
