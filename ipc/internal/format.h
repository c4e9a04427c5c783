// How each kind of value is written and read: one `Format` for a kind.
//
//   static consteval std::size_t MinBytes();   // 0 where nothing is known
//   static void Encode(Writer&, const T&);
//   static T Decode(Reader&);
//
// A format writes something for every value, or says by MinBytes() that it may not.

#ifndef COHORT_IPC_INTERNAL_FORMAT_H_
#define COHORT_IPC_INTERNAL_FORMAT_H_

#include <cstddef>
#include <type_traits>

#include "ipc/internal/kind.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

template <typename T, Kind kKind = KindOf<T>()>
struct Format;

template <typename T>
using FormatOf = Format<std::remove_cv_t<T>>;

template <typename T>
void EncodeValue(Writer& writer, const T& value) {
  FormatOf<T>::Encode(writer, value);
}

template <typename T>
std::remove_cv_t<T> DecodeValue(Reader& reader) {
  return FormatOf<T>::Decode(reader);
}

// What Encode writes for a T at the least; at least one for what ReadCount is to multiply.
template <typename T>
consteval std::size_t MinBytes() {
  return FormatOf<T>::MinBytes();
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_FORMAT_H_
