#include "futures/internal/log.h"

#include <cxxabi.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <typeinfo>

namespace cohort::internal {
namespace {

std::string Demangled(const std::type_info* type) {
  if (type == nullptr) return "unknown exception";
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  return status == 0 ? name.get() : type->name();
}

}  // namespace

std::string Describe(const std::exception_ptr& error) {
  if (error == nullptr) return "no exception";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return Demangled(&typeid(e)) + ": " + e.what();
  } catch (...) {
    return Demangled(abi::__cxa_current_exception_type());
  }
}

void LogLine(std::string_view message) noexcept {
  try {
    const std::string line = "cohort: " + std::string(message) + "\n";
    // Where even standard error cannot be written to, nobody is left to be told.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
  } catch (...) {  // no memory for the line
  }
}

void LogException(std::string_view where, const std::exception_ptr& error) noexcept {
  try {
    LogLine(std::string(where) + ": " + Describe(error));
  } catch (...) {  // no memory for the text
    LogLine(where);
  }
}

}  // namespace cohort::internal
