#include "apps/log_summarizer/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "apps/common/interrupt.h"

namespace cohort::log_summarizer {
namespace {

[[noreturn]] void ThrowSystemError(int error) {
  throw InputError(std::generic_category().message(error));
}

int Open(const std::string& path) {
  if (path == kStdin) return STDIN_FILENO;
  // Without O_NONBLOCK, opening a named pipe would wait for a writer, and not hear of Ctrl-C.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) ThrowSystemError(errno);
  return fd;
}

}  // namespace

File::File(const std::string& path) : fd_(Open(path)) {
  struct stat status = {};
  if (fstat(fd_, &status) == 0) seekable_ = S_ISREG(status.st_mode);
}

File::~File() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

std::size_t File::ReadAt(std::span<char> space, std::uint64_t offset) const {
  std::size_t filled = 0;
  while (filled < space.size()) {
    const ssize_t n = pread(fd_, space.data() + filled, space.size() - filled,
                            static_cast<off_t>(offset + filled));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) ThrowSystemError(errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

std::size_t File::ReadNext(std::span<char> space) const {
  while (true) {
    if (apps::InterruptRequested() || (!seekable_ && !apps::WaitReadable(fd_))) {
      throw InputInterrupted();
    }
    const ssize_t n = read(fd_, space.data(), space.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR && errno != EAGAIN) ThrowSystemError(errno);
  }
}

}  // namespace cohort::log_summarizer
