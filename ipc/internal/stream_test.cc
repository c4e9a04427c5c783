#include "ipc/internal/stream.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "futures/internal/futex.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/ring.h"
#include "ipc/message.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc::internal {
namespace {

constexpr std::size_t kRing = 2 * kStreamPiece;

struct Channel {
  Channel()
      : memory(SharedMemory::Create("stream-test", page_size() + kRing)),
        mapping(memory.MapRing(page_size(), MemoryAccess::kReadWrite)),
        writer(mapping.data() + page_size(), kRing, writer_index, reader_index),
        reader(mapping.data() + page_size(), kRing, reader_index, writer_index) {}

  const SharedMemory memory;
  const Mapping mapping;
  // On the heap: AddressSanitizer does not align a stack to 64 bytes.
  const std::unique_ptr<RingIndex[]> indices{new RingIndex[2]};
  RingIndex& writer_index{indices[0]};
  RingIndex& reader_index{indices[1]};
  RingWriter writer;
  RingReader reader;
};

std::string RandomText(std::size_t size, uint32_t seed) {
  std::minstd_rand random(seed);
  std::string text(size, '\0');
  for (char& each : text) each = static_cast<char>(random());
  return text;
}

Message MessageOf(const std::string& text) {
  Message message;
  Writer(message).Write(text.data(), text.size());
  return message;
}

std::string ReadAll(RingSource& source, std::size_t size) {
  std::string text;
  while (text.size() < size) {
    const std::span<const std::byte> bytes = source.Next();
    EXPECT_FALSE(bytes.empty());
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return text;
}

TEST(Stream, SizesAroundThePiecesAndTheRing) {
  Channel channel;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{7}, std::size_t{8}, kStreamPiece - 1, kStreamPiece,
        kStreamPiece + 1, kRing - 1, kRing, kRing + 1, 5 * kRing + 3}) {
    const std::string text = RandomText(size, static_cast<uint32_t>(size));
    std::jthread writing([&] { StreamTo(channel.writer, MessageOf(text)); });
    RingSource source(channel.reader, size);
    EXPECT_EQ(ReadAll(source, size), text) << size;
    source.Finish();
    channel.reader.Release();
    channel.reader.Wake();
  }
}

TEST(Stream, ManyPiecesOfAnySize) {
  Channel channel;
  std::minstd_rand random(1);
  std::string text;
  Message message;
  Writer writer(message);
  for (int i = 0; i < 40; ++i) {
    const std::string piece = RandomText(random() % (1 << 18), random());
    writer.Write(piece.data(), piece.size());
    text += piece;
  }
  std::jthread writing([&] { StreamTo(channel.writer, message); });
  RingSource source(channel.reader, text.size());
  EXPECT_EQ(ReadAll(source, text.size()), text);
}

// One stream after the other: where one ends, the next one begins.
TEST(Stream, OneAfterTheOther) {
  constexpr int kCount = kSanitized ? 30 : 300;
  Channel channel;
  std::jthread writing([&] {
    std::minstd_rand random(5);
    for (int i = 0; i < kCount; ++i) {
      StreamTo(channel.writer, MessageOf(RandomText(1 + random() % (2 * kRing), 9)));
    }
  });
  std::minstd_rand random(5);
  for (int i = 0; i < kCount; ++i) {
    const std::size_t size = 1 + random() % (2 * kRing);
    RingSource source(channel.reader, size);
    // Each third is read, each third in part, each third not at all.
    if (i % 3 == 0) {
      ASSERT_EQ(ReadAll(source, size), RandomText(size, 9));
    } else if (i % 3 == 1) {
      source.Next();
    }
    source.Finish();
    channel.reader.Release();
    channel.reader.Wake();
  }
}

