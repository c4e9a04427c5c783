// What crosses a process boundary: a message, what writes it and what reads it.
//
// A `Message` is bytes in order. Up to 128 of them lie in the message itself; more are kept in
// pieces, so that a large block is copied at most once, and attachments travel beside them. A
// `Writer` appends to a message. A `Reader` takes the bytes apart again, be they in one piece or
// still on their way (a `Source`).
//
// A reader trusts nothing: short or senseless bytes throw `CodecError`, and what it is asked for
// is checked against what is there before memory is allocated for it.
//
// Lifetime: a writer points to its message, a reader to the bytes, which must both outlive it. What
// a view or a chunk shows belongs to the message. Threads: none of these may be used by two threads
// at once. Only a reader on a `Source` blocks.
//
// Example:
//   Message message;
//   Writer writer(message);
//   writer.WriteRaw(int32_t{42});
//   message.ForEachPiece([&](std::span<const std::byte> piece) { send(piece); });
//   ...
//   Reader reader(received);
//   int32_t answer = reader.ReadRaw<int32_t>();

#ifndef COHORT_IPC_MESSAGE_H_
#define COHORT_IPC_MESSAGE_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/errors.h"

namespace cohort::ipc {

// Bytes that cannot be what they are taken for, or a value that cannot be put into bytes. what()
// tells which type, and where in the message.
class CodecError : public Error {
 public:
  using Error::Error;
  CodecError(const std::string& type, const CodecError& cause);

  bool names_type() const noexcept { return names_type_; }

 private:
  bool names_type_ = false;
};

// Something that travels beside the bytes, such as a segment of memory; transports know how.
class Attachment {
 public:
  Attachment() = default;
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  virtual ~Attachment() = default;
};
using AttachmentPtr = std::shared_ptr<Attachment>;

class Message {
 public:
  // A block of this many bytes or more becomes a piece of its own.
  static constexpr std::size_t kLargeBlock = std::size_t{64} << 10;

  Message() noexcept : open_(inline_), cursor_(inline_), limit_(inline_ + kInlineBytes) {}
  Message(Message&& other) noexcept { MoveFrom(other); }
  Message& operator=(Message&& other) noexcept;
  ~Message() = default;

  uint64_t size() const { return (more_ ? more_->closed_size : 0) + open_size(); }
  bool empty() const { return size() == 0; }

  // Calls f(std::span<const std::byte>) for each piece in order; none is empty.
  template <typename F>
  void ForEachPiece(F f) const {
    if (more_) {
      for (const Piece& piece : more_->pieces) f(piece);
    }
    if (open_size() != 0) f(Piece(open_, open_size()));
  }

  // Copies all size() bytes.
  void CopyTo(std::byte* to) const;

  const std::vector<AttachmentPtr>& attachments() const;

  // Keeps what borrowed pieces point into alive as long as the message.
  void Keep(std::shared_ptr<const void> owner);

  // Whether a piece points to memory that is not the message's: the value that was encoded must
  // then outlive the message, or be kept.
  bool has_borrowed() const { return more_ && more_->has_borrowed; }

  // Makes it empty, for reuse. The memory for small things is kept.
  void Clear();

 private:
  friend class Writer;
  static constexpr std::size_t kInlineBytes = 128;

  using Piece = std::span<const std::byte>;
  using Block = std::unique_ptr<std::byte[]>;

  // What a small message has no need of.
  struct More {
    std::vector<Piece> pieces;
    uint64_t closed_size = 0;  // bytes in `pieces`
    std::vector<Block> blocks;
    Block open;  // the block that the open piece lies in, unless that is `inline_`
    std::size_t open_capacity = 0;
    std::vector<AttachmentPtr> attachments;
    std::vector<std::shared_ptr<const void>> kept;
    bool has_borrowed = false;
  };

  std::size_t open_size() const { return static_cast<std::size_t>(cursor_ - open_); }
  std::size_t room() const { return static_cast<std::size_t>(limit_ - cursor_); }
  More& more();

