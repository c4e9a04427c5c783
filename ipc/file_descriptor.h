// An open file, closed at the end.

#ifndef COHORT_IPC_FILE_DESCRIPTOR_H_
#define COHORT_IPC_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace cohort::ipc {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int owned) noexcept : fd_(owned) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { Close(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int Release() noexcept { return std::exchange(fd_, -1); }
  void Close() noexcept {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_FILE_DESCRIPTOR_H_
