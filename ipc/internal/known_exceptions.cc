#include "ipc/internal/known_exceptions.h"

#include <any>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include "futures/errors.h"
#include "ipc/codec.h"
#include "ipc/internal/error_category.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {
namespace {

// An E whose text is not what its own constructors would give it.
template <typename E>
class WithText : public E {
 public:
  WithText(E error, const std::string& text)
      : E(std::move(error)), text_(std::make_shared<const std::string>(text)) {}
  const char* what() const noexcept override { return text_->c_str(); }

 private:
  std::shared_ptr<const std::string> text_;  // shared: a copy of an exception must not throw
};

// `error` itself if that is its text already.
template <typename E>
std::exception_ptr GiveText(E error, const std::string& text) {
  if (error.what() == text) return std::make_exception_ptr(std::move(error));
  return std::make_exception_ptr(WithText<E>(std::move(error), text));
}

// What what() gave: it ends where what() would.
std::string DecodeWhat(Reader& reader) { return decode<std::string>(reader).c_str(); }

// Types that are no more than their text.

template <typename E>
E MakeText(const std::string& text) {
  if constexpr (std::is_constructible_v<E, const std::string&>) {
    return E(text);
  } else {
    return E();
  }
}

void EncodeText(Writer& writer, const std::exception&, const std::string& text) {
  encode(writer, text);
}

template <typename E>
std::exception_ptr DecodeText(Reader& reader) {
  const std::string text = DecodeWhat(reader);
  return GiveText(MakeText<E>(text), text);
}

template <typename E>
KnownException Text() {
  return {typeid(E).name(), typeid(WithText<E>).name(), &EncodeText, &DecodeText<E>};
}

// Types with an error_code.

// Stands for a category that only the process had which threw.
class OtherCategory : public std::error_category {
 public:
  const char* name() const noexcept override { return "of another process"; }
  std::string message(int value) const override {
    return "error " + std::to_string(value) + " of another process's category";
  }
};

const std::error_category& GetOtherCategory() {
  static const OtherCategory category;
  return category;
}

void EncodeCode(Writer& writer, const std::error_code& code) {
  const bool known = KnownCategory(code.category()).has_value();
  encode(writer, known);
  if (known) {
    encode(writer, code);
  } else {
    encode(writer, code.value());
  }
}

std::error_code DecodeCode(Reader& reader) {
  if (decode<bool>(reader)) return decode<std::error_code>(reader);
  return {decode<int>(reader), GetOtherCategory()};
}

// What was given to the constructor that appended ": <message>".
std::string Given(const std::string& text, const std::error_code& code) {
  const std::string appended = ": " + code.message();
  return text.ends_with(appended) ? text.substr(0, text.size() - appended.size()) : text;
}

template <typename E>
void EncodeWithCode(Writer& writer, const std::exception& error, const std::string& text) {
  EncodeCode(writer, dynamic_cast<const E&>(error).code());
  encode(writer, text);
}

std::exception_ptr DecodeSystemError(Reader& reader) {
  const std::error_code code = DecodeCode(reader);
  const std::string text = DecodeWhat(reader);
  if (text == code.message()) return GiveText(std::system_error(code), text);
  return GiveText(std::system_error(code, Given(text, code)), text);
}

std::exception_ptr DecodeIosFailure(Reader& reader) {
  const std::error_code code = DecodeCode(reader);
  const std::string text = DecodeWhat(reader);
  return GiveText(std::ios_base::failure(Given(text, code), code), text);
}

std::exception_ptr DecodeFutureError(Reader& reader) {
  const std::error_code code = DecodeCode(reader);
  const std::string text = DecodeWhat(reader);
  return GiveText(std::future_error(static_cast<std::future_errc>(code.value())), text);
}

// The text in front of the paths has to be asked for by the base's name.
void EncodeFilesystemError(Writer& writer, const std::exception& error, const std::string& text) {
  const auto& typed = dynamic_cast<const std::filesystem::filesystem_error&>(error);
  EncodeCode(writer, typed.code());
  encode(writer, std::string(typed.std::system_error::what()));
  encode(writer, typed.path1());
  encode(writer, typed.path2());
  encode(writer, text);
}

std::filesystem::filesystem_error MakeFilesystemError(const std::string& given,
                                                      const std::filesystem::path& path1,
                                                      const std::filesystem::path& path2,
                                                      const std::error_code& code) {
  using Error = std::filesystem::filesystem_error;
  if (path1.empty() && path2.empty()) return Error(given, code);
  return path2.empty() ? Error(given, path1, code) : Error(given, path1, path2, code);
}

std::exception_ptr DecodeFilesystemError(Reader& reader) {
  const std::error_code code = DecodeCode(reader);
  const std::string given = Given(DecodeWhat(reader), code);
  const auto path1 = decode<std::filesystem::path>(reader);
  const auto path2 = decode<std::filesystem::path>(reader);
  return GiveText(MakeFilesystemError(given, path1, path2, code), DecodeWhat(reader));
}

void EncodeRegexError(Writer& writer, const std::exception& error, const std::string& text) {
  encode(writer, static_cast<int>(dynamic_cast<const std::regex_error&>(error).code()));
  encode(writer, text);
}

std::exception_ptr DecodeRegexError(Reader& reader) {
  const auto code = decode<int>(reader);
  if (code < 0 || code > std::regex_constants::_S_grammar)
    reader.Fail("regex error " + std::to_string(code));
  const auto typed = static_cast<std::regex_constants::error_type>(code);
  return GiveText(std::regex_error(typed), DecodeWhat(reader));
}

// Cohort's own with members.

void EncodeWorkerDied(Writer& writer, const std::exception& error, const std::string& text) {
  const auto& typed = dynamic_cast<const WorkerDied&>(error);
  encode(writer, WorkerDeath{typed.task(), typed.pid(), typed.signal(), typed.exit_status(),
                             typed.backtrace()});
  encode(writer, text);
}

std::exception_ptr DecodeWorkerDied(Reader& reader) {
  auto death = decode<WorkerDeath>(reader);
  const std::string text = DecodeWhat(reader);
  return std::make_exception_ptr(WorkerDied(text, std::move(death)));
}

// Its text is "<type>: <text>".
void EncodeRemoteError(Writer& writer, const std::exception& error, const std::string& text) {
  const std::string& type_name = dynamic_cast<const RemoteError&>(error).type_name();
  const std::string prefix = type_name + ": ";
  encode(writer, type_name);
  encode(writer, text.starts_with(prefix) ? text.substr(prefix.size()) : text);
}

std::exception_ptr DecodeRemoteError(Reader& reader) {
  auto type_name = decode<std::string>(reader);
  const std::string text = DecodeWhat(reader);
  return std::make_exception_ptr(RemoteError(std::move(type_name), text));
}

template <typename E>
KnownException Typed(decltype(KnownException::encode) encode,
                     decltype(KnownException::decode) decode) {
  return {typeid(E).name(), typeid(WithText<E>).name(), encode, decode};
}

// What the library's own streams throw: a type of its own, derived from ios_base::failure.
constexpr char kThrownByStreams[] = "St13__ios_failure";

}  // namespace

