// A segment: shared memory that a SharedBuffer lies in, mapped, with its descriptor.
//
// Segments that this process makes are recycled: when the last handle is gone, the segment goes to
// the process's SegmentCache, with its pages and its mapping, and a later one of about the same
// size takes it from there without a page fault. Those of other processes are unmapped.
//
// Threads: a Segment does not change while there are handles; the cache may be used by all threads.
// A process made by fork() has a cache of its own, for what lies in its parent's is the parent's.

#ifndef COHORT_IPC_INTERNAL_SEGMENT_H_
#define COHORT_IPC_INTERNAL_SEGMENT_H_

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "ipc/file_descriptor.h"
#include "ipc/message.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc::internal {

class Segment final : public Attachment {
 public:
  using Others = SharedMemory::Others;

  // Whose it is, where another process has made it: the exchange that it came through, and the
  // number that it has there. Exchange 0: it is this process's own.
  struct Origin {
    uint64_t exchange = 0;
    uint64_t id = 0;
  };

  // At least `size` bytes, not 0, backed by memory: a lack of it is an error here and no signal
  // later. Their content is unspecified. Throws std::system_error, std::invalid_argument.
  static std::shared_ptr<Segment> Allocate(std::size_t size, Others others);

  // Another process's; mapped as its seals allow. Throws as SharedMemory.
  static std::shared_ptr<Segment> Adopt(FileDescriptor fd, Origin origin);

  ~Segment() override;

  // Of all segments of this process, also of later ones.
  uint64_t id() const noexcept { return id_; }
  const Origin& origin() const noexcept { return origin_; }
  int fd() const noexcept { return memory_.fd(); }
  std::span<std::byte> bytes() const noexcept { return mapping_.bytes(); }
  std::size_t size() const noexcept { return mapping_.size(); }
  bool is_writable() const noexcept { return is_writable_; }
  Others others() const noexcept { return others_; }

  // Expires with the segment, which may be used by one handle after the other in between.
  std::weak_ptr<const void> life() const noexcept { return life_; }

  // How many segments have ended: who has looked after them need not look again before it changes.
  static uint64_t ends() noexcept;

 private:
  friend class SegmentCache;

  Segment(SharedMemory memory, Others others);
  Segment(SharedMemory memory, bool is_writable, Origin origin);

  void Reserve(std::size_t size);

  const uint64_t id_;
  const Origin origin_;
  const Others others_;
  const bool is_writable_;
  const pid_t process_;
  const SharedMemory memory_;
  const Mapping mapping_;
  std::size_t reserved_ = 0;
  std::shared_ptr<const void> life_;
};

// Segments that nobody uses at the moment, up to a number of bytes; the oldest give way.
class SegmentCache {
 public:
  static constexpr std::size_t kDefaultLimit = std::size_t{256} << 20;
  static constexpr std::size_t kWorkersLimit = std::size_t{64} << 20;

  // Each has a descriptor.
  static constexpr std::size_t kMostSegments = 64;

  static SegmentCache& OfThisProcess();

  // What a segment is made of that holds `size` bytes: sizes are rounded up by less than a quarter,
  // so that one fits the next one's needs.
  static std::size_t ClassOf(std::size_t size);

  // Null where there is none of that class.
  std::unique_ptr<Segment> Take(std::size_t class_size, Segment::Others others);
  void Give(std::unique_ptr<Segment> segment);

  std::size_t bytes();
  void SetLimit(std::size_t bytes);
  void Clear();

 private:
  using Segments = std::vector<std::unique_ptr<Segment>>;

  explicit SegmentCache(pid_t process) : process_(process) {}

  Segments EvictDownTo(std::size_t bytes);

  const pid_t process_;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Segment>> idle_;  // guarded by mutex_; the oldest first
  std::size_t bytes_ = 0;                      // guarded by mutex_
  std::size_t limit_ = kDefaultLimit;          // guarded by mutex_
};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_SEGMENT_H_
