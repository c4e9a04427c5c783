#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "ipc/sandbox.h"
#include "ipc/shared_buffer.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using Access = SharedBuffer::Access;

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Where a test needs more descriptors than programs are usually allowed at first. Workers inherit
// it.
void AllowManyFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t OpenFiles() {
  return static_cast<std::size_t>(std::distance(
      std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

std::size_t MappedBuffers() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.find("cohort-buffer") != std::string::npos) ++count;
  }
  return count;
}

SharedBuffer Filled(std::size_t size, int value, Access access = Access::kReadOnly) {
  SharedBuffer buffer(size, access);
  std::fill(buffer.begin(), buffer.end(), static_cast<std::byte>(value));
  return buffer;
}

bool HoldsOnly(const SharedBuffer& buffer, int value) {
  return std::all_of(buffer.begin(), buffer.end(),
                     [&](std::byte byte) { return byte == static_cast<std::byte>(value); });
}

// What workers do.

uint64_t Sum(const SharedBuffer& buffer) {
  uint64_t sum = 0;
  for (const std::byte byte : buffer) sum += static_cast<uint64_t>(byte);
  return sum;
}
SharedBuffer Make(std::size_t size, int value) { return Filled(size, value); }
SharedBuffer Same(SharedBuffer buffer) { return buffer; }
void Write(const SharedBuffer& buffer, int value) {
  std::memset(buffer.data(), value, buffer.size());
}
void WriteAndDie(const SharedBuffer& buffer) {
  buffer.data()[0] = std::byte{1};
  raise(SIGKILL);
}
bool IsWritable(const SharedBuffer& buffer) { return buffer.is_writable(); }
std::size_t WorkersFiles() { return OpenFiles(); }
std::size_t WorkersBuffers() { return MappedBuffers(); }

class ProcessPoolSharedBuffer : public testing::Test {
 protected:
  ProcessPoolSharedBuffer() { SharedBuffer::release_idle(); }
  ~ProcessPoolSharedBuffer() override { SharedBuffer::release_idle(); }
};

TEST_F(ProcessPoolSharedBuffer, AsAnArgument) {
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer = Filled(10 * kMiB, 3);
  EXPECT_EQ(pool.submit(Sum, buffer).result(), 30 * kMiB);
  EXPECT_EQ(pool.submit(Sum, buffer.slice(kMiB, 10)).result(), 30U);
  EXPECT_EQ(pool.submit(Sum, SharedBuffer()).result(), 0U);
  EXPECT_EQ(pool.submit(Sum, Filled(10, 5)).result(), 50U) << "given away";
}

TEST_F(ProcessPoolSharedBuffer, AsAResult) {
  ProcessPoolExecutor pool(1);
  std::vector<SharedBuffer> made;
  for (int i = 0; i < 10; ++i) made.push_back(pool.submit(Make, kMiB, i).result());
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(HoldsOnly(made[static_cast<std::size_t>(i)], i)) << i;
  }
  EXPECT_TRUE(pool.submit(Make, std::size_t{0}, 0).result().empty());
}

TEST_F(ProcessPoolSharedBuffer, OutlivesThePool) {
  SharedBuffer made;
  {
    ProcessPoolExecutor pool(1);
    made = pool.submit(Make, kMiB, 7).result();
  }
  EXPECT_TRUE(HoldsOnly(made, 7));
}

TEST_F(ProcessPoolSharedBuffer, ThereAndBackIsTheSameMemory) {
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer(100);
  EXPECT_EQ(pool.submit(Same, buffer.slice(10, 20)).result().data(), buffer.data() + 10);
}

