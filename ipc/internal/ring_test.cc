// Both ends of a ring in one process, so that ThreadSanitizer sees them, and a ring whose other end
// is laid into the memory by hand.

#include "ipc/internal/ring.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "ipc/internal/spin.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc::internal {
namespace {

// The smallest ring that the double mapping allows, so that it is often full and often wraps.
struct RingParts {
  RingParts()
      : capacity(page_size()),
        memory(SharedMemory::Create("ring-test", page_size() + capacity)),
        mapping(memory.MapRing(page_size(), MemoryAccess::kReadWrite)),
        data(mapping.data() + page_size()) {}

  RingWriter Writer() { return RingWriter(data, capacity, writer_index, reader_index); }
  RingReader Reader() { return RingReader(data, capacity, reader_index, writer_index); }

  const std::size_t capacity;
  const SharedMemory memory;
  const Mapping mapping;
  std::byte* const data;
  // On the heap: AddressSanitizer does not align a stack to 64 bytes.
  const std::unique_ptr<RingIndex[]> indices{new RingIndex[2]};
  RingIndex& writer_index{indices[0]};
  RingIndex& reader_index{indices[1]};
};

std::byte ByteAt(uint64_t position) {
  return static_cast<std::byte>(position * 0x9e3779b97f4a7c15u >> 56);
}

// Whether these are the bytes that belong to that position.
bool Match(std::span<const std::byte> bytes, uint64_t position) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [&position](std::byte byte) { return byte == ByteAt(position++); });
}

std::vector<std::byte> BytesAt(uint64_t position, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::generate(bytes.begin(), bytes.end(), [&position] { return ByteAt(position++); });
  return bytes;
}

void Put(RingWriter& writer, const std::string& text) { writer.Put(text.data(), text.size()); }

std::string Text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> AwaitBytes(RingReader& reader) {
  std::span<const std::byte> bytes = reader.PeekAnew();
  while (bytes.empty()) {
    reader.Await(Deadline::never());
    bytes = reader.PeekAnew();
  }
  return bytes;
}

// Step by step.

TEST(Ring, WhatWasPublishedIsRead) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  RingReader reader = ring.Reader();
  EXPECT_TRUE(reader.Peek().empty());
  EXPECT_FALSE(reader.HasNews());
  Put(writer, "hello");
  EXPECT_TRUE(reader.Peek().empty()) << "not published";
  writer.Publish();
  EXPECT_TRUE(reader.HasNews());
  EXPECT_EQ(Text(reader.Peek()), "hello");
  reader.Skip(2);
  EXPECT_EQ(Text(reader.Peek()), "llo");
}

TEST(Ring, RoomComesBackWithTheRelease) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  RingReader reader = ring.Reader();
  EXPECT_EQ(writer.Room(1), ring.capacity);
  const std::vector<std::byte> all = BytesAt(0, ring.capacity);
  writer.Put(all.data(), all.size());
  writer.Publish();
  EXPECT_EQ(writer.Room(1), 0u);
  EXPECT_EQ(reader.Peek().size(), ring.capacity);
  reader.Skip(100);
  EXPECT_EQ(writer.Room(1), 0u) << "still looked at";
  reader.Release();
  EXPECT_EQ(writer.Room(1), 100u);
}

TEST(Ring, ARunThatWrapsIsContiguous) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  RingReader reader = ring.Reader();
  uint64_t position = 0;
  for (std::size_t size = 1; size <= ring.capacity; size += 97, position += size) {
    const std::vector<std::byte> bytes = BytesAt(position, size);
    ASSERT_GE(writer.Room(size), size);
    writer.Put(bytes.data(), size);
    writer.Publish();
    ASSERT_EQ(reader.Peek().size(), size);
    ASSERT_TRUE(Match(reader.Peek(), position));
    reader.Skip(size);
    reader.Release();
  }
  EXPECT_GT(position, 10 * ring.capacity);
}

TEST(Ring, AlignsToEight) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  RingReader reader = ring.Reader();
  Put(writer, "abc");
  writer.Align();
  writer.Align();
  Put(writer, "d");
  writer.Publish();
  EXPECT_EQ(reader.Peek().size(), 9u);
  reader.Skip(3);
  reader.Align();
  EXPECT_EQ(Text(reader.Peek()), "d");
}

// What a writer that was killed leaves behind.

