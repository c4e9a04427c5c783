// One line on standard error, for what has no caller to be told.

#ifndef COHORT_FUTURES_INTERNAL_LOG_H_
#define COHORT_FUTURES_INTERNAL_LOG_H_

#include <exception>
#include <string>
#include <string_view>

namespace cohort::internal {

// "std::runtime_error: text"; "int" for what is no std::exception.
std::string Describe(const std::exception_ptr& error);

// "cohort: MESSAGE", in one write, so that the lines of several threads do not mix.
void LogLine(std::string_view message) noexcept;

// "cohort: WHERE: std::runtime_error: text".
void LogException(std::string_view where, const std::exception_ptr& error) noexcept;

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_LOG_H_