TEST_F(ProcessPoolSharedBuffer, FromOneWorkerToAnother) {
  ProcessPoolExecutor maker(1);
  ProcessPoolExecutor reader(1);
  SharedBuffer made = maker.submit(Make, kMiB, 2).result();
  EXPECT_EQ(reader.submit(Sum, made).result(), 2 * kMiB);
  EXPECT_EQ(maker.submit(Sum, made).result(), 2 * kMiB) << "to the one who has made it";
  maker.kill_workers();
  maker.shutdown();
  EXPECT_EQ(reader.submit(Sum, made).result(), 2 * kMiB);
}

TEST_F(ProcessPoolSharedBuffer, InsideOtherValues) {
  struct Image {
    int width;
    SharedBuffer pixels;
  };
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer = Filled(1000, 1);
  const auto sum_all = [](const std::vector<SharedBuffer>& buffers,
                          const std::optional<SharedBuffer>& more) {
    uint64_t sum = more ? Sum(*more) : 0;
    for (const SharedBuffer& each : buffers) sum += Sum(each);
    return sum;
  };
  const std::vector<SharedBuffer> many = {buffer, buffer.slice(0, 10), Filled(5, 2), {}};
  EXPECT_EQ(pool.submit(sum_all, many, std::optional(buffer)).result(), 2020U);
  EXPECT_EQ(pool.submit(sum_all, many, std::optional<SharedBuffer>()).result(), 1020U);
  const auto doubled = [](const Image& image) {
    return std::vector{image, Image{image.width * 2, Filled(10, 4)}};
  };
  const auto images = pool.submit(doubled, Image{3, buffer}).result();
  ASSERT_EQ(images.size(), 2U);
  EXPECT_EQ(images[0].pixels.data(), buffer.data());
  EXPECT_EQ(images[1].width, 6);
  EXPECT_EQ(Sum(images[1].pixels), 40U);
}

TEST_F(ProcessPoolSharedBuffer, InAMap) {
  ProcessPoolExecutor pool(2);
  const SharedBuffer buffer = Filled(1000, 1);
  std::vector<SharedBuffer> slices;
  for (std::size_t i = 0; i < 100; ++i) slices.push_back(buffer.slice(0, i));
  uint64_t expected = 0;
  for (const uint64_t sum : pool.map(Sum, slices)) EXPECT_EQ(sum, expected++);
  expected = 0;
  for (const uint64_t sum : pool.map({.chunksize = 7}, Sum, slices)) EXPECT_EQ(sum, expected++);
}

TEST_F(ProcessPoolSharedBuffer, WithALargeMessageBesideIt) {
  ProcessPoolExecutor pool(1);
  const auto both = [](const std::string& text, const SharedBuffer& buffer) {
    return std::pair(text + text, Filled(text.size(), static_cast<int>(Sum(buffer))));
  };
  const auto [text, made] = pool.submit(both, std::string(kMiB, 'x'), Filled(3, 2)).result();
  EXPECT_EQ(text.size(), 2 * kMiB);
  EXPECT_EQ(made.size(), kMiB);
  EXPECT_TRUE(HoldsOnly(made, 6));
}

TEST_F(ProcessPoolSharedBuffer, GivenToTheInitializer) {
  static SharedBuffer shared;
  const auto keep = [](const SharedBuffer& buffer) { shared = buffer; };
  const auto sum = [] { return Sum(shared); };
  ProcessPoolOptions options;
  options.max_workers = 2;
  options.initializer = initializer(keep, Filled(100, 3));
  ProcessPoolExecutor pool(std::move(options));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.submit(sum).result(), 300U);
  const auto die = [] { raise(SIGKILL); };
  EXPECT_THROW(pool.submit(die).result(), WorkerDied);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(pool.submit(sum).result(), 300U);
}

// Who may write.

