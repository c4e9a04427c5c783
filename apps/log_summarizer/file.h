// An open file.

#ifndef COHORT_APPS_LOG_SUMMARIZER_FILE_H_
#define COHORT_APPS_LOG_SUMMARIZER_FILE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "apps/log_summarizer/byte_source.h"

namespace cohort::log_summarizer {

// The name that stands for standard input.
inline constexpr char kStdin[] = "-";

// Reads by system calls and not by mapping, so that a file which is truncated meanwhile just ends.
class File {
 public:
  // `path` may be kStdin. Throws InputError.
  explicit File(const std::string& path);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  // Whether ReadAt() works: regular files and not pipes and terminals.
  bool seekable() const { return seekable_; }

  // The bytes from `offset` on; fewer than there is space for only at the end of the file. Throws
  // InputError.
  std::size_t ReadAt(std::span<char> space, std::uint64_t offset) const;

  // The next bytes, as they come; 0 at the end. Waits for them. Throws InputError and
  // InputInterrupted.
  std::size_t ReadNext(std::span<char> space) const;

 private:
  int fd_;
  bool seekable_ = false;
};

// A file from its start, or a stream from where it is.
class FileSource : public ByteSource {
 public:
  explicit FileSource(const File& file) : file_(file) {}
  std::size_t Read(std::span<char> space) override { return file_.ReadNext(space); }

 private:
  const File& file_;
};

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_FILE_H_