  void MoveFrom(Message& other) noexcept;
  bool IsInline(const std::byte* data) const;
  void OpenAt(std::byte* data, std::size_t capacity);
  void CloseOpenPiece();
  void AppendSmall(const std::byte* data, std::size_t size);
  void AppendOwned(const std::byte* data, std::size_t size);
  void AppendBorrowed(const std::byte* data, std::size_t size);

  std::byte* open_;  // the piece that is being written: [open_, cursor_) of [open_, limit_)
  std::byte* cursor_;
  std::byte* limit_;
  std::unique_ptr<More> more_;
  alignas(16) std::byte inline_[kInlineBytes];
};

// Each may be a descriptor under way, of which processes have few.
inline constexpr std::size_t kMostAttachments = 512;

// Whether a writer may point to large blocks of the value instead of copying them.
enum class Borrow { kNo, kAllowed };

// Levels that values may be nested; deeper ones would overflow a stack sooner or later.
inline constexpr int kMaxDepth = 100;

class Writer {
 public:
  explicit Writer(Message& to, Borrow borrow = Borrow::kNo)
      : to_(to), copying_(borrow == Borrow::kNo ? 1 : 0) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Copies. A block of 64 KiB or more becomes an owned piece of exactly its size.
  void Write(const void* data, std::size_t size) {
    if (size <= to_.room()) [[likely]] {
      if (size != 0) std::memcpy(to_.cursor_, data, size);
      to_.cursor_ += size;
    } else {
      WriteMore(static_cast<const std::byte*>(data), size);
    }
  }

  // As Write, but where borrowing is allowed a block of 64 KiB or more is only pointed to.
  void WriteBlock(const void* data, std::size_t size) {
    if (size < Message::kLargeBlock || copying_ != 0) return Write(data, size);
    to_.AppendBorrowed(static_cast<const std::byte*>(data), size);
  }

  template <typename T>
  void WriteRaw(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    Write(std::addressof(value), sizeof(T));
  }

  // A size or a count: one byte up to 127.
  void WriteSize(uint64_t size) {
    if (size < 0x80) [[likely]] {
      WriteRaw(static_cast<uint8_t>(size));
    } else {
      WriteLongSize(size);
    }
  }

  // Zeroes up to the next multiple of `alignment`, a power of two, from the message's first byte.
  void Pad(std::size_t alignment);

  // The attachment's index, for Reader::attachment. One that is attached again has one index.
  // Throws CodecError where a message would have more than kMostAttachments.
  uint32_t Attach(AttachmentPtr attachment);

  // The bytes that the message has so far.
  uint64_t position() const { return to_.size(); }

  // While it lives nothing is borrowed: the code below may write what lives less long.
  class CopyingScope {
   public:
    explicit CopyingScope(Writer& writer) : writer_(writer) { ++writer_.copying_; }
    CopyingScope(const CopyingScope&) = delete;
    CopyingScope& operator=(const CopyingScope&) = delete;
    ~CopyingScope() { --writer_.copying_; }

   private:
    Writer& writer_;
  };

  // One level of nesting. Throws CodecError above kMaxDepth.
  class DepthScope {
   public:
    explicit DepthScope(Writer& writer) : writer_(writer) {
      if (writer_.depth_ == kMaxDepth) TooDeep();
      ++writer_.depth_;
    }
    DepthScope(const DepthScope&) = delete;
    DepthScope& operator=(const DepthScope&) = delete;
    ~DepthScope() { --writer_.depth_; }

   private:
    Writer& writer_;
  };

 private:
  [[noreturn]] static void TooDeep();
  void WriteMore(const std::byte* data, std::size_t size);
  void WriteLongSize(uint64_t size);

  Message& to_;
  int copying_;  // above 0: copy also what could be borrowed
  int depth_ = 0;
};

// Where a message comes from that is still on its way.
class Source {
 public:
  virtual ~Source() = default;

  // The next bytes of this message, at least one and none beyond its end. Blocks; throws when the
  // sender is gone. They are valid until the next call.
  virtual std::span<const std::byte> Next() = 0;
};

// How far the size that a sender names is believed before the bytes have come.
enum class Trust {
  kNone,    // memory grows as bytes arrive
  kSender,  // memory may be allocated at once
};

class Reader {
 public:
  // `message` begins at an address as aligned as the views that are read from it.
  explicit Reader(std::span<const std::byte> message,
                  std::span<const AttachmentPtr> attachments = {})
      : cursor_(message.data()),
        limit_(message.data() + message.size()),
        size_(message.size()),
        attachments_(attachments) {}