TEST_F(ProcessPoolSharedBuffer, AWorkerCannotWriteWhatItMayOnlyRead) {
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer = Filled(100, 1);
  EXPECT_FALSE(pool.submit(IsWritable, buffer).result());
  if (kSanitized) GTEST_SKIP() << "a sanitizer handles SIGSEGV";
  try {
    pool.submit(Write, buffer, 2).result();
    FAIL();
  } catch (const WorkerDied& death) {
    EXPECT_EQ(death.signal(), SIGSEGV) << death.what();
  }
  EXPECT_TRUE(HoldsOnly(buffer, 1));
  // Nor can it change its mind about that.
  const auto protect = [](const SharedBuffer& read_only) {
    return mprotect(read_only.data(), read_only.size(), PROT_READ | PROT_WRITE);
  };
  EXPECT_EQ(pool.submit(protect, buffer).result(), -1);
}

TEST_F(ProcessPoolSharedBuffer, AWorkerWritesWhereItMay) {
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer = Filled(kMiB, 1, Access::kReadWrite);
  EXPECT_TRUE(pool.submit(IsWritable, buffer).result());
  pool.submit(Write, buffer.slice(0, kMiB / 2), 2).result();
  EXPECT_TRUE(HoldsOnly(buffer.slice(0, kMiB / 2), 2));
  EXPECT_TRUE(HoldsOnly(buffer.slice(kMiB / 2), 1));
}

TEST_F(ProcessPoolSharedBuffer, WorkersWriteSideBySide) {
  ProcessPoolExecutor pool(2);
  const SharedBuffer buffer(64 * 1000, Access::kReadWrite);
  std::vector<Future<void>> parts;
  for (std::size_t i = 0; i < 64; ++i) {
    parts.push_back(pool.submit(Write, buffer.slice(i * 1000, 1000), static_cast<int>(i)));
  }
  for (const Future<void>& part : parts) part.result();
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_TRUE(HoldsOnly(buffer.slice(i * 1000, 1000), static_cast<int>(i))) << i;
  }
}

// Errors.

TEST_F(ProcessPoolSharedBuffer, TooManyInOneMessageIsAnErrorOfThatTask) {
  AllowManyFiles();
  ProcessPoolExecutor pool(1);
  const auto make = [](int count) {
    std::vector<SharedBuffer> made;
    for (int i = 0; i < count; ++i) made.push_back(Filled(1, i));
    return made;
  };
  const auto count = [](const std::vector<SharedBuffer>& all) { return all.size(); };
  EXPECT_EQ(pool.submit(count, make(500)).result(), 500U);
  EXPECT_EQ(pool.submit(make, 500).result().size(), 500U);
  EXPECT_THROW(pool.submit(count, make(600)).result(), ipc::CodecError);
  EXPECT_ANY_THROW(pool.submit(make, 600).result());
  EXPECT_EQ(pool.stats().worker_deaths, 0U);
  EXPECT_EQ(pool.submit(count, make(3)).result(), 3U);
}

// Deaths.

TEST_F(ProcessPoolSharedBuffer, AKilledWorkerLeavesTheBufferAsItIs) {
  ProcessPoolExecutor pool(1);
  {
    const SharedBuffer buffer = Filled(kMiB, 9, Access::kReadWrite);
    EXPECT_THROW(pool.submit(WriteAndDie, buffer).result(), WorkerDied);
    EXPECT_EQ(buffer.data()[0], std::byte{1});
    EXPECT_TRUE(HoldsOnly(buffer.slice(1), 9));
    EXPECT_EQ(pool.submit(Sum, buffer).result(), 1 + 9 * (kMiB - 1)) << "by another worker";
  }
  EXPECT_TRUE(Eventually([] { return SharedBuffer::idle_bytes() == kMiB; }))
      << "the buffer is idle";
}

TEST_F(ProcessPoolSharedBuffer, ARetryHasTheBufferToo) {
  ProcessPoolExecutor pool(1);
  const auto die_once = [](const SharedBuffer& buffer) {
    if (std::exchange(buffer.as<int>()[0], 1) == 0) raise(SIGKILL);
    return buffer.as<int>()[1];
  };
  const SharedBuffer buffer(2 * sizeof(int), Access::kReadWrite);
  buffer.as<int>()[0] = 0;
  buffer.as<int>()[1] = 42;
  EXPECT_EQ(pool.submit({.max_retries = 1}, die_once, buffer).result(), 42);
}