TEST(Stream, ReaderOfAStream) {
  Channel channel;
  const std::string text = RandomText(3 * kRing + 11, 2);
  std::jthread writing([&] { StreamTo(channel.writer, MessageOf(text)); });
  RingSource source(channel.reader, text.size());
  Reader reader(source, text.size());
  std::string got(text.size(), '\0');
  reader.Read(got.data(), got.size());
  EXPECT_EQ(got, text);
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_THROW(reader.ReadRaw<char>(), CodecError);
}

// Nothing of a stream whose writer ended in the middle is taken for the whole.
TEST(Stream, TheWriterEndsInTheMiddle) {
  Channel channel;
  const std::string text = RandomText(1000, 3);
  channel.writer.Put(text.data(), text.size());
  channel.writer.Publish();
  channel.writer.Put(text.data(), text.size());  // not published
  channel.reader.MarkGone(channel.writer_index);
  RingSource source(channel.reader, 5000);
  std::string got;
  EXPECT_THROW(
      {
        while (true) {
          const std::span<const std::byte> bytes = source.Next();
          got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        }
      },
      PeerGone);
  EXPECT_EQ(got, text);
  EXPECT_THROW(source.Finish(), PeerGone);
}

TEST(Stream, AWholeOneIsReadAfterTheWritersEnd) {
  Channel channel;
  const std::string text = RandomText(kRing - 8, 4);
  StreamTo(channel.writer, MessageOf(text));
  channel.reader.MarkGone(channel.writer_index);
  RingSource source(channel.reader, text.size());
  EXPECT_EQ(ReadAll(source, text.size()), text);
  EXPECT_NO_THROW(source.Finish());
}

TEST(Stream, TheEndWakesWhoReads) {
  Channel channel;
  std::atomic<bool> was_told = false;
  BlockedThread reading([&] {
    RingSource source(channel.reader, 100);
    try {
      source.Next();
    } catch (const PeerGone&) {
      was_told = true;
    }
  });
  channel.reader.MarkGone(channel.writer_index);
  reading.Join();
  EXPECT_TRUE(was_told);
}

TEST(Stream, TheEndWakesWhoWrites) {
  Channel channel;
  std::atomic<bool> was_told = false;
  BlockedThread writing([&] {
    try {
      StreamTo(channel.writer, MessageOf(RandomText(10 * kRing, 6)));
    } catch (const PeerGone&) {
      was_told = true;
    }
  });
  channel.writer.MarkGone(channel.reader_index);
  writing.Join();
  EXPECT_TRUE(was_told);
}

// As a process can whose memory the futex is in: nobody who moves the position wakes the sleepers.
bool MoveSleepers(const std::atomic<uint64_t>& from, const std::atomic<uint64_t>& to) {
  using cohort::internal::FutexHalf;
  return syscall(SYS_futex, FutexHalf(from), FUTEX_REQUEUE, 0, INT_MAX, FutexHalf(to), 0) == 1;
}

TEST(Stream, TheEndIsFoundByWhoCannotBeWoken) {
  Channel channel;
  std::atomic<uint64_t> elsewhere{0};
  std::atomic<bool> was_told = false;
  BlockedThread reading([&] {
    RingSource source(channel.reader, 100);
    try {
      source.Next();
    } catch (const PeerGone&) {
      was_told = true;
    }
  });
  while (!MoveSleepers(channel.writer_index.position, elsewhere)) sched_yield();
  channel.reader.MarkGone(channel.writer_index);
  reading.Join();
  EXPECT_TRUE(was_told);
}

TEST(Stream, HostileIndices) {
  Channel channel;
  RingSource source(channel.reader, 1000);
  channel.writer_index.position = kRing + 1;
  EXPECT_THROW(source.Next(), ProtocolError);
  channel.reader_index.position = 9 * kRing;  // beyond what was written
  channel.writer.AwaitRoom(1);                // does not look
  EXPECT_THROW(StreamTo(channel.writer, MessageOf(std::string(2 * kRing, 'x'))), ProtocolError);
}

}  // namespace
}  // namespace cohort::ipc::internal