  // Reads the `size` bytes of a message as they come.
  Reader(Source& source, uint64_t size, std::span<const AttachmentPtr> attachments = {},
         Trust trust = Trust::kNone)
      : source_(&source), pending_(size), size_(size), trust_(trust), attachments_(attachments) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  uint64_t remaining() const { return pending_ + available(); }
  uint64_t position() const { return size_ - remaining(); }
  bool contiguous() const { return source_ == nullptr; }

  // How many of the next bytes are here and lie together; 0 at the end of what has come.
  std::size_t available() const { return static_cast<std::size_t>(limit_ - cursor_); }

  // How many bytes may be allocated for at once: those that are here, or that a trusted sender
  // promised.
  uint64_t backed() const { return trust_ == Trust::kSender ? remaining() : available(); }

  void Read(void* to, std::size_t size) {
    if (size <= available()) [[likely]] {
      if (size != 0) std::memcpy(to, cursor_, size);
      cursor_ += size;
    } else {
      ReadMore(static_cast<std::byte*>(to), size);
    }
  }

  template <typename T>
  T ReadRaw() {
    static_assert(std::is_trivially_copyable_v<T>);
    std::array<std::byte, sizeof(T)> bytes;
    Read(bytes.data(), sizeof(T));
    return std::bit_cast<T>(bytes);
  }

  uint64_t ReadSize() {
    const auto first = ReadRaw<uint8_t>();
    return first < 0x80 ? first : ReadLongSize(first);
  }

  // The count of things that take at least `min_bytes_each` (1 or more): never more than what
  // remains can hold.
  std::size_t ReadCount(std::size_t min_bytes_each) {
    const uint64_t count = ReadSize();
    if (count > remaining() / min_bytes_each) [[unlikely]] {
      FailCount(count, min_bytes_each);
    }
    return static_cast<std::size_t>(count);
  }

  // What Writer::Pad wrote.
  void SkipPadding(std::size_t alignment);

  // The message's own next bytes. Only of a contiguous message.
  std::span<const std::byte> View(std::size_t size);

  // The next bytes, as many as lie together: 1 to `at_most`, which is not 0. Valid until the next
  // call of the reader.
  std::span<const std::byte> Chunk(std::size_t at_most) {
    if (available() == 0) [[unlikely]] {
      Refill(at_most);
    }
    const std::size_t size = std::min(at_most, available());
    return {std::exchange(cursor_, cursor_ + size), size};
  }

  // Throws CodecError when there is no such attachment.
  AttachmentPtr attachment(uint32_t index) const;

  // Throws CodecError with `what` and the position.
  [[noreturn]] void Fail(const std::string& what) const;

  // One level of nesting. Throws CodecError above kMaxDepth.
  class DepthScope {
   public:
    explicit DepthScope(Reader& reader) : reader_(reader) {
      if (reader_.depth_ == kMaxDepth) reader_.FailDepth();
      ++reader_.depth_;
    }
    DepthScope(const DepthScope&) = delete;
    DepthScope& operator=(const DepthScope&) = delete;
    ~DepthScope() { --reader_.depth_; }

   private:
    Reader& reader_;
  };

 private:
  void Refill(std::size_t wanted);
  void ReadMore(std::byte* to, std::size_t size);
  uint64_t ReadLongSize(uint8_t first);
  [[noreturn]] void FailShort(uint64_t wanted) const;
  [[noreturn]] void FailCount(uint64_t count, std::size_t min_bytes_each) const;
  [[noreturn]] void FailDepth() const;

  const std::byte* cursor_ = nullptr;  // [cursor_, limit_) is what is here
  const std::byte* limit_ = nullptr;
  Source* source_ = nullptr;
  uint64_t pending_ = 0;  // what the source still has to give
  uint64_t size_;
  int depth_ = 0;
  Trust trust_ = Trust::kNone;
  std::span<const AttachmentPtr> attachments_;
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_MESSAGE_H_
