#include "ipc/shared_buffer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "ipc/internal/segment.h"
#include "ipc/message.h"

namespace cohort {
namespace {

using ipc::internal::SegmentCache;

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Each test begins and ends with nothing idle, and the usual limit.
class SharedBufferTest : public testing::Test {
 protected:
  SharedBufferTest() { SharedBuffer::release_idle(); }
  ~SharedBufferTest() override {
    SharedBuffer::set_idle_limit(SegmentCache::kDefaultLimit);
    SharedBuffer::release_idle();
  }
};

int64_t PageFaults() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_minflt;
}

void Fill(const SharedBuffer& buffer, int value) {
  std::memset(buffer.data(), value, buffer.size());
}

template <typename T>
void WriteTo(ipc::Message& message, const T& value) {
  ipc::Writer writer(message);
  ipc::encode(writer, value);
}

std::vector<std::byte> BytesOf(const ipc::Message& message) {
  std::vector<std::byte> bytes(message.size());
  message.CopyTo(bytes.data());
  return bytes;
}

template <typename T>
T Crossed(const T& value) {
  ipc::Message message;
  WriteTo(message, value);
  const std::vector<std::byte> bytes = BytesOf(message);
  ipc::Reader reader(bytes, message.attachments());
  return ipc::decode<T>(reader);
}

TEST_F(SharedBufferTest, BothSpellings) {
  static_assert(std::is_same_v<SharedBuffer, ipc::SharedBuffer>);
  static_assert(ipc::Encodable<SharedBuffer>);
  static_assert(ipc::Encodable<std::vector<SharedBuffer>>);
  static_assert(!ipc::kRunsUserCode<SharedBuffer>);
  static_assert(!ipc::kIsView<SharedBuffer>);
}

TEST_F(SharedBufferTest, IsEmptyWhenDefaultMade) {
  const SharedBuffer none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.size(), 0U);
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_FALSE(none.is_writable());
  EXPECT_TRUE(none.as<double>().empty());
  EXPECT_TRUE(SharedBuffer(0).empty());
  EXPECT_TRUE(none.slice(0).empty());
}

TEST_F(SharedBufferTest, IsFilledInPlace) {
  const SharedBuffer buffer(1000 * sizeof(double));
  EXPECT_EQ(buffer.size(), 8000U);
  EXPECT_TRUE(buffer.is_writable());
  const auto numbers = buffer.as<double>();
  ASSERT_EQ(numbers.size(), 1000U);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  EXPECT_EQ(std::accumulate(numbers.begin(), numbers.end(), 0.0), 499500.0);
  EXPECT_EQ(buffer.bytes().data(), buffer.data());
  EXPECT_EQ(buffer.end() - buffer.begin(), 8000);
}

TEST_F(SharedBufferTest, CopiesShareTheMemory) {
  SharedBuffer first(100);
  const SharedBuffer second = first;
  first.data()[7] = std::byte{42};
  EXPECT_EQ(second.data()[7], std::byte{42});
  const std::byte* const where = first.data();
  first = {};
  EXPECT_EQ(second.data(), where);
  EXPECT_EQ(SharedBuffer::idle_bytes(), 0U);
}

TEST_F(SharedBufferTest, CopyOf) {
  const std::string text = "some text";
  const auto buffer = SharedBuffer::copy_of(std::as_bytes(std::span(text)));
  const auto chars = buffer.as<char>();
  EXPECT_EQ(std::string(chars.begin(), chars.end()), text);
  EXPECT_TRUE(SharedBuffer::copy_of({}).empty());
}

TEST_F(SharedBufferTest, Slices) {
  const SharedBuffer buffer(100);
  const SharedBuffer middle = buffer.slice(10, 20);
  EXPECT_EQ(middle.data(), buffer.data() + 10);
  EXPECT_EQ(middle.size(), 20U);
  EXPECT_EQ(middle.subspan(5).data(), buffer.data() + 15);
  EXPECT_EQ(middle.subspan(5).size(), 15U);
  EXPECT_TRUE(buffer.slice(100).empty());
  EXPECT_THROW(buffer.slice(101), std::out_of_range);
  EXPECT_THROW(buffer.slice(90, 11), std::out_of_range);
  EXPECT_THROW(middle.slice(10, 11), std::out_of_range);
  EXPECT_THROW(buffer.slice(1, SharedBuffer::kToTheEnd - 1), std::out_of_range);
}

TEST_F(SharedBufferTest, AsChecksSizeAndAlignment) {
  const SharedBuffer buffer(100);
  EXPECT_EQ(buffer.as<uint32_t>().size(), 25U);
  EXPECT_EQ(buffer.as<const char>().size(), 100U);
  EXPECT_THROW(buffer.as<uint64_t>(), std::invalid_argument);
  EXPECT_THROW(buffer.slice(2, 8).as<uint64_t>(), std::invalid_argument);
  EXPECT_EQ(buffer.slice(8, 16).as<uint64_t>().size(), 2U);
}

