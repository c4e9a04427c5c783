#include "ipc/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "gtest/gtest.h"

namespace cohort::ipc {
namespace {

constexpr std::size_t kSize = 100'000;

std::size_t SizeOf(const SharedMemory& memory) {
  return static_cast<std::size_t>(lseek(memory.fd(), 0, SEEK_END));
}

// The error number of a mapping that is refused; 0 where it is allowed.
int MapError(const SharedMemory& memory, int protection, int flags = MAP_SHARED) {
  void* const data = mmap(nullptr, memory.size(), protection, flags, memory.fd(), 0);
  if (data == MAP_FAILED) return errno;
  munmap(data, memory.size());
  return 0;
}

std::set<std::string> NamesInDevShm() {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator("/dev/shm", ignored)) {
    names.insert(each.path().filename());
  }
  return names;
}

TEST(SharedMemory, WholePagesOfZeros) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  EXPECT_GE(memory.size(), kSize);
  EXPECT_EQ(memory.size() % page_size(), 0u);
  EXPECT_EQ(SizeOf(memory), memory.size());
  const Mapping mapping = memory.Map(MemoryAccess::kReadOnly);
  ASSERT_EQ(mapping.size(), memory.size());
  for (const std::byte each : mapping.bytes()) ASSERT_EQ(each, std::byte{0});
}

TEST(SharedMemory, MappingsShareTheirBytes) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  const Mapping one = memory.Map(MemoryAccess::kReadWrite);
  const Mapping other = memory.Map(MemoryAccess::kReadOnly);
  one.data()[kSize - 1] = std::byte{42};
  EXPECT_EQ(other.data()[kSize - 1], std::byte{42});
}

TEST(SharedMemory, SizesThatCannotBe) {
  EXPECT_THROW(SharedMemory::Create("test", 0), std::invalid_argument);
  EXPECT_THROW(SharedMemory::Create("test", std::numeric_limits<std::size_t>::max()),
               std::invalid_argument);
}

TEST(SharedMemory, ErrorsNameTheMemory) {
  try {
    SharedMemory::Create("tasks", std::numeric_limits<std::size_t>::max() / 2);
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("'tasks'"), std::string::npos) << error.what();
  }
}

TEST(SharedMemory, TheRingLiesThereTwice) {
  const std::size_t page = page_size();
  const SharedMemory memory = SharedMemory::Create("test", 3 * page);
  const Mapping mapping = memory.MapRing(page, MemoryAccess::kReadWrite);
  ASSERT_EQ(mapping.size(), 5 * page);
  std::memcpy(mapping.data() + 3 * page - 2, "over", 4);
  EXPECT_EQ(std::memcmp(mapping.data() + page, "er", 2), 0);
  std::memcpy(mapping.data() + page + 100, "first", 5);
  EXPECT_EQ(std::memcmp(mapping.data() + 3 * page + 100, "first", 5), 0);
  mapping.data()[0] = std::byte{1};
  EXPECT_EQ(mapping.data()[page], std::byte{'e'}) << "the head lies there once";
}

TEST(SharedMemory, ReadOnlyRing) {
  const std::size_t page = page_size();
  const SharedMemory memory = SharedMemory::Create("test", 2 * page);
  const Mapping writable = memory.MapRing(page, MemoryAccess::kReadWrite);
  const Mapping readable = memory.MapRing(page, MemoryAccess::kReadOnly);
  writable.data()[page] = std::byte{7};
  EXPECT_EQ(readable.data()[2 * page], std::byte{7});
  for (std::size_t at = 0; at < 3 * page; at += page) {
    EXPECT_EXIT(
        {
          readable.data()[at] = std::byte{1};
          _exit(0);
        },
        [](int status) { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }, "");
  }
}

// Seals.

class Sealed : public testing::TestWithParam<SharedMemory::Others> {};

