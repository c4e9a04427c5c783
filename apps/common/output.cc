#include "apps/common/output.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace cohort::apps {

void IgnoreBrokenPipes() { signal(SIGPIPE, SIG_IGN); }

std::error_code WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {errno, std::generic_category()};
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

void Say(std::string_view program, std::string_view message) {
  WriteAll(STDERR_FILENO, absl::StrCat(program, ": ", message, "\n"));
}

bool WriteReport(std::string_view program, std::string_view text) {
  const std::error_code error = WriteAll(STDOUT_FILENO, text);
  if (error && error != std::errc::broken_pipe) {
    Say(program, "the report cannot be written: " + error.message());
  }
  return !error;
}

}  // namespace cohort::apps
