#include "apps/api_fetcher/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "apps/common/interrupt.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::size_t kBlock = 64 * 1024;

[[noreturn]] void Fail(const std::string& name, std::string_view what) {
  throw FileError(absl::StrCat(name, ": ", what));
}

bool IsDirectory(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

LineReader::LineReader(const std::string& path)
    : name_(path == kStdin ? "(standard input)" : apps::Printable(path)),
      fd_(path == kStdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) Fail(name_, absl::StrCat("cannot open it: ", std::strerror(errno)));
  if (IsDirectory(fd_)) {
    if (fd_ != STDIN_FILENO) close(fd_);
    Fail(name_, "is a directory, and a file with one item a line is needed");
  }
  start_ = lseek(fd_, 0, SEEK_CUR);
}

LineReader::~LineReader() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

void LineReader::Rewind() {
  if (lseek(fd_, start_, SEEK_SET) < 0) Fail(name_, "can be read only once");
  buffer_.clear();
  at_ = 0;
  searched_ = 0;
  number_ = 0;
  in_long_ = false;
  ended_ = false;
}

bool LineReader::Next() {
  while (NextRaw()) {
    if (number_ == 1) absl::ConsumePrefix(&line_, "\xef\xbb\xbf");
    line_ = absl::StripAsciiWhitespace(line_);
    if (!line_.empty() && line_[0] != '#') return true;
  }
  return false;
}

// The next line as it is.
bool LineReader::NextRaw() {
  while (true) {
    const std::size_t end = buffer_.find('\n', searched_);
    if (end != buffer_.npos) {
      if (Take(end + 1 - at_)) return true;
    } else if (buffer_.size() - at_ > kLongest) {
      if (Take(buffer_.size() - at_)) return true;
    } else if (!ReadMore()) {
      return at_ < buffer_.size() && Take(buffer_.size() - at_);
    }
  }
}

// The next `size` bytes are a line, or as much as is needed of one; false where they are the rest
// of one that has been given.
bool LineReader::Take(std::size_t size) {
  const bool rest = in_long_;
  line_ = std::string_view(buffer_).substr(at_, std::min(size, kLongest));
  in_long_ = buffer_[at_ + size - 1] != '\n';
  at_ += size;
  searched_ = at_;
  if (!rest) ++number_;
  return !rest;
}

bool LineReader::ReadMore() {
  buffer_.erase(0, at_);
  at_ = 0;
  searched_ = buffer_.size();
  if (ended_ || !apps::WaitReadable(fd_)) return false;
  buffer_.resize(searched_ + kBlock);
  ssize_t size = 0;
  do {
    size = read(fd_, buffer_.data() + searched_, kBlock);
  } while (size < 0 && errno == EINTR);
  const int error = errno;
  buffer_.resize(searched_ + static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  ended_ = size <= 0;
  if (size < 0) Fail(name_, absl::StrCat("cannot read it: ", std::strerror(error)));
  if (number_ == 0) CheckEncoding();
  return !ended_;
}

void LineReader::CheckEncoding() {
  const std::string_view start = std::string_view(buffer_).substr(0, 2);
  if (start != "\xff\xfe" && start != "\xfe\xff") return;
  ended_ = true;
  buffer_.clear();
  searched_ = 0;
  Fail(name_, "is UTF-16, and UTF-8 is needed; iconv -f UTF-16 -t UTF-8 converts it");
}

}  // namespace cohort::api_fetcher
