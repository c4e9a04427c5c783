// A worker process as its parent sees it: tasks go in, results come out, and a way to end it.
//
//   auto worker = WorkerProcess::Start(options);
//   const uint64_t task = worker->Send(message, Announce::kNo);   // an entry and its arguments
//   worker->Wake();
//   ... when the doorbell is readable ...
//   while (auto record = worker->Next()) { ...; worker->Done(); }
//
// What the worker writes is taken for garbage until it is checked: ProtocolError means that the
// worker is to be killed.
//
// A worker never outlives its parent, however that ends: it holds the reading end of a pipe of
// which the parent holds the only writing end, and the kernel kills it when that is gone, also in a
// busy loop.
//
// Thread safety: Recall, HasBegun, MayHaveBegun, RequestStop and Kill may be called at any time by
// any thread. The sending functions must not be called by two threads at once, and neither must the
// receiving ones. Only Stream() and what reads a stream block.
//
// Memory of SharedBuffers goes beside the rings: see internal/segment_exchange.h.

#ifndef COHORT_IPC_WORKER_PROCESS_H_
#define COHORT_IPC_WORKER_PROCESS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ipc/file_descriptor.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/ring.h"
#include "ipc/internal/segment_exchange.h"
#include "ipc/internal/stream.h"
#include "ipc/message.h"
#include "ipc/process.h"
#include "ipc/sandbox.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc {

enum class StartingThread { kMayEnd, kOutlivesWorker };

// What a worker is told before its first task.
struct WorkerSettings {
  std::string name = {};      // of the process, as ps and top show it; 15 characters are seen
  uint64_t max_tasks = 0;     // it ends after so many; 0: never
  uint64_t memory_limit = 0;  // bytes of private memory; 0: none
  // Whether the thread that calls Start() outlives the worker. If it does, the end of the thread is
  // one more thing that kills the worker, for programs whose forked children may outlive them.
  StartingThread starting_thread = StartingThread::kMayEnd;
  int depth = 0;       // set by Start(): see worker_depth()
  int64_t parent = 0;  // set by Start(): its process
  Sandbox sandbox = Sandbox::none();
};

// What it answers.
struct WorkerReport {
  std::string executable;            // its build id
  std::string failure;               // why it cannot work; empty: it can
  std::vector<std::string> missing;  // what of the sandbox the kernel lacks
};

// What wakes a parent that sleeps: two eventfds, for two threads of the parent of which either may
// be the one that fetches results. Workers can do nothing with them but ring; one that takes the
// rings of others delays them until the parent looks by itself.
struct Doorbells {
  int first = -1;
  int second = -1;
};

struct WorkerOptions {
  WorkerSettings settings = {};
  Doorbells doorbells = {};
  std::size_t ring_size = std::size_t{1} << 20;  // bytes, for each direction; a power of two
  std::string executable = {};                   // as in SpawnOptions
};

// Whether a task's begin is told of by a record.
enum class Announce { kNo, kYes };

class WorkerProcess {
 public:
  using RecordKind = internal::RecordKind;

  // Throws std::system_error where the system refuses, Error where this program cannot start
  // workers. Returns before the worker is ready; tasks may be sent at once.
  static std::unique_ptr<WorkerProcess> Start(const WorkerOptions& options);
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  Process& process() noexcept { return process_; }
  const Process& process() const noexcept { return process_; }
  int socket() const noexcept { return descriptors_.socket.get(); }

  // Sending.

  // Throws CodecError where the message has attachments that no worker can be sent.
  static void CheckSendable(const Message& message) { internal::SegmentExchange::Check(message); }

  // Whether a message is sent in pieces.
  static bool NeedsStream(const Message& message) noexcept {
    return message.size() > internal::kWholeLimit;
  }

  // Whether there is room for a message, or the head of one that is streamed, and its slot.
  bool CanSend(const Message& message) noexcept;

  // Sends what the message has beside its bytes, and does not block. False: that would block now,
  // or fails; the message can only be streamed.
  bool Prepare(const Message& message) noexcept;

  // Returns the task's number: 1, 2, 3 ... Seen by the worker at once, if it is awake. After
  // CanSend() and Prepare().
  uint64_t Send(const Message& message, Announce announce);

  // The same in two steps, for a message that needs a stream or could not be prepared: first its
  // number, then its bytes. Stream() blocks as long as the worker does not read; it throws PeerGone
  // when that has ended.
  uint64_t BeginStream(const Message& message, Announce announce);
  void Stream(const Message& message);

