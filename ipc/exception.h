// How exceptions cross a process boundary.
//
// - An exception of the standard library arrives as the same type with the same text, and with its
//   code or paths where it has some; so do Cohort's own errors, WorkerDied with all its members.
// - A type of yours does so once the process where it arrives has called register_exception<E>();
//   it is made from the text that what() gave. E's constructor is expected to keep that as it is.
// - Anything else arrives as RemoteError, with the name of its type and its text: also a type that
//   derives from one of the above, and what is no std::exception (the value that was thrown is
//   its text where it is a number or a string).
//
// What std::throw_with_nested nested arrives as text: after the outer exception's own, a line
// "caused by: <type>: <text>" for each one below.
//
// Where the memory runs out in the middle of it, a RemoteError arrives that says so.
//
// Thread safety: all of this may be called by any thread at any time.
//
// Example:
//   class ParseError : public std::runtime_error { using std::runtime_error::runtime_error; };
//   ...
//   cohort::ipc::register_exception<ParseError>();  // in the parent, once

#ifndef COHORT_IPC_EXCEPTION_H_
#define COHORT_IPC_EXCEPTION_H_

#include <exception>
#include <string>
#include <type_traits>
#include <typeinfo>

#include "ipc/codec.h"
#include "ipc/message.h"

namespace cohort::ipc {
namespace internal {

using ExceptionMaker = std::exception_ptr (*)(const std::string& text);

void RegisterException(const std::type_info& type, ExceptionMaker maker);

template <typename E>
std::exception_ptr MakeFromText(const std::string& text) {
  if constexpr (std::is_constructible_v<E, const std::string&>) {
    return std::make_exception_ptr(E(text));
  } else {
    return std::make_exception_ptr(E(text.c_str()));
  }
}

}  // namespace internal

// From now on an E arrives here as an E. Again: nothing happens.
template <typename E>
void register_exception() {
  static_assert(
      std::is_constructible_v<E, const std::string&> || std::is_constructible_v<E, const char*>,
      "an exception arrives by its text: give it a constructor from a string");
  static_assert(std::is_copy_constructible_v<E>, "what is thrown must be copyable");
  internal::RegisterException(typeid(E), &internal::MakeFromText<E>);
}

// Appends `error`, which may be null. Never fails.
void encode_exception(Writer& writer, const std::exception_ptr& error) noexcept;

// Throws CodecError when the bytes are no exception.
std::exception_ptr decode_exception(Reader& reader);

template <>
struct Codec<std::exception_ptr> {
  static void encode(Writer& writer, const std::exception_ptr& error) {
    encode_exception(writer, error);
  }
  static std::exception_ptr decode(Reader& reader) { return decode_exception(reader); }
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_EXCEPTION_H_
