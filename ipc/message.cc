#include "ipc/message.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ipc/internal/copy.h"
#include "ipc/internal/huge_pages.h"

namespace cohort::ipc {
namespace {

// The blocks for small things grow up to half of what is large.
constexpr std::size_t kFirstBlock = 512;
constexpr std::size_t kLastBlock = Message::kLargeBlock / 2;

std::string Times(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

CodecError::CodecError(const std::string& type, const CodecError& cause)
    : Error(type + ": " + cause.what()), names_type_(true) {}

// Message

Message& Message::operator=(Message&& other) noexcept {
  if (this != &other) {
    more_.reset();
    MoveFrom(other);
  }
  return *this;
}

bool Message::IsInline(const std::byte* data) const {
  return std::greater_equal<>()(data, inline_) && std::less<>()(data, inline_ + kInlineBytes);
}

// Pieces that lie in the other's inline bytes move along with them.
void Message::MoveFrom(Message& other) noexcept {
  const bool open_inline = !other.more_ || !other.more_->open;
  const std::size_t used =
      open_inline ? static_cast<std::size_t>(other.cursor_ - other.inline_) : kInlineBytes;
  std::memcpy(inline_, other.inline_, used);
  const auto rebased = [&](const std::byte* data) { return inline_ + (data - other.inline_); };
  open_ = open_inline ? rebased(other.open_) : other.open_;
  cursor_ = open_inline ? rebased(other.cursor_) : other.cursor_;
  limit_ = open_inline ? inline_ + kInlineBytes : other.limit_;
  more_ = std::move(other.more_);
  if (more_) {
    for (Piece& piece : more_->pieces) {
      if (other.IsInline(piece.data())) piece = Piece(rebased(piece.data()), piece.size());
    }
  }
  other.OpenAt(other.inline_, kInlineBytes);
}

void Message::CopyTo(std::byte* to) const {
  ForEachPiece([&](std::span<const std::byte> piece) {
    internal::CopyBytes(to, piece.data(), piece.size());
    to += piece.size();
  });
}

const std::vector<AttachmentPtr>& Message::attachments() const {
  static const std::vector<AttachmentPtr> kNone;
  return more_ ? more_->attachments : kNone;
}

void Message::Keep(std::shared_ptr<const void> owner) { more().kept.push_back(std::move(owner)); }

void Message::Clear() {
  if (!more_) return OpenAt(inline_, kInlineBytes);
  More cleared;
  cleared.open = std::move(more_->open);
  cleared.open_capacity = more_->open_capacity;
  more_->pieces.clear();
  cleared.pieces = std::move(more_->pieces);
  *more_ = std::move(cleared);
  if (more_->open) {
    OpenAt(more_->open.get(), more_->open_capacity);
  } else {
    OpenAt(inline_, kInlineBytes);
  }
}

Message::More& Message::more() {
  if (!more_) more_ = std::make_unique<More>();
  return *more_;
}

void Message::OpenAt(std::byte* data, std::size_t capacity) {
  open_ = cursor_ = data;
  limit_ = data + capacity;
}

// What follows goes where the piece ended, in the same block.
void Message::CloseOpenPiece() {
  if (open_size() == 0) return;
  more().pieces.emplace_back(open_, open_size());
  more().closed_size += open_size();
  open_ = cursor_;
}

// Fills what room there is, and opens a block for the rest. What may throw comes first: the message
// has then no more bytes than before.
void Message::AppendSmall(const std::byte* data, std::size_t size) {
  const std::size_t fits = room();
  More& more = this->more();
  const std::size_t capacity =
      std::max(size - fits, std::clamp(2 * more.open_capacity, kFirstBlock, kLastBlock));
  auto block = std::make_unique_for_overwrite<std::byte[]>(capacity);
  if (more.open) more.blocks.emplace_back();
  if (limit_ != open_) more.pieces.emplace_back(open_, limit_);

  std::memcpy(cursor_, data, fits);
  more.closed_size += static_cast<std::size_t>(limit_ - open_);
  if (more.open) more.blocks.back() = std::move(more.open);
  more.open = std::move(block);
  more.open_capacity = capacity;
  OpenAt(more.open.get(), capacity);
  internal::CopyBytes(cursor_, data + fits, size - fits);
  cursor_ += size - fits;
}

void Message::AppendOwned(const std::byte* data, std::size_t size) {
  CloseOpenPiece();
  More& more = this->more();
  auto block = std::make_unique_for_overwrite<std::byte[]>(size);
  internal::AdviseHugePages(block.get(), size);
  internal::CopyBytes(block.get(), data, size);
  more.blocks.push_back(std::move(block));
  more.pieces.emplace_back(more.blocks.back().get(), size);
  more.closed_size += size;
}

void Message::AppendBorrowed(const std::byte* data, std::size_t size) {
  CloseOpenPiece();
  More& more = this->more();
  more.pieces.emplace_back(data, size);
  more.closed_size += size;
  more.has_borrowed = true;
}

// Writer

void Writer::WriteMore(const std::byte* data, std::size_t size) {
  if (size >= Message::kLargeBlock) {
    to_.AppendOwned(data, size);
  } else {
    to_.AppendSmall(data, size);
  }
}

// Seven bits a byte, the lowest first; the top bit tells that more follow.
void Writer::WriteLongSize(uint64_t size) {
  uint8_t bytes[10];
  std::size_t count = 0;
  for (; size >= 0x80; size >>= 7) bytes[count++] = static_cast<uint8_t>(size | 0x80);
  bytes[count++] = static_cast<uint8_t>(size);
  Write(bytes, count);
}

void Writer::Pad(std::size_t alignment) {
  static constexpr std::byte kZeroes[64] = {};
  for (std::size_t left = -position() % alignment; left != 0;) {
    const std::size_t size = std::min(left, sizeof(kZeroes));
    Write(kZeroes, size);
    left -= size;
  }
}

uint32_t Writer::Attach(AttachmentPtr attachment) {
  auto& attachments = to_.more().attachments;
  const auto found = std::find(attachments.begin(), attachments.end(), attachment);
  const auto index = static_cast<uint32_t>(found - attachments.begin());
  if (found != attachments.end()) return index;
  if (index == kMostAttachments) {
    throw CodecError("a message can have no more than " + std::to_string(kMostAttachments) +
                     " attachments, such as SharedBuffers; put more into each");
  }
  attachments.push_back(std::move(attachment));
  return index;
}

void Writer::TooDeep() {
  throw CodecError("a value is nested more than " + std::to_string(kMaxDepth) +
                   " levels deep: flatten it, for instance into a vector");
}

// Reader

void Reader::Refill(std::size_t wanted) {
  if (pending_ == 0) FailShort(wanted);
  const std::span<const std::byte> next = source_->Next();
  if (next.empty()) Fail("the source of the message gave nothing");
  const auto size = static_cast<std::size_t>(std::min<uint64_t>(next.size(), pending_));
  cursor_ = next.data();
  limit_ = cursor_ + size;
  pending_ -= size;
}

void Reader::ReadMore(std::byte* to, std::size_t size) {
  if (size > remaining()) FailShort(size);
  while (size != 0) {
    const std::span<const std::byte> chunk = Chunk(size);
    internal::CopyBytes(to, chunk.data(), chunk.size());
    to += chunk.size();
    size -= chunk.size();
  }
}

uint64_t Reader::ReadLongSize(uint8_t first) {
  uint64_t size = first & 0x7f;
  for (int shift = 7; shift < 64; shift += 7) {
    const auto byte = ReadRaw<uint8_t>();
    if (shift == 63 && byte > 1) break;
    size |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return size;
  }
  Fail("a size of more than 64 bits");
}

void Reader::SkipPadding(std::size_t alignment) {
  for (std::size_t left = -position() % alignment; left != 0;) left -= Chunk(left).size();
}

std::span<const std::byte> Reader::View(std::size_t size) {
  if (!contiguous()) {
    Fail("a view (string_view, span) needs the whole message in memory: take a string or a vector");
  }
  if (size > available()) FailShort(size);
  return {std::exchange(cursor_, cursor_ + size), size};
}

AttachmentPtr Reader::attachment(uint32_t index) const {
  if (index < attachments_.size()) return attachments_[index];
  if (attachments_.empty()) {
    Fail(
        "an attachment, such as a SharedBuffer's memory, of a message that came without: what "
        "carried it takes bytes alone");
  }
  Fail("attachment " + std::to_string(index) + " of " + std::to_string(attachments_.size()));
}

void Reader::Fail(const std::string& what) const {
  throw CodecError(what + " (at byte " + std::to_string(position()) + " of a message of " +
                   std::to_string(size_) + ")");
}

void Reader::FailShort(uint64_t wanted) const {
  Fail(Times(wanted, "more byte") + " wanted, " + std::to_string(remaining()) + " left");
}

void Reader::FailCount(uint64_t count, std::size_t min_bytes_each) const {
  Fail(Times(count, "element") + " of at least " + Times(min_bytes_each, "byte") + " each, but " +
       std::to_string(remaining()) + " bytes left");
}

void Reader::FailDepth() const {
  Fail("a value nested more than " + std::to_string(kMaxDepth) + " levels deep");
}

}  // namespace cohort::ipc
