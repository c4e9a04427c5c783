#include "apps/common/output.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>

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

}  // namespace cohort::apps
