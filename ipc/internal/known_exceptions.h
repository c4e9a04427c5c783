// The exception types that every process knows: how each is written and made again.

#ifndef COHORT_IPC_INTERNAL_KNOWN_EXCEPTIONS_H_
#define COHORT_IPC_INTERNAL_KNOWN_EXCEPTIONS_H_

#include <cstddef>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "ipc/message.h"

namespace cohort::ipc::internal {

struct KnownException {
  const char* name;            // the mangled name of the type
  const char* with_text_name;  // and of what it arrives as where its text is not its own

  // Writes `error`, which is of this type, with `text` for its text.
  void (*encode)(Writer& writer, const std::exception& error, const std::string& text);
  std::exception_ptr (*decode)(Reader& reader);

  bool Is(std::string_view mangled) const { return mangled == name || mangled == with_text_name; }
};

// In an order that is the same in every process of this build.
std::span<const KnownException> KnownExceptions() noexcept;

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_KNOWN_EXCEPTIONS_H_
