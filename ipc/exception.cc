#include "ipc/exception.h"

#include <cxxabi.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "ipc/codec.h"
#include "ipc/internal/known_exceptions.h"
#include "ipc/message.h"

namespace cohort::ipc {
namespace {

using internal::ExceptionMaker;
using internal::KnownException;
using internal::KnownExceptions;

// The first byte. A type that is known: kFirstKnown and its place among them.
constexpr uint8_t kNull = 0;
constexpr uint8_t kLost = 1;   // no memory to say more
constexpr uint8_t kOther = 2;  // the type's mangled name, its name for people, and the text
constexpr uint8_t kFirstKnown = 3;

constexpr char kNoText[] = "(no text)";

// Names of types.

std::string Demangle(const char* mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
  return name ? name.get() : mangled;
}

// std::throw_with_nested(E()) throws a type made for it: std::_Nested_exception<E>.
std::string_view WithoutNested(std::string_view mangled) {
  constexpr std::string_view kBegin = "St17_Nested_exceptionI";
  if (!mangled.starts_with(kBegin)) return mangled;
  return mangled.substr(kBegin.size(), mangled.size() - kBegin.size() - 1);
}

std::string NameOf(const char* mangled) {
  constexpr std::string_view kBegin = "std::_Nested_exception<";
  std::string name = Demangle(mangled);
  if (!name.starts_with(kBegin)) return name;
  name.pop_back();
  if (name.back() == ' ') name.pop_back();
  return name.substr(kBegin.size());
}

// What is to be told of an exception.
struct Told {
  const char* mangled = "";
  std::string text;
  std::exception_ptr cause;
};

std::string TextOf(const std::exception& error) {
  const char* text = error.what();
  return text != nullptr ? text : kNoText;
}

std::exception_ptr CauseOf(const std::nested_exception* error) {
  return error != nullptr ? error->nested_ptr() : nullptr;
}

// The value that was thrown where it is one of a few that people throw.
std::string TextOfValue() {
  try {
    throw;
  } catch (const char* text) {
    return text != nullptr ? text : kNoText;
  } catch (const std::string& text) {
    return text.c_str();  // as what() would show it
  } catch (std::string_view text) {
    return std::string(text.substr(0, text.find('\0')));
  } catch (bool value) {
    return value ? "true" : "false";
  } catch (char value) {
    return {value};
  } catch (int value) {
    return std::to_string(value);
  } catch (unsigned value) {
    return std::to_string(value);
  } catch (long value) {
    return std::to_string(value);
  } catch (unsigned long value) {
    return std::to_string(value);
  } catch (long long value) {
    return std::to_string(value);
  } catch (unsigned long long value) {
    return std::to_string(value);
  } catch (double value) {
    return std::to_string(value);
  } catch (float value) {
    return std::to_string(value);
  } catch (...) {
    return kNoText;
  }
}

std::exception_ptr CauseOfCurrent() {
  try {
    throw;
  } catch (const std::nested_exception& error) {
    return error.nested_ptr();
  } catch (...) {
    return nullptr;
  }
}

const char* MangledNameOfCurrent() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  return type != nullptr ? type->name() : "an exception of another language";
}

Told TellOf(const std::exception& error) {
  return {typeid(error).name(), TextOf(error),
          CauseOf(dynamic_cast<const std::nested_exception*>(&error))};
}

Told TellOfCurrent() {
  try {
    throw;
  } catch (const std::exception& error) {
    return TellOf(error);
  } catch (...) {
    return {MangledNameOfCurrent(), TextOfValue(), CauseOfCurrent()};
  }
}

// The lines for `cause` and what is below it.
std::string CausesOf(std::exception_ptr cause) {
  std::string lines;
  for (int depth = 0; cause != nullptr && depth < kMaxDepth; ++depth) {
    Told told;
    try {
      std::rethrow_exception(cause);
    } catch (...) {
      told = TellOfCurrent();
    }
    lines += "\ncaused by: " + NameOf(told.mangled) + ": " + told.text;
    cause = std::move(told.cause);
  }
  return lines;
}

// Encoding.

bool EncodeKnown(Writer& writer, const std::exception& error, const Told& told) {
  const std::string_view mangled = WithoutNested(told.mangled);
  const auto known = KnownExceptions();
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (!known[i].Is(mangled)) continue;
    encode(writer, static_cast<uint8_t>(kFirstKnown + i));
    known[i].encode(writer, error, told.text);
    return true;
  }
  return false;
}

