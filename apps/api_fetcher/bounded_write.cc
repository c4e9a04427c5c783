#include "apps/api_fetcher/bounded_write.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cohort::api_fetcher {
namespace {

using Clock = std::chrono::steady_clock;

// Anything else takes what it is given at once.
bool HasReader(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
         (S_ISCHR(status.st_mode) && isatty(fd) == 1);
}

// Whether the reader has room for a piece, now or until then.
bool CanWrite(int fd, Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
  pollfd writable = {.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&writable, 1, static_cast<int>(std::max<long>(0, left.count()))) > 0;
}

// Of whole lines, as far as these are short enough.
std::string_view FirstPiece(std::string_view text) {
  const std::string_view most = text.substr(0, PIPE_BUF);
  const std::size_t newline = most.rfind('\n');
  return most.substr(0, newline == most.npos ? newline : newline + 1);
}

}  // namespace

Written WriteUntil(int fd, std::string_view text, Clock::time_point end) {
  const bool has_reader = HasReader(fd);
  Written result;
  while (result.bytes < text.size() && (!has_reader || CanWrite(fd, end))) {
    const std::string_view rest = text.substr(result.bytes);
    const std::string_view piece = has_reader ? FirstPiece(rest) : rest;
    const ssize_t written = write(fd, piece.data(), piece.size());
    if (written >= 0) {
      result.bytes += static_cast<std::size_t>(written);
    } else if (errno != EINTR && errno != EAGAIN) {
      result.error = {errno, std::generic_category()};
      break;
    }
  }
  return result;
}

}  // namespace cohort::api_fetcher
