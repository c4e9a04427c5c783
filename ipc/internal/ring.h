// One direction of a channel between two processes: a ring of bytes in shared memory, with one
// writer and one reader.
//
// Positions are counts of bytes since the beginning and only grow. Invariants:
//
//   1. tail <= head <= tail + capacity.
//   2. The bytes in [tail, head) are complete: the writer moves the head with one store, after it
//      has written them. What a writer that died had not published is never read.
//   3. Each process writes its own index and reads the other's. The other's is checked each time:
//      its memory may be garbage.
//   4. That the other process has ended, and where its position then was, is kept in the memory of
//      this one alone: what the other has started may live on and write to the other's.
//
// The ring's memory is mapped twice in a row (SharedMemory::MapRing), so that each run of bytes is
// contiguous. Neither end is safe for several threads, but for HasNews(), Wake() and MarkGone().
//
// Sleep: the sleeper writes to `waits` in its own index which position of the other's it waits to
// see changed, and then looks at that position once more; the other moves its position and then
// looks at `waits`. All four are sequentially consistent, so that at least one sees the other. The
// futex is the position itself, so that it cannot change between the last look and the sleep.
//
// One system call wakes a sleeper, though the position may move often until it runs. For that, the
// waker remembers which `waits` it has answered. It may do so only where the position has moved
// from there: then who has not reached the kernel yet will not fall asleep, and nobody sleeps on
// that position again. A call without a move (a thread may come late with it) is no answer.
//
// Who can write a futex's memory can also move its sleepers to another futex, where no call wakes
// them. So who does not trust the other sleeps no longer than kLookUp at a time.

#ifndef COHORT_IPC_INTERNAL_RING_H_
#define COHORT_IPC_INTERNAL_RING_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "futures/errors.h"
#include "futures/timeout.h"

namespace cohort::ipc::internal {

// What one process says of its end of a ring. In memory that only this process writes.
struct RingIndex {
  alignas(64) std::atomic<uint64_t> position{0};
  std::atomic<uint64_t> waits{0};  // not 0: it sleeps until the other's is not this less 1
};

// How long a sleep lasts at most, where the other end is not trusted.
inline constexpr std::chrono::seconds kLookUp(1);

class PeerGone : public Error {
 public:
  PeerGone() : Error("the process at the other end of the channel has ended") {}
};

// The other process has written what no correct one writes.
class ProtocolError : public Error {
 public:
  using Error::Error;
};

// One end's way to sleep, and to wake the other.
class RingSignal {
 public:
  RingSignal() = default;
  RingSignal(RingIndex& own, const RingIndex& other) noexcept : own_(&own), other_(&other) {}

  // Sleeps until the other's position is no more `seen`, or the deadline (false).
  bool AwaitMove(uint64_t seen, Deadline deadline) noexcept;

  // Wakes who sleeps at the other end, after moves of the own position. From any thread.
  void Wake() noexcept;

 private:
  RingIndex* own_ = nullptr;
  const RingIndex* other_ = nullptr;
  std::atomic<uint64_t> answered_{0};  // which of the other's `waits`
};

// Whether the other process has ended. In this one's own memory.
class PeerState {
 public:
  bool is_gone() const noexcept { return last_.load(std::memory_order_acquire) != kNoPosition; }

  // Where its position then was.
  uint64_t last() const noexcept { return last_.load(std::memory_order_relaxed); }

  // Wakes who waits for it. From any thread, once or more often.
  void MarkGone(RingIndex& dead) noexcept;

 private:
  static constexpr uint64_t kNoPosition = ~uint64_t{0};

  std::atomic<uint64_t> last_{kNoPosition};  // until it has ended
};

class RingWriter {
 public:
  RingWriter() = default;
  RingWriter(std::byte* data, std::size_t capacity, RingIndex& own, const RingIndex& other) noexcept
      : data_(data), capacity_(capacity), own_(&own), other_(&other), signal_(own, other) {}

  std::size_t capacity() const noexcept { return capacity_; }

  // Bytes that can be written at once. Looks at the other's index only where `wanted` makes it.
  std::size_t Room(std::size_t wanted) {
    const std::size_t room = capacity_ - static_cast<std::size_t>(head_ - tail_);
    return room >= wanted ? room : RefreshRoom();
  }

  // Blocks until there is that much room; gives all there is. Throws PeerGone.
  std::size_t AwaitRoom(std::size_t wanted);

  // No more than Room().
  void Put(const void* bytes, std::size_t size) noexcept {
    std::memcpy(data_ + head_ % capacity_, bytes, size);
    head_ += size;
  }
  // To the next multiple of 8.
  void Align() noexcept { head_ = (head_ + 7) & ~uint64_t{7}; }

  // Shows what was put.
  void Publish() noexcept { own_->position.store(head_, std::memory_order_seq_cst); }
  void Wake() noexcept { signal_.Wake(); }

  // The reader has ended, whose index this is: who waits for room wakes up and is told. From any
  // thread.
  void MarkGone(RingIndex& reader) noexcept { peer_.MarkGone(reader); }

 private:
  std::size_t RefreshRoom();

  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two
  RingIndex* own_ = nullptr;
  const RingIndex* other_ = nullptr;
  RingSignal signal_;
  PeerState peer_;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;  // as last seen
};

class RingReader {
 public:
  RingReader() = default;
  RingReader(const std::byte* data, std::size_t capacity, RingIndex& own,
             const RingIndex& other) noexcept
      : data_(data), capacity_(capacity), own_(&own), other_(&other), signal_(own, other) {}

  // What is there to be read. Throws ProtocolError, and PeerGone where nothing is left.
  std::span<const std::byte> Peek() {
    if (head_ <= tail_) Refresh();
    return {data_ + tail_ % capacity_, static_cast<std::size_t>(head_ - tail_)};
  }
  // The same after a new look at the other's index.
  std::span<const std::byte> PeekAnew() {
    Refresh();
    return {data_ + tail_ % capacity_, static_cast<std::size_t>(head_ - tail_)};
  }

  // Steps over bytes that were peeked at; they stay as they are until Release().
  void Skip(std::size_t size) noexcept { tail_ += size; }
  void Align() noexcept { tail_ = (tail_ + 7) & ~uint64_t{7}; }

  // Gives the room back.
  void Release() noexcept { own_->position.store(tail_, std::memory_order_seq_cst); }
  void Wake() noexcept { signal_.Wake(); }

  // Sleeps until there is something new. May return early.
  bool Await(Deadline deadline) noexcept { return signal_.AwaitMove(head_, deadline); }

  // Whether there is something that was not released, or the end. From any thread.
  bool HasNews() const noexcept {
    return peer_.is_gone() || other_->position.load(std::memory_order_seq_cst) !=
                                  own_->position.load(std::memory_order_relaxed);
  }

  // The writer has ended, whose index this is: who waits for it wakes up. What it had published can
  // still be read. From any thread.
  void MarkGone(RingIndex& writer) noexcept { peer_.MarkGone(writer); }

 private:
  void Refresh();

  const std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  RingIndex* own_ = nullptr;
  const RingIndex* other_ = nullptr;
  RingSignal signal_;
  PeerState peer_;
  uint64_t tail_ = 0;
  uint64_t head_ = 0;  // as last seen
};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_RING_H_