TEST(RingLeftBehind, BytesBeyondTheHeadAreNeverRead) {
  RingParts ring;
  RingReader reader = ring.Reader();
  {
    RingWriter writer = ring.Writer();
    Put(writer, "whole");
    writer.Publish();
    Put(writer, "half a rec");  // and here it is killed
  }
  EXPECT_EQ(Text(reader.Peek()), "whole");
  reader.Skip(5);
  EXPECT_TRUE(reader.PeekAnew().empty());
  reader.MarkGone(ring.writer_index);
  EXPECT_THROW(reader.PeekAnew(), PeerGone);
}

TEST(RingLeftBehind, GarbageInTheWholeRingIsNeverRead) {
  RingParts ring;
  std::memset(ring.data, 0xff, ring.capacity);
  RingReader reader = ring.Reader();
  EXPECT_TRUE(reader.PeekAnew().empty());
  ring.writer_index.position = 3;
  EXPECT_EQ(reader.PeekAnew().size(), 3u);
}

TEST(RingLeftBehind, WhatWasPublishedBeforeTheEndIsStillRead) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  RingReader reader = ring.Reader();
  Put(writer, "seen ");
  writer.Publish();
  ASSERT_EQ(reader.Peek().size(), 5u);
  Put(writer, "not seen");
  writer.Publish();
  reader.MarkGone(ring.writer_index);
  EXPECT_EQ(Text(reader.PeekAnew()), "seen not seen");
  reader.Skip(13);
  EXPECT_THROW(reader.PeekAnew(), PeerGone);
  reader.MarkGone(ring.writer_index);  // again: nothing comes back
  EXPECT_THROW(reader.PeekAnew(), PeerGone);
}

TEST(RingLeftBehind, AReaderThatIsGoneLeavesNoRoom) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  const std::vector<std::byte> all = BytesAt(0, ring.capacity);
  writer.Put(all.data(), all.size());
  writer.Publish();
  writer.MarkGone(ring.reader_index);
  EXPECT_THROW(writer.Room(1), PeerGone);
  EXPECT_THROW(writer.AwaitRoom(1), PeerGone);
}

// A process that the dead one has started has its memory too, and goes on writing there.
TEST(RingLeftBehind, AnHeirOfTheWriterIsNotReadFrom) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  RingReader reader = ring.Reader();
  Put(writer, "last words");
  writer.Publish();
  reader.MarkGone(ring.writer_index);
  ring.writer_index.position = 100;
  EXPECT_EQ(Text(reader.PeekAnew()), "last words");
  reader.Skip(10);
  reader.Release();
  ring.writer_index.position = 10;
  EXPECT_TRUE(reader.HasNews()) << "the end";
  EXPECT_THROW(reader.PeekAnew(), PeerGone);
  reader.MarkGone(ring.writer_index);
  EXPECT_THROW(reader.PeekAnew(), PeerGone);
}

TEST(RingLeftBehind, AnHeirOfTheReaderGivesNoRoom) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  const std::vector<std::byte> all = BytesAt(0, ring.capacity);
  writer.Put(all.data(), all.size());
  writer.Publish();
  writer.MarkGone(ring.reader_index);
  for (const uint64_t position : {uint64_t{0}, uint64_t{ring.capacity}, ~uint64_t{0}}) {
    ring.reader_index.position = position;
    EXPECT_THROW(writer.AwaitRoom(1), PeerGone);
  }
}

// Indices that no correct process writes.

TEST(RingHostile, ReaderChecksTheHead) {
  RingParts ring;
  RingReader reader = ring.Reader();
  ring.writer_index.position = 100;
  ASSERT_EQ(reader.PeekAnew().size(), 100u);
  ring.writer_index.position = 99;
  EXPECT_THROW(reader.PeekAnew(), ProtocolError) << "backwards";
  ring.writer_index.position = ring.capacity + 1;
  EXPECT_THROW(reader.PeekAnew(), ProtocolError) << "more than the ring holds";
  ring.writer_index.position = uint64_t{1} << 63;
  EXPECT_THROW(reader.PeekAnew(), ProtocolError);
  ring.writer_index.position = ~uint64_t{0} - 1;
  EXPECT_THROW(reader.PeekAnew(), ProtocolError);
  ring.writer_index.position = ring.capacity;
  EXPECT_EQ(reader.PeekAnew().size(), ring.capacity) << "sane again";
}

