#include "apps/common/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "apps/common/output.h"

namespace cohort::apps {
namespace {

[[noreturn]] void Throw(int error) { throw std::system_error(error, std::generic_category()); }

// Short, as the name itself may be as long as names can be.
std::string TemporaryBeside(const std::string& path) {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) Throw(errno);
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  return absl::StrCat(folder, kTemporaryPrefix, absl::Hex(number, absl::kZeroPad16));
}

// 0 or the error.
int Rename(const std::string& from, const std::string& to) {
  return rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

// 0 or the error. Some file systems cannot do it by renaming, and of these some have no links:
// there, what comes to be in the moment between looking and renaming is replaced.
int RenameToNew(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (link(from.c_str(), to.c_str()) == 0) {
    unlink(from.c_str());
    return 0;
  }
  if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS) return errno;
  if (faccessat(AT_FDCWD, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return EEXIST;
  return Rename(from, to);
}

}  // namespace

NewFile::NewFile(std::string path) : path_(std::move(path)), temporary_(TemporaryBeside(path_)) {
  fd_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd_ < 0) Throw(errno);
}

NewFile::~NewFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void NewFile::Write(std::string_view bytes) {
  if (const std::error_code error = WriteAll(fd_, bytes)) throw std::system_error(error);
}

void NewFile::Publish(IfExists if_exists) {
  Close();
  const int error =
      if_exists == IfExists::kFail ? RenameToNew(temporary_, path_) : Rename(temporary_, path_);
  if (error != 0) Throw(error);
  temporary_.clear();
}

// Some file systems tell only now that the bytes could not be stored.
void NewFile::Close() {
  if (fd_ < 0) return;
  const int result = close(std::exchange(fd_, -1));
  if (result != 0 && errno != EINTR) Throw(errno);
}

}  // namespace cohort::apps
