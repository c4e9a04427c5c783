#include "ipc/message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "ipc/internal/codec_test_util.h"

namespace cohort::ipc {
namespace {

std::string TextOf(const Message& message) {
  std::string text(message.size(), '\0');
  message.CopyTo(reinterpret_cast<std::byte*>(text.data()));
  return text;
}

std::span<const std::byte> AsBytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::size_t Pieces(const Message& message) {
  std::size_t count = 0;
  message.ForEachPiece([&](std::span<const std::byte> piece) {
    EXPECT_FALSE(piece.empty());
    ++count;
  });
  return count;
}

void Write(Writer& writer, std::string_view text) { writer.Write(text.data(), text.size()); }

// Some of each size: within the message, in blocks, and large.
std::string WriteMuch(Message& message) {
  Writer writer(message);
  std::string all;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string text(i % 500 == 499 ? 70'000 : i % 97, static_cast<char>('a' + i % 26));
    Write(writer, text);
    all += text;
  }
  return all;
}

TEST(Message, IsEmptyAtFirst) {
  const Message message;
  EXPECT_TRUE(message.empty());
  EXPECT_EQ(message.size(), 0u);
  EXPECT_EQ(Pieces(message), 0u);
  EXPECT_TRUE(message.attachments().empty());
  EXPECT_FALSE(message.has_borrowed());
}

TEST(Message, KeepsBytesInOrder) {
  Message message;
  const std::string all = WriteMuch(message);
  EXPECT_EQ(message.size(), all.size());
  EXPECT_EQ(TextOf(message), all);
}

TEST(Message, LiesInItselfUpTo128Bytes) {
  Message message;
  Writer writer(message);
  Write(writer, std::string(128, 'x'));
  const auto* begin = reinterpret_cast<const std::byte*>(&message);
  message.ForEachPiece([&](std::span<const std::byte> piece) {
    EXPECT_GE(piece.data(), begin);
    EXPECT_LE(piece.data() + piece.size(), begin + sizeof(message));
  });
  EXPECT_EQ(Pieces(message), 1u);
}

TEST(Message, MovesWithWhatItHolds) {
  for (const std::size_t size : {0, 5, 128, 129, 5000}) {
    Message from;
    Writer writer(from);
    Write(writer, std::string(size, 'a'));
    Message to(std::move(from));
    EXPECT_EQ(TextOf(to), std::string(size, 'a'));
    Writer more(to);
    Write(more, "tail");
    from = std::move(to);
    EXPECT_EQ(TextOf(from), std::string(size, 'a') + "tail");
    EXPECT_TRUE(to.empty());
  }
}

TEST(Message, MovesWithClosedPiecesInItself) {
  const std::string large(100'000, 'L');
  auto from = std::make_unique<Message>();
  {
    Writer writer(*from, Borrow::kAllowed);
    Write(writer, "before");
    writer.WriteBlock(large.data(), large.size());
    Write(writer, "after");
  }
  Message to(std::move(*from));
  from.reset();
  EXPECT_EQ(TextOf(to), "before" + large + "after");
}

TEST(Message, IsEmptyOnceMovedFrom) {
  Message from;
  WriteMuch(from);
  const Message to(std::move(from));
  EXPECT_TRUE(from.empty());
  Writer writer(from);
  Write(writer, "again");
  EXPECT_EQ(TextOf(from), "again");
}

TEST(Message, CanBeUsedAgainOnceCleared) {
  Message message;
  for (int i = 0; i < 3; ++i) {
    const std::string all = WriteMuch(message);
    EXPECT_EQ(TextOf(message), all);
    Writer(message).Attach(std::make_shared<Attachment>());
    message.Clear();
    EXPECT_TRUE(message.empty());
    EXPECT_TRUE(message.attachments().empty());
  }
}

TEST(Message, KeepsOwnersForAsLongAsItLives) {
  auto owner = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owner;
  Message message;
  message.Keep(std::move(owner));
  EXPECT_FALSE(watch.expired());
  message.Clear();
  EXPECT_TRUE(watch.expired());
}

TEST(Writer, MakesALargeBlockAPieceOfItsOwn) {
  Message message;
  Writer writer(message);
  Write(writer, "small");
  Write(writer, std::string(Message::kLargeBlock, 'x'));
  Write(writer, "small");
  EXPECT_EQ(Pieces(message), 3u);
  EXPECT_FALSE(message.has_borrowed());
}

TEST(Writer, BorrowsLargeBlocksWhereAllowed) {
  const std::string large(Message::kLargeBlock, 'x');
  Message message;
  Writer writer(message, Borrow::kAllowed);
  writer.WriteBlock(large.data(), large.size());
  EXPECT_TRUE(message.has_borrowed());
  message.ForEachPiece([&](std::span<const std::byte> piece) {
    EXPECT_EQ(static_cast<const void*>(piece.data()), large.data());
  });
}

TEST(Writer, CopiesWhereBorrowingIsNotAllowed) {
  const std::string large(Message::kLargeBlock, 'x');
  const std::string small(Message::kLargeBlock - 1, 'x');
  Message message;
  Writer never(message);
  never.WriteBlock(large.data(), large.size());
  Writer writer(message, Borrow::kAllowed);
  writer.WriteBlock(small.data(), small.size());
  writer.Write(large.data(), large.size());
  {
    const Writer::CopyingScope copying(writer);
    writer.WriteBlock(large.data(), large.size());
  }
  EXPECT_FALSE(message.has_borrowed());
  writer.WriteBlock(large.data(), large.size());
  EXPECT_TRUE(message.has_borrowed());
}

TEST(Writer, PadsToTheAlignment) {
  Message message;
  Writer writer(message);
  Write(writer, "abc");
  writer.Pad(8);
  EXPECT_EQ(writer.position(), 8u);
  writer.Pad(8);
  EXPECT_EQ(writer.position(), 8u);
  writer.Pad(256);
  EXPECT_EQ(writer.position(), 256u);
  Write(writer, "d");
  const auto bytes = BytesOf(message);
  Reader reader(bytes);
  reader.View(3);
  reader.SkipPadding(8);
  reader.SkipPadding(256);
  EXPECT_EQ(reader.ReadRaw<char>(), 'd');
}

TEST(Writer, DepthIsBounded) {
  Message message;
  Writer writer(message);
  std::vector<std::unique_ptr<Writer::DepthScope>> scopes;
  for (int i = 0; i < kMaxDepth; ++i) {
    scopes.push_back(std::make_unique<Writer::DepthScope>(writer));
  }
  EXPECT_THROW(Writer::DepthScope{writer}, CodecError);
  scopes.clear();
  EXPECT_NO_THROW(Writer::DepthScope{writer});
}

TEST(Sizes, SurviveTheTrip) {
  std::vector<uint64_t> sizes = {
      0, 1, 127, 128, 16383, 16384, std::numeric_limits<uint64_t>::max()};
  for (int bit = 0; bit < 64; ++bit) sizes.push_back(uint64_t{1} << bit);
  for (const uint64_t size : sizes) {
    Message message;
    Writer(message).WriteSize(size);
    const auto bytes = BytesOf(message);
    Reader reader(bytes);
    EXPECT_EQ(reader.ReadSize(), size);
    EXPECT_EQ(reader.remaining(), 0u);
  }
}

TEST(Sizes, OfMoreThan64BitsAreRefused) {
  for (const int last : {0x02, 0x7f, 0x80, 0xff}) {
    std::string bytes(9, '\xff');
    bytes += static_cast<char>(last);
    bytes += '\0';
    Reader reader(AsBytes(bytes));
    EXPECT_THROW(reader.ReadSize(), CodecError) << last;
  }
}

TEST(Reader, ThrowsWhenBytesAreShort) {
  Reader reader(AsBytes("abc"));
  try {
    reader.ReadRaw<int64_t>();
    FAIL();
  } catch (const CodecError& error) {
    EXPECT_STREQ(error.what(), "8 more bytes wanted, 3 left (at byte 0 of a message of 3)");
  }
  EXPECT_EQ(reader.ReadRaw<char>(), 'a') << "nothing was taken";
  EXPECT_THROW(reader.View(3), CodecError);
}

TEST(Reader, CountsCannotPromiseMoreThanThereIs) {
  std::string bytes = "\x04 12345678";
  EXPECT_EQ(Reader(AsBytes(bytes)).ReadCount(2), 4u);
  EXPECT_THROW(Reader(AsBytes(bytes)).ReadCount(3), CodecError);
  bytes = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01 12345678";
  EXPECT_THROW(Reader(AsBytes(bytes)).ReadCount(16), CodecError) << "and no product overflows";
}

TEST(Reader, ViewsAreTheMessageItself) {
  const std::string bytes = "0123456789";
  Reader reader(AsBytes(bytes));
  reader.ReadRaw<char>();
  EXPECT_EQ(static_cast<const void*>(reader.View(4).data()), bytes.data() + 1);
  EXPECT_EQ(reader.position(), 5u);
}

TEST(Reader, AttachmentsAreChecked) {
  const std::vector<AttachmentPtr> attachments = {std::make_shared<Attachment>()};
  const Reader reader({}, attachments);
  EXPECT_EQ(reader.attachment(0), attachments[0]);
  EXPECT_THROW(reader.attachment(1), CodecError);
}

TEST(Reader, DepthIsBounded) {
  Reader reader(AsBytes(""));
  std::vector<std::unique_ptr<Reader::DepthScope>> scopes;
  for (int i = 0; i < kMaxDepth; ++i) {
    scopes.push_back(std::make_unique<Reader::DepthScope>(reader));
  }
  EXPECT_THROW(Reader::DepthScope{reader}, CodecError);
}

TEST(Stream, GivesTheSameBytes) {
  Message message;
  const std::string all = WriteMuch(message);
  for (const std::size_t most : {1, 7, 1000, 100'000}) {
    const auto bytes = BytesOf(message);
    PieceSource source(bytes, most);
    Reader reader(source, bytes.size());
    EXPECT_FALSE(reader.contiguous());
    std::string text(1000, '\0');
    reader.Read(text.data(), text.size());
    while (reader.remaining() != 0) {
      const auto chunk = reader.Chunk(300);
      EXPECT_GE(chunk.size(), 1u);
      EXPECT_LE(chunk.size(), 300u);
      text.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
    }
    EXPECT_EQ(text, all);
    EXPECT_THROW(reader.Chunk(1), CodecError);
    EXPECT_THROW(reader.ReadRaw<char>(), CodecError);
  }
}

TEST(Stream, HasNoViews) {
  PieceSource source(AsBytes("0123456789"), 100);
  Reader reader(source, 10);
  EXPECT_THROW(reader.View(2), CodecError);
}

TEST(Stream, ShortReadsAreFoundBeforeAnythingIsAwaited) {
  PieceSource source(AsBytes("01"), 100);
  Reader reader(source, 2);
  EXPECT_THROW(reader.ReadRaw<int>(), CodecError);
  EXPECT_EQ(reader.ReadRaw<uint16_t>(), 0x3130);
}

TEST(Stream, MemoryIsBackedByWhatIsHereOrByTrust) {
  PieceSource source(AsBytes("0123456789"), 1);
  Reader careful(source, 10, {}, Trust::kNone);
  EXPECT_EQ(careful.backed(), 0u);
  careful.ReadRaw<char>();
  EXPECT_EQ(careful.backed(), 0u);
  Reader trusting(source, 9, {}, Trust::kSender);
  EXPECT_EQ(trusting.backed(), 9u);
}

class EndlessSource : public Source {
 public:
  std::span<const std::byte> Next() override { return bytes_; }

 private:
  std::vector<std::byte> bytes_ = std::vector<std::byte>(8);
};

TEST(Stream, NothingIsReadBeyondTheMessage) {
  EndlessSource source;
  Reader reader(source, 12);
  reader.ReadRaw<uint64_t>();
  EXPECT_EQ(reader.Chunk(100).size(), 4u);
  EXPECT_EQ(reader.remaining(), 0u);
}

class EmptySource : public Source {
 public:
  std::span<const std::byte> Next() override { return {}; }
};

TEST(Stream, ASourceThatGivesNothingIsAnError) {
  EmptySource source;
  Reader reader(source, 12);
  EXPECT_THROW(reader.ReadRaw<char>(), CodecError);
}

TEST(CodecError, NamesTheType) {
  const CodecError error("Money", CodecError("too short"));
  EXPECT_STREQ(error.what(), "Money: too short");
  EXPECT_TRUE(error.names_type());
  EXPECT_FALSE(CodecError("too short").names_type());
}

}  // namespace
}  // namespace cohort::ipc