std::span<const KnownException> KnownExceptions() noexcept {
  static const KnownException kKnown[] = {
      Text<std::exception>(),
      Text<std::bad_exception>(),
      Text<std::logic_error>(),
      Text<std::invalid_argument>(),
      Text<std::domain_error>(),
      Text<std::length_error>(),
      Text<std::out_of_range>(),
      Text<std::runtime_error>(),
      Text<std::range_error>(),
      Text<std::overflow_error>(),
      Text<std::underflow_error>(),
      Text<std::bad_alloc>(),
      Text<std::bad_array_new_length>(),
      Text<std::bad_cast>(),
      Text<std::bad_any_cast>(),
      Text<std::bad_typeid>(),
      Text<std::bad_weak_ptr>(),
      Text<std::bad_function_call>(),
      Text<std::bad_optional_access>(),
      Text<std::bad_variant_access>(),
      Typed<std::system_error>(&EncodeWithCode<std::system_error>, &DecodeSystemError),
      Typed<std::ios_base::failure>(&EncodeWithCode<std::ios_base::failure>, &DecodeIosFailure),
      {kThrownByStreams, kThrownByStreams, &EncodeWithCode<std::ios_base::failure>,
       &DecodeIosFailure},
      Typed<std::filesystem::filesystem_error>(&EncodeFilesystemError, &DecodeFilesystemError),
      Typed<std::future_error>(&EncodeWithCode<std::future_error>, &DecodeFutureError),
      Typed<std::regex_error>(&EncodeRegexError, &DecodeRegexError),
      Text<Error>(),
      Text<CancelledError>(),
      Text<TimeoutError>(),
      Text<InvalidStateError>(),
      Text<BrokenPromise>(),
      Text<BrokenExecutor>(),
      Text<BrokenThreadPool>(),
      Text<BrokenProcessPool>(),
      Text<CodecError>(),
      Typed<WorkerDied>(&EncodeWorkerDied, &DecodeWorkerDied),
      Typed<RemoteError>(&EncodeRemoteError, &DecodeRemoteError),
  };
  return kKnown;
}

}  // namespace cohort::ipc::internal