TEST_F(SharedBufferTest, ALackOfMemoryIsAnError) {
  EXPECT_THROW(SharedBuffer(std::size_t{1} << 60), std::system_error);
  EXPECT_THROW(SharedBuffer(SharedBuffer::kToTheEnd), std::invalid_argument);
}

TEST_F(SharedBufferTest, Crosses) {
  const SharedBuffer buffer(100);
  const SharedBuffer crossed = Crossed(buffer.slice(10, 20));
  EXPECT_EQ(crossed.data(), buffer.data() + 10);
  EXPECT_EQ(crossed.size(), 20U);
  EXPECT_TRUE(Crossed(SharedBuffer()).empty());
}

TEST_F(SharedBufferTest, SlicesOfOneBufferAreOneAttachment) {
  const SharedBuffer buffer(100);
  ipc::Message message;
  WriteTo(message, std::vector{buffer.slice(0, 10), buffer, buffer.slice(50)});
  EXPECT_EQ(message.attachments().size(), 1U);
}

TEST_F(SharedBufferTest, AMessageHasNoMoreThanSoMany) {
  std::vector<SharedBuffer> many;
  for (std::size_t i = 0; i < ipc::kMostAttachments; ++i) many.emplace_back(1);
  ipc::Message message;
  WriteTo(message, many);
  many.emplace_back(1);
  ipc::Message too_long;
  EXPECT_THROW(WriteTo(too_long, many), ipc::CodecError);
}

TEST_F(SharedBufferTest, BytesAloneAreNotEnough) {
  ipc::Message message;
  WriteTo(message, SharedBuffer(10));
  const std::vector<std::byte> bytes = BytesOf(message);
  ipc::Reader reader(bytes);
  try {
    ipc::decode<SharedBuffer>(reader);
    FAIL();
  } catch (const ipc::CodecError& error) {
    EXPECT_NE(std::string(error.what()).find("takes bytes alone"), std::string::npos)
        << error.what();
  }
}

// number + 1, offset, length
TEST_F(SharedBufferTest, SenselessBytesAreRefused) {
  ipc::Message message;
  WriteTo(message, SharedBuffer(10));
  const std::size_t size = SegmentCache::ClassOf(10);
  const auto decode = [&](uint64_t number, uint64_t offset, uint64_t length) {
    ipc::Message forged;
    ipc::Writer writer(forged);
    writer.WriteSize(number);
    writer.WriteSize(offset);
    writer.WriteSize(length);
    const std::vector<std::byte> bytes = BytesOf(forged);
    ipc::Reader reader(bytes, message.attachments());
    return ipc::decode<SharedBuffer>(reader).size();
  };
  EXPECT_EQ(decode(1, 0, size), size);
  EXPECT_EQ(decode(1, size - 1, 1), 1U);
  EXPECT_THROW(decode(1, 0, size + 1), ipc::CodecError);
  EXPECT_THROW(decode(1, size, 1), ipc::CodecError);
  EXPECT_THROW(decode(1, 1, UINT64_MAX), ipc::CodecError);
  EXPECT_THROW(decode(1, UINT64_MAX, 1), ipc::CodecError);
  EXPECT_THROW(decode(1, 0, 0), ipc::CodecError);
  EXPECT_THROW(decode(2, 0, 1), ipc::CodecError);
  EXPECT_THROW(decode(UINT64_MAX, 0, 1), ipc::CodecError);
}

// What the receiver's descriptor allows.
TEST_F(SharedBufferTest, SealsSayWhatOthersMay) {
  const auto writable_by_others = [](SharedBuffer::Access access) {
    ipc::Message message;
    WriteTo(message, SharedBuffer(10, access));
    const auto& segment =
        dynamic_cast<const ipc::internal::Segment&>(*message.attachments().front());
    EXPECT_NE(ftruncate(segment.fd(), 0), 0) << "the size is sealed";
    ipc::FileDescriptor copy(fcntl(segment.fd(), F_DUPFD_CLOEXEC, 3));
    return ipc::internal::Segment::Adopt(std::move(copy), {})->is_writable();
  };
  EXPECT_FALSE(writable_by_others(SharedBuffer::Access::kReadOnly));
  EXPECT_TRUE(writable_by_others(SharedBuffer::Access::kReadWrite));
}