TEST_F(ProcessPoolSharedBuffer, WhatIsTakenBackGoesToAnotherWorker) {
  ProcessPoolExecutor pool(2);
  // Workers that die while more is in their windows.
  std::vector<Future<uint64_t>> sums;
  std::vector<Future<void>> deaths;
  for (int i = 0; i < 300; ++i) {
    sums.push_back(pool.submit(Sum, Filled(100, i % 200)));
    if (i % 50 == 25) {
      deaths.push_back(pool.submit([](SharedBuffer) { raise(SIGKILL); }, Filled(100, 1)));
    }
  }
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(sums[static_cast<std::size_t>(i)].result(), static_cast<uint64_t>(i % 200) * 100);
  }
  for (const Future<void>& death : deaths) EXPECT_THROW(death.result(), WorkerDied);
}

TEST_F(ProcessPoolSharedBuffer, CancelledTasksReturnTheirs) {
  ProcessPoolExecutor pool(1);
  {
    const SharedBuffer gate = Filled(sizeof(int), 0, Access::kReadWrite);
    const auto wait = [](const SharedBuffer& flag) {
      while (*static_cast<volatile int*>(flag.as<int>().data()) == 0) usleep(100);
    };
    const Future<void> blocker = pool.submit(wait, gate);
    std::vector<Future<uint64_t>> sums;
    for (int i = 0; i < 20; ++i) sums.push_back(pool.submit(Sum, Filled(kMiB, 1)));
    for (const auto& sum : sums) EXPECT_TRUE(sum.cancel());
    gate.as<int>()[0] = 1;
    blocker.result();
  }
  // What the worker steps over counts as well.
  EXPECT_EQ(pool.submit(Sum, SharedBuffer()).result(), 0U);
  EXPECT_TRUE(Eventually([] { return SharedBuffer::idle_bytes() >= 20 * kMiB; })) << "all are idle";
}

// A socket that holds no more descriptors is no reason for the pool to wait.
TEST_F(ProcessPoolSharedBuffer, MoreThanTheSocketHolds) {
  AllowManyFiles();
  ProcessPoolExecutor pool(1);
  std::vector<Future<std::size_t>> counts;
  std::vector<SharedBuffer> buffers;
  const auto count = [](const std::vector<SharedBuffer>& all) { return all.size(); };
  for (int i = 0; i < 1500; ++i) {
    buffers.push_back(Filled(1, 1));
    counts.push_back(pool.submit(count, std::vector{buffers.back()}));
  }
  for (const auto& each : counts) EXPECT_EQ(each.result(), 1U);
}

// Recycling.

TEST_F(ProcessPoolSharedBuffer, IsRecycledWhenTheWorkerIsDoneWithIt) {
  ProcessPoolExecutor pool(1);
  const std::byte* where = nullptr;
  {
    const SharedBuffer buffer = Filled(kMiB, 1);
    where = buffer.data();
    EXPECT_EQ(pool.submit(Sum, buffer).result(), kMiB);
  }
  EXPECT_TRUE(Eventually([] { return SharedBuffer::idle_bytes() == kMiB; }))
      << "the buffer is idle";
  const std::size_t files = pool.submit(WorkersFiles).result();
  for (int i = 0; i < 10; ++i) {
    {
      const SharedBuffer buffer = Filled(kMiB, i);
      EXPECT_EQ(buffer.data(), where);
      EXPECT_EQ(pool.submit(Sum, buffer).result(), static_cast<uint64_t>(i) * kMiB);
    }
    EXPECT_TRUE(Eventually([] { return SharedBuffer::idle_bytes() == kMiB; }))
        << "the buffer is idle";
  }
  EXPECT_EQ(pool.submit(WorkersFiles).result(), files) << "it was sent once";
}

