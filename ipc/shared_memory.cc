#include "ipc/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace cohort::ipc {
namespace {

// Of Linux 5.1 and 6.3; the C library's headers may be older.
constexpr int kSealFutureWrite = 0x0010;
constexpr unsigned kNoExecSeal = 0x0008U;

[[noreturn]] void Throw(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string Bytes(std::size_t size) { return std::to_string(size) + " bytes"; }

std::size_t RoundToPages(std::size_t size) {
  const std::size_t page = page_size();
  if (size == 0 || size > std::numeric_limits<std::size_t>::max() / 2) {
    throw std::invalid_argument("SharedMemory: " + Bytes(size) + " cannot be had");
  }
  return (size + page - 1) / page * page;
}

int CreateDescriptor(const std::string& name) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  // Kernels that know the flag may insist on it; others refuse it.
  const int fd = memfd_create(name.c_str(), kFlags | kNoExecSeal);
  return fd >= 0 || errno != EINVAL ? fd : memfd_create(name.c_str(), kFlags);
}

int Protection(MemoryAccess access) {
  return access == MemoryAccess::kReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) munmap(data_, size_);
}

SharedMemory SharedMemory::Create(const std::string& name, std::size_t size) {
  const std::size_t rounded = RoundToPages(size);
  FileDescriptor fd(CreateDescriptor(name));
  if (!fd) Throw("memfd_create of shared memory '" + name + "'");
  if (ftruncate(fd.get(), static_cast<off_t>(rounded)) != 0) {
    Throw("ftruncate of shared memory '" + name + "' to " + Bytes(rounded));
  }
  return SharedMemory(std::move(fd), rounded);
}

SharedMemory SharedMemory::Adopt(FileDescriptor fd) {
  // The seals first: from then on the size is what fstat says.
  constexpr int kSize = F_SEAL_SHRINK | F_SEAL_GROW;
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSize) != kSize) {
    throw std::invalid_argument("SharedMemory: the descriptor's size is not sealed");
  }
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) Throw("fstat of shared memory");
  return SharedMemory(std::move(fd), static_cast<std::size_t>(status.st_size));
}

Mapping SharedMemory::Map(MemoryAccess access) const {
  void* const data = mmap(nullptr, size_, Protection(access), MAP_SHARED, fd_.get(), 0);
  if (data == MAP_FAILED) Throw("mmap of " + Bytes(size_) + " of shared memory");
  return Mapping(static_cast<std::byte*>(data), size_);
}

Mapping SharedMemory::MapRing(std::size_t head, MemoryAccess access) const {
  const std::size_t ring = size_ - head;
  const std::size_t total = size_ + ring;
  void* const space = mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (space == MAP_FAILED) Throw("mmap of room for " + Bytes(total) + " of shared memory");
  Mapping mapping(static_cast<std::byte*>(space), total);
  const auto map = [&](std::size_t at, std::size_t size, std::size_t offset) {
    void* const data = mmap(mapping.data() + at, size, Protection(access), MAP_SHARED | MAP_FIXED,
                            fd_.get(), static_cast<off_t>(offset));
    if (data == MAP_FAILED) Throw("mmap of " + Bytes(size) + " of shared memory");
  };
  map(0, size_, 0);
  map(size_, ring, head);
  return mapping;
}

void SharedMemory::Seal(Others others) const {
  constexpr int kSize = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  const int seals = others == Others::kReadOnly ? kSize | kSealFutureWrite : kSize;
  if (fcntl(fd_.get(), F_ADD_SEALS, seals) == 0) return;
  // A kernel before 5.1 cannot forbid writing; the size is what safety rests on.
  if (errno == EINVAL && fcntl(fd_.get(), F_ADD_SEALS, kSize) == 0) return;
  Throw("fcntl(F_ADD_SEALS) of shared memory");
}

bool SharedMemory::IsWritable() const {
  const int seals = fcntl(fd_.get(), F_GET_SEALS);
  const int flags = fcntl(fd_.get(), F_GETFL);
  return (seals & (F_SEAL_WRITE | kSealFutureWrite)) == 0 && (flags & O_ACCMODE) == O_RDWR;
}

void SharedMemory::Reserve(std::size_t size) const {
  int error = 0;
  do {
    error = posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
  } while (error == EINTR);
  if (error == 0) return;
  errno = error;
  Throw("posix_fallocate of " + Bytes(size) + " of shared memory");
}

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

}  // namespace cohort::ipc