  // Tells it to end when it has done what was sent before.
  void SendExit();

  // Tells it which of its memory is no longer used here, and which of ours there is no more, if
  // there is room for that. Whether there was anything to tell. Send() tells it too.
  bool SendNotices();

  // Wakes it where it sleeps, after one or more sends.
  void Wake() noexcept { tasks_.Wake(); }

  // Tasks that were sent.

  // True: it has not begun and never will.
  bool Recall(uint64_t sequence) noexcept;
  bool HasBegun(uint64_t sequence) const noexcept;
  // For blame: whether a dead worker may have been at a task that was not recalled. True also where
  // the worker's memory says what makes no sense: then it was most likely the task that wrote it.
  bool MayHaveBegun(uint64_t sequence) const noexcept;
  // Signals its stop token.
  void RequestStop(uint64_t sequence) noexcept;

  // Receiving.

  struct Record {
    RecordKind kind;
    uint64_t sequence;
    uint64_t nanoseconds;
    uint64_t size;
    std::span<const std::byte> payload;  // until Done(); empty where it is a stream
    bool is_stream;
    std::vector<AttachmentPtr> attachments;
  };

  // The next record, if there is one. Throws ProtocolError, and PeerGone when it has ended and
  // nothing is left. Of a stream, what reads it must end before Done().
  std::optional<Record> Next();
  void Done();

  // The current record's stream. Its Next() blocks, and throws PeerGone when the worker has ended.
  Source& stream() noexcept { return *stream_; }

  // Whether the worker has written something since the last Next().
  bool HasNews() const noexcept { return results_.HasNews(); }

  // The parent is about to sleep: `sleep` is made by FirstBell() or SecondBell() of the sleep's
  // number, 1, 2, 3 ...; 0: it is awake.
  void SetAsleep(uint64_t sleep) noexcept;
  static constexpr uint64_t FirstBell(uint64_t number) noexcept { return number << 1; }
  static constexpr uint64_t SecondBell(uint64_t number) noexcept { return (number << 1) | 1; }

  // The end.

  // It has ended: wakes who reads or writes a stream. Nothing more can be sent. The memory that it
  // was lent is taken back when this object is destroyed: until then, what it had written may be
  // read.
  void MarkGone() noexcept;

  const CrashSlot& crash() const noexcept { return worker_block().crash; }

 private:
  using SegmentList = std::vector<internal::SegmentEntry>;

  struct Descriptors {
    FileDescriptor socket;
    FileDescriptor lifeline;
  };

  WorkerProcess(Mapping from_parent, Mapping from_worker, Descriptors descriptors, Process process,
                std::size_t ring_size);

  internal::ParentBlock& parent_block() const noexcept {
    return *reinterpret_cast<internal::ParentBlock*>(from_parent_.data());
  }
  internal::WorkerBlock& worker_block() const noexcept {
    return *reinterpret_cast<internal::WorkerBlock*>(from_worker_.data());
  }
  std::atomic<uint64_t>& SlotOf(uint64_t sequence) const noexcept {
    return worker_block().slots[sequence % internal::kSlots];
  }

  bool HasFreeSlot() noexcept;
  void Put(const internal::RecordHeader& header, const SegmentList& list,
           const Message& message) noexcept;
  void PutHead(const internal::RecordHeader& header, const SegmentList& list) noexcept;
  void PutNotices(std::size_t needed_after);
  bool HasRoom(std::size_t size) noexcept;
  std::optional<internal::RecordHeader> NextHeader();
  void CheckAnswer(const internal::RecordHeader& header);
  std::span<const std::byte> TakeWhole(uint64_t size, const char* what);
  std::vector<AttachmentPtr> TakeAttachments();
  void TakeNotices(uint64_t size);
  uint64_t TakeNumber() noexcept;
  void SendSettings(WorkerSettings settings);

  Mapping from_parent_;
  Mapping from_worker_;
  Descriptors descriptors_;
  Process process_;

  internal::RingWriter tasks_;
  internal::RingReader results_;
  internal::SegmentExchange segments_;
  uint64_t last_sent_ = 0;
  uint64_t settled_ = 0;                    // tasks up to this one are answered or recalled
  std::atomic<uint64_t> last_answered_{0};  // tasks are answered in order, but for recalled ones
  std::optional<internal::RingSource> stream_;  // of the current record
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_WORKER_PROCESS_H_