// A head that is no multiple of 8, where the reader steps to one.
TEST(RingHostile, AReaderBeyondTheHeadReadsNothing) {
  RingParts ring;
  RingReader reader = ring.Reader();
  ring.writer_index.position = 13;
  ASSERT_EQ(reader.Peek().size(), 13u);
  reader.Skip(13);
  reader.Align();
  EXPECT_THROW(reader.Peek(), ProtocolError);
  EXPECT_THROW(reader.PeekAnew(), ProtocolError);
}

// Whether it has ended is not for its memory to say.
TEST(RingHostile, APositionLikeThatOfTheDead) {
  RingParts ring;
  RingReader reader = ring.Reader();
  RingWriter writer = ring.Writer();
  ring.writer_index.position = ~uint64_t{0};
  EXPECT_THROW(reader.PeekAnew(), ProtocolError);
  ring.reader_index.position = ~uint64_t{0};
  EXPECT_THROW(writer.Room(2 * ring.capacity), ProtocolError);
}

TEST(RingHostile, GarbageAtTheEnd) {
  RingParts ring;
  for (const uint64_t position : {uint64_t{8}, 16 + ring.capacity + 1, ~uint64_t{0}}) {
    RingReader reader = ring.Reader();
    ring.writer_index.position = 16;
    ASSERT_EQ(reader.Peek().size(), 16u);
    ring.writer_index.position = position;
    reader.MarkGone(ring.writer_index);
    EXPECT_THROW(reader.PeekAnew(), ProtocolError);
  }
}

TEST(RingHostile, WriterChecksTheTail) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  const std::vector<std::byte> all = BytesAt(0, ring.capacity);
  writer.Put(all.data(), all.size());
  writer.Publish();
  ring.reader_index.position = 50;
  ASSERT_EQ(writer.Room(1), 50u);
  writer.Put(all.data(), 50);
  ring.reader_index.position = 49;
  EXPECT_THROW(writer.Room(1), ProtocolError) << "backwards";
  ring.reader_index.position = ring.capacity + 51;
  EXPECT_THROW(writer.Room(1), ProtocolError) << "more than was written";
  ring.reader_index.position = ~uint64_t{0} - 1;
  EXPECT_THROW(writer.AwaitRoom(1), ProtocolError);
}

TEST(RingHostile, ErrorsNameThePositions) {
  RingParts ring;
  RingReader reader = ring.Reader();
  ring.writer_index.position = 123'456;
  try {
    reader.PeekAnew();
    FAIL();
  } catch (const ProtocolError& error) {
    EXPECT_NE(std::string(error.what()).find("123456"), std::string::npos) << error.what();
  }
}

// Any index: bytes within the ring, or an error.
TEST(RingHostile, RandomIndices) {
  RingParts ring;
  std::mt19937_64 random(7);
  const auto any_index = [&random](uint64_t near) {
    const uint64_t dice = random();
    return dice % 4 == 0 ? dice : near + dice % 9000 - 4500;
  };
  for (int round = 0; round < 200; ++round) {
    RingReader reader = ring.Reader();
    RingWriter writer = ring.Writer();
    uint64_t read = 0;
    for (int step = 0; step < 50; ++step) {
      ring.writer_index.position = any_index(read);
      ring.reader_index.position = any_index(0);
      try {
        const std::span<const std::byte> bytes = reader.PeekAnew();
        ASSERT_GE(bytes.data(), ring.data);
        ASSERT_LE(bytes.size(), ring.capacity);
        ASSERT_LE(bytes.data() + bytes.size(), ring.mapping.data() + ring.mapping.size());
        reader.Skip(bytes.size());
        read += bytes.size();
      } catch (const Error&) {
      }
      try {
        const std::size_t room = writer.Room(1);
        ASSERT_LE(room, ring.capacity);
        const std::vector<std::byte> some(random() % (room + 1));
        if (!some.empty()) writer.Put(some.data(), some.size());
      } catch (const Error&) {
      }
    }
  }
}

// Two threads.

class RingThreads : public testing::TestWithParam<uint32_t> {};

