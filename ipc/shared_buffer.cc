#include "ipc/shared_buffer.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "ipc/internal/segment.h"
#include "ipc/shared_memory.h"

namespace cohort {

using ipc::SharedMemory;
using ipc::internal::Segment;
using ipc::internal::SegmentCache;

SharedBuffer::SharedBuffer(std::size_t size, Access others) : size_(size) {
  if (size == 0) return;
  segment_ =
      Segment::Allocate(size, others == Access::kReadOnly ? SharedMemory::Others::kReadOnly
                                                          : SharedMemory::Others::kReadWrite);
  data_ = segment_->bytes().data();
}

SharedBuffer::SharedBuffer(std::shared_ptr<Segment> segment, std::byte* data, std::size_t size)
    : segment_(std::move(segment)), data_(data), size_(size) {}

SharedBuffer SharedBuffer::copy_of(std::span<const std::byte> bytes, Access others) {
  SharedBuffer copy(bytes.size(), others);
  if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
  return copy;
}

bool SharedBuffer::is_writable() const noexcept {
  return segment_ != nullptr && segment_->is_writable();
}

void SharedBuffer::CheckFits(std::size_t size, std::size_t alignment) const {
  const auto address = reinterpret_cast<uintptr_t>(data_);
  if (address % alignment == 0 && size_ % size == 0) return;
  throw std::invalid_argument("SharedBuffer::as: " + std::to_string(size_) + " bytes at address " +
                              std::to_string(address) + " are no row of a type of " +
                              std::to_string(size) + " bytes, aligned to " +
                              std::to_string(alignment));
}

SharedBuffer SharedBuffer::slice(std::size_t offset, std::size_t length) const {
  if (offset <= size_ && length == kToTheEnd) length = size_ - offset;
  if (offset > size_ || length > size_ - offset) {
    throw std::out_of_range("SharedBuffer::slice: " + std::to_string(length) + " bytes from " +
                            std::to_string(offset) + " on are not inside of " +
                            std::to_string(size_));
  }
  return length == 0 ? SharedBuffer() : SharedBuffer(segment_, data_ + offset, length);
}

std::size_t SharedBuffer::idle_bytes() { return SegmentCache::OfThisProcess().bytes(); }

void SharedBuffer::set_idle_limit(std::size_t bytes) {
  SegmentCache::OfThisProcess().SetLimit(bytes);
}

void SharedBuffer::release_idle() { SegmentCache::OfThisProcess().Clear(); }

namespace ipc {

// 0, or the attachment's number + 1, the offset, and the length.
void Codec<SharedBuffer>::encode(Writer& writer, const SharedBuffer& buffer) {
  if (buffer.empty()) return writer.WriteSize(0);
  writer.WriteSize(uint64_t{writer.Attach(buffer.segment_)} + 1);
  writer.WriteSize(static_cast<uint64_t>(buffer.data() - buffer.segment_->bytes().data()));
  writer.WriteSize(buffer.size());
}

SharedBuffer Codec<SharedBuffer>::decode(Reader& reader) {
  const uint64_t number = reader.ReadSize();
  if (number == 0) return {};
  auto segment = std::dynamic_pointer_cast<Segment>(
      reader.attachment(static_cast<uint32_t>(std::min<uint64_t>(number - 1, UINT32_MAX))));
  if (segment == nullptr) reader.Fail("an attachment that is no memory of a SharedBuffer");
  const uint64_t offset = reader.ReadSize();
  const uint64_t size = reader.ReadSize();
  if (size == 0 || offset > segment->size() || size > segment->size() - offset) {
    reader.Fail("a SharedBuffer of " + std::to_string(size) + " bytes from " +
                std::to_string(offset) + " on, of memory of " + std::to_string(segment->size()));
  }
  std::byte* const data = segment->bytes().data() + offset;
  return SharedBuffer(std::move(segment), data, static_cast<std::size_t>(size));
}

}  // namespace ipc
}  // namespace cohort