void EncodeOther(Writer& writer, const Told& told) {
  encode(writer, kOther);
  encode(writer, std::string(WithoutNested(told.mangled)));
  encode(writer, NameOf(told.mangled));
  encode(writer, told.text);
}

void EncodeThrown(Writer& writer, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& thrown) {
    Told told = TellOf(thrown);
    told.text += CausesOf(told.cause);
    if (!EncodeKnown(writer, thrown, told)) EncodeOther(writer, told);
  } catch (...) {
    Told told = TellOfCurrent();
    told.text += CausesOf(told.cause);
    EncodeOther(writer, told);
  }
}

// A message of its own, so that nothing is left half written where memory runs out.
std::vector<std::byte> EncodedAlone(const std::exception_ptr& error) {
  Message message;
  Writer writer(message);
  EncodeThrown(writer, error);
  std::vector<std::byte> bytes(message.size());
  message.CopyTo(bytes.data());
  return bytes;
}

// One byte, for which there is nearly always room.
void EncodeLost(Writer& writer) noexcept {
  try {
    writer.WriteRaw(kLost);
  } catch (...) {
  }
}

// Decoding.

class Registry {
 public:
  static Registry& Get() {
    static auto* const registry = new Registry;  // never destroyed: threads may outlive main()
    return *registry;
  }

  void Add(const char* mangled, ExceptionMaker maker) {
    const std::lock_guard lock(mutex_);
    makers_[mangled] = maker;
  }

  ExceptionMaker Find(const std::string& mangled) {
    const std::lock_guard lock(mutex_);
    const auto found = makers_.find(mangled);
    return found != makers_.end() ? found->second : nullptr;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, ExceptionMaker> makers_;
};

// Null where the type's constructor wants none of that text.
std::exception_ptr MakeRegistered(const std::string& mangled, const std::string& text) {
  const ExceptionMaker maker = Registry::Get().Find(mangled);
  if (maker == nullptr) return nullptr;
  try {
    return maker(text);
  } catch (...) {
    return nullptr;
  }
}

std::exception_ptr DecodeOther(Reader& reader) {
  const auto mangled = decode<std::string>(reader);
  auto name = decode<std::string>(reader);
  const auto text = decode<std::string>(reader);
  if (std::exception_ptr made = MakeRegistered(mangled, text)) return made;
  return std::make_exception_ptr(RemoteError(std::move(name), text));
}

std::exception_ptr LostError() {
  return std::make_exception_ptr(
      RemoteError("an exception", "(type and text were lost: the process was out of memory)"));
}

std::exception_ptr DecodeKnown(Reader& reader, std::size_t index) {
  const auto known = KnownExceptions();
  if (index >= known.size()) {
    reader.Fail("exception type " + std::to_string(index) + " of " + std::to_string(known.size()));
  }
  return known[index].decode(reader);
}

}  // namespace

void internal::RegisterException(const std::type_info& type, ExceptionMaker maker) {
  Registry::Get().Add(type.name(), maker);
}

void encode_exception(Writer& writer, const std::exception_ptr& error) noexcept {
  try {
    if (error == nullptr) return writer.WriteRaw(kNull);
    const std::vector<std::byte> bytes = EncodedAlone(error);
    writer.Write(bytes.data(), bytes.size());
  } catch (...) {
    EncodeLost(writer);
  }
}

std::exception_ptr decode_exception(Reader& reader) {
  const auto first = decode<uint8_t>(reader);
  if (first == kNull) return nullptr;
  if (first == kLost) return LostError();
  if (first == kOther) return DecodeOther(reader);
  return DecodeKnown(reader, first - kFirstKnown);
}

}  // namespace cohort::ipc