TEST_P(RingThreads, RandomSizes) {
  constexpr uint64_t kTotal = kSanitized ? 1 << 20 : 1 << 24;
  RingParts ring;
  RingReader reader = ring.Reader();
  std::jthread writing([&] {
    RingWriter writer = ring.Writer();
    RandomYield yield(GetParam());
    for (uint64_t position = 0; position < kTotal;) {
      const std::size_t size = 1 + yield.Below(static_cast<uint32_t>(ring.capacity));
      const std::vector<std::byte> bytes = BytesAt(position, size);
      writer.AwaitRoom(size);
      writer.Put(bytes.data(), size);
      writer.Publish();
      writer.Wake();
      position += size;
      yield();
    }
    reader.MarkGone(ring.writer_index);  // all of it comes before this
  });
  RandomYield yield(GetParam() + 1);
  uint64_t position = 0;
  try {
    while (true) {
      const std::span<const std::byte> bytes = AwaitBytes(reader);
      const std::size_t size = 1 + yield.Below(static_cast<uint32_t>(bytes.size()));
      ASSERT_TRUE(Match(bytes.first(size), position));
      position += size;
      reader.Skip(size);
      reader.Release();
      reader.Wake();
      yield();
    }
  } catch (const PeerGone&) {
  }
  EXPECT_GE(position, kTotal);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RingThreads, testing::Range<uint32_t>(1, 5));

// One byte back and forth: each round both sides sleep, or are just about to. A lost wake-up hangs.
TEST(RingThreadsTest, SleepAndWake) {
  constexpr int kRounds = kSanitized ? 10'000 : 100'000;
  RingParts there;
  RingParts back;
  std::jthread echo([&] {
    RingReader reader = there.Reader();
    RingWriter writer = back.Writer();
    for (int i = 0; i < kRounds; ++i) {
      const std::span<const std::byte> bytes = AwaitBytes(reader);
      writer.Put(bytes.data(), 1);
      reader.Skip(1);
      reader.Release();
      reader.Wake();
      writer.Publish();
      writer.Wake();
    }
  });
  RingWriter writer = there.Writer();
  RingReader reader = back.Reader();
  RandomYield yield(3);
  for (int i = 0; i < kRounds; ++i) {
    const std::byte sent = ByteAt(static_cast<uint64_t>(i));
    writer.Put(&sent, 1);
    writer.Publish();
    writer.Wake();
    yield();
    ASSERT_EQ(AwaitBytes(reader)[0], sent);
    reader.Skip(1);
    reader.Release();
    reader.Wake();
  }
}

// The writer waits for room each time, the reader for bytes.
TEST(RingThreadsTest, SleepsForRoom) {
  constexpr int kRounds = kSanitized ? 2'000 : 20'000;
  RingParts ring;
  std::jthread writing([&ring] {
    RingWriter writer = ring.Writer();
    const std::vector<std::byte> all = BytesAt(0, ring.capacity);
    for (int i = 0; i < kRounds; ++i) {
      writer.AwaitRoom(all.size());
      writer.Put(all.data(), all.size());
      writer.Publish();
      writer.Wake();
    }
  });
  RingReader reader = ring.Reader();
  for (int i = 0; i < kRounds; ++i) {
    while (AwaitBytes(reader).size() < ring.capacity) {
    }
    reader.Skip(ring.capacity);
    reader.Release();
    reader.Wake();
  }
}

TEST(RingThreadsTest, AwaitEndsWithTheDeadline) {
  RingParts ring;
  RingReader reader = ring.Reader();
  EXPECT_FALSE(reader.Await(Deadline::after(std::chrono::milliseconds(1))));
}

TEST(RingThreadsTest, TheEndOfTheWriterWakesTheReader) {
  RingParts ring;
  RingReader reader = ring.Reader();
  std::atomic<bool> was_told = false;
  BlockedThread reading([&] {
    try {
      AwaitBytes(reader);
    } catch (const PeerGone&) {
      was_told = true;
    }
  });
  reader.MarkGone(ring.writer_index);
  reading.Join();
  EXPECT_TRUE(was_told);
}

TEST(RingThreadsTest, TheEndOfTheReaderWakesTheWriter) {
  RingParts ring;
  RingWriter writer = ring.Writer();
  std::atomic<bool> was_told = false;
  BlockedThread writing([&] {
    const std::vector<std::byte> all(ring.capacity);
    writer.Put(all.data(), all.size());
    writer.Publish();
    try {
      writer.AwaitRoom(1);
    } catch (const PeerGone&) {
      was_told = true;
    }
  });
  writer.MarkGone(ring.reader_index);
  writing.Join();
  EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace cohort::ipc::internal
