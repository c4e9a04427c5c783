// What a parent and one of its worker processes say to each other, and where it lies in memory.
//
// There are two pieces of shared memory for each worker, and nothing that two workers share. Each
// begins with a block of words and goes on with a ring:
//
//   from the parent: ParentBlock, then the ring of tasks.   The worker can map it only for reading.
//   from the worker: WorkerBlock, then the ring of results. The parent takes it for garbage.
//
// A ring holds records: a RecordHeader and `size` bytes, up to a multiple of 8. A record of up to
// kWholeLimit bytes is published as a whole. The bytes of a larger one follow as there is room.
// Where a message has attachments, an AttachmentList stands between the header and the payload, and
// is published with the header. What is listed there for the first time came, or comes, by the
// socket: see segment_exchange.h.
//
// The life of a task is told by a slot in the worker's memory, which both sides change by
// compare-and-swap alone, so that exactly one of begin and recall succeeds:
//
//   kSent ──(worker)──▶ kBegun
//     └───(parent)────▶ kRecalled, and the worker steps over it

#ifndef COHORT_IPC_INTERNAL_PROTOCOL_H_
#define COHORT_IPC_INTERNAL_PROTOCOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ipc/crash_report.h"
#include "ipc/internal/ring.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc::internal {

enum class RecordKind : uint32_t {
  // To the worker.
  kSettings = 1,  // WorkerSettings; the first one
  kTask,          // an entry and its arguments
  kExit,          // end

  // To the parent.
  kReady,    // WorkerReport: settings are applied; or why not, and then nothing follows
  kBegun,    // where the task has kAnnounce
  kResult,   // what the call returned
  kError,    // what it threw
  kRetired,  // the worker ends, having begun nothing more

  // Both ways.
  kReleased,  // SegmentNotices
};

namespace record_flags {
inline constexpr uint32_t kAnnounce = 1;     // tell of the begin
inline constexpr uint32_t kAttachments = 2;  // their list comes before the payload
inline constexpr uint32_t kStreamed = 4;     // the payload follows as there is room, though small
}  // namespace record_flags

struct RecordHeader {
  uint64_t size;         // of the payload, in bytes
  uint64_t sequence;     // of the task: 1, 2, 3 ... for one worker
  uint64_t nanoseconds;  // kResult, kError: how long the call took; kBegun: since when it runs
  RecordKind kind;
  uint32_t flags;
};
static_assert(sizeof(RecordHeader) == 32);

// What a record has to say of a segment of memory.
struct SegmentEntry {
  uint64_t id;    // that its owner gave it; with kReceiversOwn, the owner is who reads this
  uint64_t size;  // in bytes
};
inline constexpr uint64_t kReceiversOwn = uint64_t{1} << 63;

// An AttachmentList is a uint64_t, how many there are, and so many SegmentEntries.
constexpr std::size_t ListSize(std::size_t attachments) noexcept {
  return attachments == 0 ? 0 : sizeof(uint64_t) + attachments * sizeof(SegmentEntry);
}

// The payload of kReleased is a row of these.
struct SegmentNotice {
  uint64_t id;
  // The reader's segment: so many messages that had it are done with.
  // 0: it is the writer's, and no more.
  uint64_t released;
};

inline constexpr std::size_t kWholeLimit = std::size_t{128} << 10;

// A stream is published in pieces of this size, so that both sides copy at the same time.
inline constexpr std::size_t kStreamPiece = std::size_t{128} << 10;

inline constexpr std::size_t kSlots = 256;  // tasks sent and not answered, at most

enum class SlotState : uint64_t { kSent = 1, kBegun = 2, kRecalled = 3 };

constexpr uint64_t SlotWord(uint64_t sequence, SlotState state) noexcept {
  return (sequence << 2) | static_cast<uint64_t>(state);
}

struct ParentBlock {
  uint64_t nonce = 0;  // as in the worker's environment: that the descriptors are what they should
  RingIndex tasks;     // where this process writes
  RingIndex results;   // where it reads
  // Not 0 while the parent sleeps: twice the number of this sleep, and 1 where it is the second
  // doorbell that wakes it. A worker that has a result then rings that, once for each sleep.
  alignas(64) std::atomic<uint64_t> asleep{0};
  alignas(64) std::atomic<uint64_t> stop{0};  // a task's sequence; it is to end. A futex
};

struct WorkerBlock {
  RingIndex tasks;
  RingIndex results;
  alignas(64) std::atomic<uint64_t> slots[kSlots] = {};
  CrashSlot crash;
};

static_assert(std::atomic<uint64_t>::is_always_lock_free, "the words are shared by processes");

// Where the ring begins: on a page of its own.
template <typename Block>
std::size_t HeadSize() noexcept {
  return (sizeof(Block) + page_size() - 1) / page_size() * page_size();
}

constexpr bool IsStream(const RecordHeader& header) noexcept {
  return header.size > kWholeLimit || (header.flags & record_flags::kStreamed) != 0;
}

// What a payload takes in the ring.
constexpr std::size_t PaddedSize(uint64_t size) noexcept {
  return static_cast<std::size_t>((size + 7) & ~uint64_t{7});
}

// What a worker finds as its descriptors.
enum WorkerDescriptor : int {
  kSocket = 3,
  kLifeline,
  kParentMemory,
  kWorkerMemory,
  kFirstDoorbell,
  kSecondDoorbell,
};

inline constexpr const char* kWorkerVariable = "COHORT_WORKER";

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_PROTOCOL_H_