TEST_F(SharedBufferTest, IsRecycledWithoutPageFaults) {
  SharedBuffer first(64 * kMiB);
  Fill(first, 1);
  const std::byte* const where = first.data();
  first = {};
  EXPECT_GE(SharedBuffer::idle_bytes(), 64 * kMiB);
  const int64_t before = PageFaults();
  const SharedBuffer second(64 * kMiB);
  Fill(second, 2);
  const int64_t faults = PageFaults() - before;
  EXPECT_EQ(second.data(), where);
  EXPECT_EQ(SharedBuffer::idle_bytes(), 0U);
  if (!kSanitized) {
    EXPECT_LT(faults, 16);
  }
}

TEST_F(SharedBufferTest, IsRecycledForAboutTheSameSize) {
  const std::byte* const where = SharedBuffer(60 * kMiB).data();
  EXPECT_EQ(SharedBuffer(64 * kMiB).data(), where);
  EXPECT_EQ(SharedBuffer(57 * kMiB).data(), where);
  EXPECT_NE(SharedBuffer(40 * kMiB).data(), where);
}

TEST_F(SharedBufferTest, IsRecycledOnlyForTheSameAccess) {
  const std::byte* const where = SharedBuffer(kMiB).data();
  const SharedBuffer other(kMiB, SharedBuffer::Access::kReadWrite);
  EXPECT_NE(other.data(), where);
  EXPECT_EQ(SharedBuffer(kMiB).data(), where);
}

TEST_F(SharedBufferTest, IsNotRecycledWhileASliceIsLeft) {
  SharedBuffer slice = SharedBuffer(kMiB).slice(10, 1);
  EXPECT_EQ(SharedBuffer::idle_bytes(), 0U);
  slice = {};
  EXPECT_EQ(SharedBuffer::idle_bytes(), kMiB);
}

TEST_F(SharedBufferTest, SizesAreRoundedUpByLessThanAQuarter) {
  for (std::size_t size = 1; size < 64 * kMiB; size += size / 7 + 1) {
    const std::size_t rounded = SegmentCache::ClassOf(size);
    EXPECT_GE(rounded, size);
    EXPECT_EQ(rounded % 4096, 0U);
    EXPECT_LT(rounded, std::max<std::size_t>(size + size / 4 + 1, size + 4096));
    EXPECT_EQ(SegmentCache::ClassOf(rounded), rounded);
  }
}

TEST_F(SharedBufferTest, IdleMemoryIsBounded) {
  SharedBuffer::set_idle_limit(4 * kMiB);
  std::vector<SharedBuffer> buffers(10);
  for (SharedBuffer& buffer : buffers) buffer = SharedBuffer(kMiB);
  const std::byte* const last = buffers.back().data();
  for (SharedBuffer& buffer : buffers) buffer = {};
  EXPECT_EQ(SharedBuffer::idle_bytes(), 4 * kMiB);
  EXPECT_EQ(SharedBuffer(kMiB).data(), last) << "the oldest give way";
  SharedBuffer(5 * kMiB);
  EXPECT_EQ(SharedBuffer::idle_bytes(), 4 * kMiB) << "one that is too large pushes nobody out";
  SharedBuffer::set_idle_limit(kMiB);
  EXPECT_EQ(SharedBuffer::idle_bytes(), kMiB);
  SharedBuffer::release_idle();
  EXPECT_EQ(SharedBuffer::idle_bytes(), 0U);
}

TEST_F(SharedBufferTest, IdleDescriptorsAreBounded) {
  {
    std::vector<SharedBuffer> buffers;
    for (std::size_t i = 0; i < 2 * SegmentCache::kMostSegments; ++i) buffers.emplace_back(1);
  }
  EXPECT_EQ(SharedBuffer::idle_bytes(), SegmentCache::kMostSegments * SegmentCache::ClassOf(1));
}

TEST_F(SharedBufferTest, ManyThreads) {
  const SharedBuffer shared(kMiB);
  const auto work = [&shared] {
    for (int i = 0; i < 1000; ++i) {
      const SharedBuffer copy = shared.slice(static_cast<std::size_t>(i), 8);
      const SharedBuffer own(static_cast<std::size_t>(1 + i % 7) * 4096);
      own.data()[0] = std::byte{1};
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

// Else two processes would use the same memory for different things.
TEST_F(SharedBufferTest, AForkedChildRecyclesNothingOfItsParents) {
  const SharedBuffer kept(kMiB);
  std::byte* const idle = SharedBuffer(2 * kMiB).data();
  idle[0] = std::byte{1};  // idle memory stays mapped
  const pid_t child = fork();
  if (child == 0) {
    SharedBuffer own(2 * kMiB);
    own.data()[0] = std::byte{2};
    const bool is_fresh = own.data() != idle;
    own = {};
    _exit(is_fresh && SharedBuffer::idle_bytes() == 2 * kMiB ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(idle[0], std::byte{1});
}

}  // namespace
}  // namespace cohort
