// SharedBuffer: large payloads without a copy.
//
//   SharedBuffer pixels(width * height * sizeof(float));       // memory that processes share
//   for (float& p : pixels.as<float>()) p = ...;               // filled in place
//   Future<double> sum = pool.submit(Sum, pixels);             // what crosses is a few bytes
//
// A handle: copies share the memory, as do slices, and the last of them gives it back. It crosses
// as an argument or a result, alone or inside other values, in both directions: a worker's task can
// fill one and return it. In another process it is the same memory at another address: what one
// writes, the other sees. There is no lock: let one side write before the other reads.
//
// Access. By default only the process that makes a buffer can write; in another one, be it worker
// or parent, writing there ends the process with SIGSEGV. The kernel sees to it, by a seal on the
// memory. With kReadWrite all write that have it. is_writable() tells what this process may. What
// another process may write can change at any time: copy before you check.
//
// Memory. The content of a new buffer is unspecified: most often it is memory that was used before,
// for a buffer of about the same size, without the page faults that new memory costs (most of the
// time that it takes to fill it). A worker that had that buffer may be able to see the new content.
// Up to 256 MiB that are not in use are kept for this, in a worker 64 MiB; see set_idle_limit().
// All of a buffer's memory is taken from the system when it is made, so that a lack of memory is an
// error there, and no signal later. Each takes one descriptor, in each process that has it: for
// many small things, take slices of a large buffer. A message can have 512. Nothing has a name, and
// nothing is left when the last process has ended, however.
//
// Threads: as with std::shared_ptr. Each handle is for one thread at a time; different handles of
// the same memory may be used, copied and dropped by several. Nothing blocks.
//
// Errors: std::system_error where there is no memory or descriptor to be had;
// std::invalid_argument and std::out_of_range for what cannot be; CodecError where what carries a
// message takes bytes alone, such as a file.

#ifndef COHORT_IPC_SHARED_BUFFER_H_
#define COHORT_IPC_SHARED_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>

#include "ipc/codec.h"
#include "ipc/message.h"

namespace cohort {

namespace ipc::internal {
class Segment;
}  // namespace ipc::internal

class SharedBuffer {
 public:
  // What other processes may do with it.
  enum class Access { kReadOnly, kReadWrite };

  static constexpr std::size_t kToTheEnd = static_cast<std::size_t>(-1);

  // Empty.
  SharedBuffer() = default;

  // 0 bytes: an empty one.
  explicit SharedBuffer(std::size_t size, Access others = Access::kReadOnly);

  // One that is filled with a copy of these.
  static SharedBuffer copy_of(std::span<const std::byte> bytes, Access others = Access::kReadOnly);

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // As in std::span, a handle that is const may point to what is not. A buffer's first byte lies on
  // a page of its own, and so is aligned for every type; a slice lies where it lies.
  std::byte* data() const noexcept { return data_; }
  std::span<std::byte> bytes() const noexcept { return {data_, size_}; }
  std::byte* begin() const noexcept { return data_; }
  std::byte* end() const noexcept { return data_ + size_; }

  // Whether this process may write.
  bool is_writable() const noexcept;

  // All of it as a row of T, which is trivially copyable. Throws std::invalid_argument where it is
  // not aligned for T, or no whole number of them.
  template <typename T>
  std::span<T> as() const {
    static_assert(
        std::is_trivially_copyable_v<T>,
        "SharedBuffer: memory that processes share can hold only trivially copyable types");
    CheckFits(sizeof(T), alignof(T));
    return {reinterpret_cast<T*>(data_), size_ / sizeof(T)};
  }

  // `length` bytes of it, from `offset` on, of the same memory, which lasts as long as any slice.
  // Where that is not inside, throws std::out_of_range.
  SharedBuffer slice(std::size_t offset, std::size_t length = kToTheEnd) const;
  SharedBuffer subspan(std::size_t offset, std::size_t length = kToTheEnd) const {
    return slice(offset, length);
  }

  // The memory that this process keeps for new buffers, and how much it may be: at once, and from
  // now on.
  static std::size_t idle_bytes();
  static void set_idle_limit(std::size_t bytes);
  static void release_idle();

 private:
  friend struct ipc::Codec<SharedBuffer>;

  SharedBuffer(std::shared_ptr<ipc::internal::Segment> segment, std::byte* data, std::size_t size);

  void CheckFits(std::size_t size, std::size_t alignment) const;

  std::shared_ptr<ipc::internal::Segment> segment_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

namespace ipc {

using cohort::SharedBuffer;

// The number of the attachment that the memory is, and which part of it.
template <>
struct Codec<SharedBuffer> {
  static constexpr bool kRunsUserCode = false;

  static void encode(Writer& writer, const SharedBuffer& buffer);
  static SharedBuffer decode(Reader& reader);
};

}  // namespace ipc
}  // namespace cohort

#endif  // COHORT_IPC_SHARED_BUFFER_H_
