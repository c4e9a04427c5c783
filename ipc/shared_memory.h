// Memory that processes share, without a name anywhere: nothing is left when the last of them ends,
// however it ends.
//
//   const SharedMemory memory = SharedMemory::Create("tasks", size);
//   const Mapping mine = memory.Map(MemoryAccess::kReadWrite);
//   memory.Seal(SharedMemory::Others::kReadOnly);     // who gets the descriptor from now on
//   ... hand memory.fd() to another process, which maps it: SharedMemory::Adopt(fd).Map(...)
//
// The size is fixed and sealed: nobody who holds the descriptor can shrink the memory under a
// reader, which would then be killed (SIGBUS). Pages are taken from the system when they are first
// touched; Reserve() takes them at once, so that a lack of memory is an error and no signal.
//
// Errors: std::system_error that names the call, the size and the name.

#ifndef COHORT_IPC_SHARED_MEMORY_H_
#define COHORT_IPC_SHARED_MEMORY_H_

#include <cstddef>
#include <span>
#include <string>

#include "ipc/file_descriptor.h"

namespace cohort::ipc {

enum class MemoryAccess { kReadOnly, kReadWrite };

// A range of addresses, unmapped at the end.
class Mapping {
 public:
  Mapping() = default;
  Mapping(std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::span<std::byte> bytes() const noexcept { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class SharedMemory {
 public:
  // What those may do who map the descriptor after Seal().
  enum class Others { kReadOnly, kReadWrite };

  SharedMemory() = default;

  // `name` is what /proc shows, for people. The size is rounded up to whole pages; not 0.
  static SharedMemory Create(const std::string& name, std::size_t size);

  // Another process's memory. Throws std::invalid_argument where the descriptor is none, or its
  // size is not sealed (it could shrink or grow).
  static SharedMemory Adopt(FileDescriptor fd);

  int fd() const noexcept { return fd_.get(); }
  std::size_t size() const noexcept { return size_; }

  Mapping Map(MemoryAccess access) const;

  // The first `head` bytes, and what follows them twice, one copy after the other: a ring buffer in
  // which every run of bytes is contiguous. Both are whole pages.
  Mapping MapRing(std::size_t head, MemoryAccess access) const;

  // Fixes the size, and with kReadOnly what the descriptor allows from now on; mappings stay.
  void Seal(Others others) const;

  // Whether the descriptor can still be mapped for writing.
  bool IsWritable() const;

  // The first `size` bytes, or all.
  void Reserve(std::size_t size) const;
  void Reserve() const { Reserve(size_); }

  // The mappings stay.
  void CloseDescriptor() noexcept { fd_.Close(); }
  FileDescriptor TakeDescriptor() noexcept { return std::move(fd_); }

 private:
  SharedMemory(FileDescriptor fd, std::size_t size) : fd_(std::move(fd)), size_(size) {}

  FileDescriptor fd_;
  std::size_t size_ = 0;
};

std::size_t page_size() noexcept;

}  // namespace cohort::ipc

#endif  // COHORT_IPC_SHARED_MEMORY_H_