TEST_F(ProcessPoolSharedBuffer, TheWorkersOwnIsRecycledThere) {
  ProcessPoolExecutor pool(1);
  std::size_t files = 0;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(HoldsOnly(pool.submit(Make, kMiB, i).result(), i));
    const std::size_t now = pool.submit(WorkersFiles).result();
    if (i == 2) files = now;
    if (i > 2) {
      EXPECT_EQ(now, files);
    }
  }
}

TEST_F(ProcessPoolSharedBuffer, AWorkerHoldsABufferThatItKeeps) {
  static SharedBuffer kept;
  ProcessPoolExecutor pool(1);
  const auto keep = [](const SharedBuffer& buffer) { kept = buffer; };
  const auto sum = [] { return Sum(kept); };
  const auto drop = [] { kept = {}; };
  pool.submit(keep, Filled(kMiB, 1)).result();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pool.submit(Sum, Filled(kMiB, 2)).result(), 2 * kMiB);
  EXPECT_EQ(pool.submit(sum).result(), kMiB);
  pool.submit(drop).result();
  EXPECT_TRUE(Eventually([] { return SharedBuffer::idle_bytes() >= 2 * kMiB; })) << "all are idle";
}

// What was given back to the system is unmapped in workers as well: else it would not be free.
TEST_F(ProcessPoolSharedBuffer, WorkersForgetWhatIsNoMore) {
  ProcessPoolExecutor pool(1);
  {
    std::vector<SharedBuffer> buffers;
    for (int i = 0; i < 20; ++i) buffers.push_back(Filled(kMiB, 1));
    for (const SharedBuffer& buffer : buffers) pool.submit(Sum, buffer).result();
  }
  EXPECT_EQ(pool.submit(WorkersBuffers).result(), 20U);
  EXPECT_TRUE(Eventually([] { return SharedBuffer::idle_bytes() == 20 * kMiB; })) << "all are idle";
  SharedBuffer::release_idle();
  EXPECT_TRUE(Eventually([&] { return pool.submit(WorkersBuffers).result() == 0; }))
      << "the worker has unmapped all";
}

TEST_F(ProcessPoolSharedBuffer, NothingIsLeft) {
  SharedBuffer::release_idle();
  const std::size_t files = OpenFiles();
  ASSERT_EQ(MappedBuffers(), 0U);
  {
    ProcessPoolExecutor pool(2);
    std::vector<SharedBuffer> buffers;
    std::vector<Future<SharedBuffer>> results;
    for (int i = 0; i < 300; ++i) {
      buffers.push_back(Filled(static_cast<std::size_t>(i) * 100 + 1, i % 256));
      results.push_back(pool.submit(Same, buffers.back()));
      results.push_back(pool.submit(Make, static_cast<std::size_t>(i) + 1, i));
    }
    for (const auto& result : results) EXPECT_FALSE(result.result().empty());
  }
  SharedBuffer::release_idle();
  EXPECT_EQ(OpenFiles(), files);
  EXPECT_EQ(MappedBuffers(), 0U);
}

// Sandbox.

TEST_F(ProcessPoolSharedBuffer, InASandbox) {
  ProcessPoolOptions options;
  options.max_workers = 1;
  options.sandbox = Sandbox::compute().allow_missing();
  ProcessPoolExecutor pool(std::move(options));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(pool.submit(Sum, Filled(kMiB, i)).result(), static_cast<uint64_t>(i) * kMiB);
    EXPECT_TRUE(HoldsOnly(pool.submit(Make, kMiB, i).result(), i));
  }
  const SharedBuffer both = Filled(100, 1, Access::kReadWrite);
  pool.submit(Write, both, 5).result();
  EXPECT_TRUE(HoldsOnly(both, 5));
}

}  // namespace
}  // namespace cohort
