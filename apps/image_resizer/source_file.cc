#include "apps/image_resizer/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "apps/common/terminal.h"

namespace cohort::image_resizer {
namespace {

[[noreturn]] void Throw(int error) { throw std::system_error(error, std::generic_category()); }

class OpenFile {
 public:
  // Without O_NONBLOCK, opening a named pipe would wait for a writer.
  explicit OpenFile(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
    if (fd_ < 0) Throw(errno);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { close(fd_); }

  std::uint64_t Size() const {
    struct stat status = {};
    if (fstat(fd_, &status) != 0) Throw(errno);
    if (!S_ISREG(status.st_mode)) throw std::runtime_error("not a regular file");
    return static_cast<std::uint64_t>(status.st_size);
  }

  // Fewer bytes than there is space for only at the end.
  std::size_t Read(std::span<std::byte> space) const {
    std::size_t filled = 0;
    while (filled < space.size()) {
      const ssize_t n = read(fd_, space.data() + filled, space.size() - filled);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) Throw(errno);
      if (n == 0) break;
      filled += static_cast<std::size_t>(n);
    }
    return filled;
  }

 private:
  int fd_;
};

}  // namespace

SharedBuffer ReadSource(const std::string& path, std::uint64_t max_bytes) {
  const OpenFile file(path);
  const std::uint64_t size = file.Size();
  if (size == 0) throw std::runtime_error("the file is empty");
  if (size > max_bytes) {
    throw std::runtime_error(absl::StrCat(
        "the file has ", apps::WithByteUnit(static_cast<double>(size)), "; --max-file-size allows ",
        apps::WithByteUnit(static_cast<double>(max_bytes))));
  }
  const SharedBuffer bytes(size);
  return bytes.slice(0, file.Read(bytes.bytes()));
}

}  // namespace cohort::image_resizer
