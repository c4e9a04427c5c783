// Identity of functions in processes of the same build.
//
// An entry is a function that another process may be asked to run: a trampoline that decodes its
// arguments from a Call, calls, and encodes the result. Naming one by registered_entry<>() puts it
// into this process's list before main() begins, or while its library is being loaded. What comes
// from another process is looked up there, and is refused unless it names a function of the list,
// of the very same build and with the same signature: it is either the right function or an
// IdentityError, never a wrong call.
//
//   void AddEntry(Call& call);  // decodes two ints, returns one
//
//   const RegisteredEntry& entry = registered_entry<&AddEntry, int(int, int)>();
//   encode_entry(writer, entry);                // here
//   decode_entry(reader).entry(call);           // there
//
// Pointers to functions and to member functions are encodable values: they cross as the place of
// their code (ipc/module.h). These need no registration, so that any place in the program's code
// passes: whoever receives one from a process that he does not trust must not call it.
//
// Lifetime: a RegisteredEntry is as long-lived as its module. A library whose entry was decoded
// here stays loaded for good. Thread safety: all of it may be used by any thread at any time.
// Blocks: only where an entry is seen for the first time, as ipc/module.h says.
// Throws: IdentityError; CodecError where bytes are missing.

#ifndef COHORT_IPC_CALLABLE_H_
#define COHORT_IPC_CALLABLE_H_

#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "ipc/internal/text_hash.h"
#include "ipc/internal/type_text.h"
#include "ipc/message.h"
#include "ipc/module.h"

namespace cohort::ipc {

class Call;  // ipc/call.h
template <typename T>
struct Codec;  // ipc/codec.h

using Entry = void (*)(Call& call);

struct RegisteredEntry {
  constexpr RegisteredEntry(Entry the_entry, uint64_t hash, std::string_view text) noexcept
      : entry(the_entry), signature_hash(hash), name(text) {}
  RegisteredEntry(const RegisteredEntry&) = delete;
  RegisteredEntry& operator=(const RegisteredEntry&) = delete;

  const Entry entry;
  const uint64_t signature_hash;
  const std::string_view name;  // for people

  // Of the library: the list, and what encode_entry() writes, from the first time on.
  const RegisteredEntry* next = nullptr;
  mutable std::atomic<const std::string*> encoded{nullptr};
};

// `Signature` is any type that both sides must agree on. `Named` is the type whose name stands for
// the entry in messages; without one it is the name of the function itself.
template <Entry kEntry, typename Signature, typename Named = void>
const RegisteredEntry& registered_entry() noexcept;

void encode_entry(Writer& writer, const RegisteredEntry& entry);
const RegisteredEntry& decode_entry(Reader& reader);

template <>
struct Codec<CodeId> {
  static constexpr bool kRunsUserCode = false;
  static void encode(Writer& writer, const CodeId& id);
  static CodeId decode(Reader& reader);
};

namespace internal {

void EncodeFunction(Writer& writer, const void* function);
const void* DecodeFunction(Reader& reader);

// A pointer to member function as the Itanium C++ ABI has it, with the flag for virtual functions
// taken out.
struct MemberFunction {
  bool is_null;
  bool is_virtual;
  uintptr_t target;    // an address, or an offset in the table of virtual functions
  int64_t adjustment;  // of `this`
};
inline constexpr std::size_t kMemberFunctionSize = 2 * sizeof(void*);

void EncodeMemberFunction(Writer& writer, const void* pointer);
void DecodeMemberFunction(Reader& reader, void* pointer);

// Adds an entry to the list for as long as its module is loaded.
class Registrar {
 public:
  explicit Registrar(RegisteredEntry& entry) noexcept;
  ~Registrar();
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

 private:
  RegisteredEntry& entry_;
};

template <Entry kEntry, typename Named>
consteval std::string_view EntryName() {
  if constexpr (std::is_void_v<Named>) {
    constexpr std::string_view kText = ValueText<kEntry>();
    return kText.starts_with('&') ? kText.substr(1) : kText;
  } else {
    return TypeText<Named>();
  }
}

// Hidden, so that each module has its own: as symbols that all modules share they would keep the
// first of these from being unloaded.
template <Entry kEntry, typename Signature, typename Named>
struct __attribute__((visibility("hidden"))) Registration {
  static inline constinit RegisteredEntry entry{kEntry, HashOf(TypeText<Signature>()),
                                                EntryName<kEntry, Named>()};
  static inline const Registrar registrar{entry};
};

}  // namespace internal

template <Entry kEntry, typename Signature, typename Named>
const RegisteredEntry& registered_entry() noexcept {
  using Registration = internal::Registration<kEntry, Signature, Named>;
  (void)&Registration::registrar;  // this use is what makes the compiler emit it
  return Registration::entry;
}

template <typename Function>
requires std::is_function_v<Function>
struct Codec<Function*> {
  static constexpr bool kRunsUserCode = false;

  static void encode(Writer& writer, Function* const& function) {
    internal::EncodeFunction(writer, reinterpret_cast<const void*>(function));
  }
  static Function* decode(Reader& reader) {
    return reinterpret_cast<Function*>(const_cast<void*>(internal::DecodeFunction(reader)));
  }
};

template <typename Function, typename Class>
requires std::is_function_v<Function>
struct Codec<Function Class::*> {
  using Pointer = Function Class::*;
  static constexpr bool kRunsUserCode = false;
  static_assert(sizeof(Pointer) == internal::kMemberFunctionSize,
                "pointers to member functions are not as in the Itanium C++ ABI");

  static void encode(Writer& writer, const Pointer& pointer) {
    internal::EncodeMemberFunction(writer, &pointer);
  }
  static Pointer decode(Reader& reader) {
    Pointer pointer;
    internal::DecodeMemberFunction(reader, &pointer);
    return pointer;
  }
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_CALLABLE_H_
