// Results on standard output, with errors that do not go unnoticed.

#ifndef COHORT_APPS_COMMON_OUTPUT_H_
#define COHORT_APPS_COMMON_OUTPUT_H_

#include <cstddef>
#include <string_view>
#include <system_error>

namespace cohort::apps {

// Makes a write to a pipe without a reader an error (EPIPE) and not the end of the process.
void IgnoreBrokenPipes();

// Writes all of `text`. The error is the system's: no space, a broken pipe.
std::error_code WriteAll(int fd, std::string_view text);

// Tells the user on standard error: "PROGRAM: MESSAGE".
void Say(std::string_view program, std::string_view message);

// Writes the result to standard output. False where that cannot be done; the user has then been
// told, unless it is just that the reader has seen enough, as head does.
bool WriteReport(std::string_view program, std::string_view text);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_OUTPUT_H_