TEST_P(Sealed, TheSizeStays) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  memory.Seal(GetParam());
  EXPECT_EQ(ftruncate(memory.fd(), 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(ftruncate(memory.fd(), static_cast<off_t>(2 * memory.size())), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_NE(posix_fallocate(memory.fd(), 0, static_cast<off_t>(2 * memory.size())), 0);
  EXPECT_EQ(SizeOf(memory), memory.size());
}

TEST_P(Sealed, NoMoreSeals) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  memory.Seal(GetParam());
  EXPECT_EQ(fcntl(memory.fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
  EXPECT_EQ(errno, EPERM);
}

INSTANTIATE_TEST_SUITE_P(All, Sealed,
                         testing::Values(SharedMemory::Others::kReadOnly,
                                         SharedMemory::Others::kReadWrite));

TEST(SharedMemorySeals, OthersMayOnlyRead) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  const Mapping mine = memory.Map(MemoryAccess::kReadWrite);
  memory.Seal(SharedMemory::Others::kReadOnly);
  EXPECT_EQ(MapError(memory, PROT_READ | PROT_WRITE), EPERM);
  EXPECT_THROW(memory.Map(MemoryAccess::kReadWrite), std::system_error);
  EXPECT_EQ(write(memory.fd(), "x", 1), -1);
  EXPECT_EQ(MapError(memory, PROT_READ), 0);
  // The mapping from before is as it was.
  const Mapping readable = memory.Map(MemoryAccess::kReadOnly);
  mine.data()[5] = std::byte{9};
  EXPECT_EQ(readable.data()[5], std::byte{9});
  EXPECT_EQ(mprotect(readable.data(), readable.size(), PROT_READ | PROT_WRITE), -1);
}

TEST(SharedMemorySeals, ReopenedForWritingItIsReadOnlyAllTheSame) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  memory.Seal(SharedMemory::Others::kReadOnly);
  const std::string path = "/proc/self/fd/" + std::to_string(memory.fd());
  const FileDescriptor again(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!again) GTEST_SKIP() << "cannot be opened again";
  void* const data = mmap(nullptr, memory.size(), PROT_WRITE, MAP_SHARED, again.get(), 0);
  EXPECT_EQ(data, MAP_FAILED);
}

TEST(SharedMemorySeals, OthersMayWrite) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  memory.Seal(SharedMemory::Others::kReadWrite);
  EXPECT_EQ(MapError(memory, PROT_READ | PROT_WRITE), 0);
}

TEST(SharedMemorySeals, CannotBeExecuted) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  const std::string path = "/proc/self/fd/" + std::to_string(memory.fd());
  EXPECT_NE(access(path.c_str(), X_OK), 0);
}

// Of others.

TEST(SharedMemoryAdopt, WhatIsSealed) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  memory.Seal(SharedMemory::Others::kReadWrite);
  const SharedMemory adopted = SharedMemory::Adopt(FileDescriptor(dup(memory.fd())));
  EXPECT_EQ(adopted.size(), memory.size());
  memory.Map(MemoryAccess::kReadWrite).data()[1] = std::byte{3};
  EXPECT_EQ(adopted.Map(MemoryAccess::kReadOnly).data()[1], std::byte{3});
}

TEST(SharedMemoryAdopt, NotWhatCouldShrink) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  EXPECT_THROW(SharedMemory::Adopt(FileDescriptor(dup(memory.fd()))), std::invalid_argument);
}

// Who maps what is there now could not use what comes later; and its owner could take all memory.
TEST(SharedMemoryAdopt, NotWhatCouldGrow) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  ASSERT_EQ(fcntl(memory.fd(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_THROW(SharedMemory::Adopt(FileDescriptor(dup(memory.fd()))), std::invalid_argument);
}

TEST(SharedMemoryAdopt, NotWhatIsNoMemory) {
  EXPECT_THROW(SharedMemory::Adopt(FileDescriptor(open("/dev/null", O_RDONLY | O_CLOEXEC))),
               std::invalid_argument);
  EXPECT_THROW(SharedMemory::Adopt(FileDescriptor()), std::invalid_argument);
}

// Lifetime.

TEST(SharedMemoryLife, HasNoName) {
  const std::set<std::string> before = NamesInDevShm();
  const SharedMemory memory = SharedMemory::Create("cohort-name-test", kSize);
  memory.Reserve();
  for (const std::string& name : NamesInDevShm()) {
    EXPECT_EQ(name.find("cohort-name-test"), std::string::npos);
  }
}

TEST(SharedMemoryLife, MappingsOutliveTheDescriptor) {
  SharedMemory memory = SharedMemory::Create("test", kSize);
  const Mapping mapping = memory.Map(MemoryAccess::kReadWrite);
  memory.CloseDescriptor();
  EXPECT_EQ(memory.fd(), -1);
  mapping.data()[kSize - 1] = std::byte{1};
  EXPECT_EQ(mapping.data()[kSize - 1], std::byte{1});
}

TEST(SharedMemoryLife, IsNotInherited) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  EXPECT_EQ(fcntl(memory.fd(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST(SharedMemoryLife, MovedMappings) {
  const SharedMemory memory = SharedMemory::Create("test", kSize);
  Mapping one = memory.Map(MemoryAccess::kReadWrite);
  std::byte* const data = one.data();
  Mapping two = std::move(one);
  EXPECT_EQ(one.data(), nullptr);  // NOLINT: on purpose
  EXPECT_EQ(two.data(), data);
  one = std::move(two);
  one.data()[0] = std::byte{1};
}

}  // namespace
}  // namespace cohort::ipc
