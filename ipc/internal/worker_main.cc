#include "ipc/internal/worker_main.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/log.h"
#include "ipc/call.h"
#include "ipc/callable.h"
#include "ipc/codec.h"
#include "ipc/crash_report.h"
#include "ipc/exception.h"
#include "ipc/internal/kept_memory.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/ring.h"
#include "ipc/internal/segment.h"
#include "ipc/internal/segment_exchange.h"
#include "ipc/internal/spin.h"
#include "ipc/internal/stop_watcher.h"
#include "ipc/internal/stream.h"
#include "ipc/module.h"
#include "ipc/oom.h"
#include "ipc/sandbox.h"
#include "ipc/shared_memory.h"
#include "ipc/worker_process.h"

extern "C" void __gcov_dump() __attribute__((weak));  // NOLINT: of coverage builds

namespace cohort::ipc::internal {
namespace {

constexpr std::chrono::seconds kIdleAfter(1);

constexpr int kCannotServe = 70;  // the exit status EX_SOFTWARE of sysexits.h

using Clock = std::chrono::steady_clock;

uint64_t Nanoseconds(Clock::duration duration) {
  return static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
}

// Ends the process as it should be ended when all went well: what was printed is not lost, but no
// static object's destructor runs, for they are the parent's business.
[[noreturn]] void End() {
  std::cout.flush();
  fflush(nullptr);
  if (__gcov_dump != nullptr) __gcov_dump();
  _exit(0);
}

// For a worker that is not what it should be, and must not run tasks that were sent already. The
// parent reads why, and kills it; if it ended by itself, that might be noticed before.
[[noreturn]] void AwaitEnd() {
  while (true) pause();
}

// Whatever ends the parent closes its end of the pipe; the kernel then kills this process. That
// needs no thread and no signal handler, and works in a busy loop.
void TieToLifeline() {
  fcntl(kLifeline, F_SETOWN, getpid());
  fcntl(kLifeline, F_SETSIG, SIGKILL);
  fcntl(kLifeline, F_SETFL, fcntl(kLifeline, F_GETFL) | O_ASYNC);
  pollfd lifeline{kLifeline, 0, 0};
  if (poll(&lifeline, 1, 0) > 0) _exit(0);  // cut before
}

void TieToParent(const WorkerSettings& settings) {
  if (settings.starting_thread == StartingThread::kOutlivesWorker) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  if (getppid() != settings.parent) _exit(0);
}

void CloseOnExec() {
  for (int fd = kSocket; fd <= kSecondDoorbell; ++fd) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

// A shared memory of the parent's, as this process may use it.
struct Shared {
  template <typename Block>
  static Shared Adopt(WorkerDescriptor fd, MemoryAccess access) {
    const SharedMemory memory = SharedMemory::Adopt(FileDescriptor(fd));
    const std::size_t head = HeadSize<Block>();
    return {memory.MapRing(head, access), head, memory.size() - head};
  }

  std::byte* ring() const { return mapping.data() + head; }

  Mapping mapping;
  std::size_t head;
  std::size_t ring_size;
};

class Worker final : public Call {
 public:
  Worker()
      : from_parent_(Shared::Adopt<ParentBlock>(kParentMemory, MemoryAccess::kReadOnly)),
        from_worker_(Shared::Adopt<WorkerBlock>(kWorkerMemory, MemoryAccess::kReadWrite)),
        parent_(*reinterpret_cast<const ParentBlock*>(from_parent_.mapping.data())),
        own_(*reinterpret_cast<WorkerBlock*>(from_worker_.mapping.data())),
        tasks_(from_parent_.ring(), from_parent_.ring_size, own_.tasks, parent_.tasks),
        results_(from_worker_.ring(), from_worker_.ring_size, own_.results, parent_.results),
        segments_(kSocket, SegmentExchange::Peer::kTrusted),
        stop_(parent_.stop) {}

  WorkerSettings ReadSettings();
  void Report(const WorkerReport& report);
  CrashSlot& crash() { return own_.crash; }
  [[noreturn]] void Serve(uint64_t max_tasks);

  // Call
  Reader& arguments() override { return *arguments_; }
  void MakeContiguous() override;
  std::stop_token stop_token() override { return stop_.TokenFor(current_); }
  void Return(const Message& result) override { Answer(RecordKind::kResult, result); }

 private:
  RecordHeader AwaitRecord();
  void KeepMemory() {
    if (!std::exchange(keeps_memory_, true)) KeepFreedMemory();
  }
  void AwaitNews();
  std::span<const std::byte> Payload(const RecordHeader& header);
  bool RunTask(const RecordHeader& header);
  void Begin(const RecordHeader& header);
  std::vector<SegmentEntry> TakeList();
  std::exception_ptr ReceiveAttachments();
  void TakeNotices(const RecordHeader& header);
  void PutNotices();
  void SendNotices();
  void DropArguments();
  bool Claim(uint64_t sequence);
  void Invoke();
  void Answer(RecordKind kind, const Message& message);
  void AnswerError(const std::exception_ptr& error);
  void Send(const RecordHeader& header, const Message& message);
  void PutList(const std::vector<SegmentEntry>& list);
  void RingDoorbell();

  const Shared from_parent_;
  const Shared from_worker_;
  const ParentBlock& parent_;
  WorkerBlock& own_;
  RingReader tasks_;
  RingWriter results_;
  SegmentExchange segments_;
  StopWatcher stop_;

  // Of the current task.
  uint64_t current_ = 0;
  bool answered_ = false;
  Clock::time_point begun_;
  std::optional<RingSource> stream_;
  std::vector<AttachmentPtr> attachments_;
  std::optional<Reader> arguments_;
  std::vector<std::byte> gathered_;

  bool keeps_memory_ = false;
  uint64_t rung_ = 0;  // for which of the parent's sleeps
};

// After a while without work, the memory of large messages goes back to the system.
void Worker::AwaitNews() {
  if (std::exchange(keeps_memory_, false)) {
    if (tasks_.Await(Deadline::after(kIdleAfter))) return;
    ReturnFreedMemory();
  }
  tasks_.Await(Deadline::never());
}

// Blocks. The payload is still to be read.
RecordHeader Worker::AwaitRecord() {
  std::span<const std::byte> bytes = tasks_.Peek();
  while (bytes.size() < sizeof(RecordHeader)) {
    if (!SpinAndYield([this] { return tasks_.HasNews(); })) AwaitNews();
    bytes = tasks_.PeekAnew();
  }
  RecordHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  tasks_.Skip(sizeof(header));
  return header;
}

// Of a record that was published as a whole. Good until the next Release().
std::span<const std::byte> Worker::Payload(const RecordHeader& header) {
  const auto bytes = tasks_.Peek().first(static_cast<std::size_t>(header.size));
  tasks_.Skip(PaddedSize(header.size));
  return bytes;
}

WorkerSettings Worker::ReadSettings() {
  const RecordHeader header = AwaitRecord();
  Reader reader(Payload(header));
  auto settings = decode<WorkerSettings>(reader);
  tasks_.Release();
  return settings;
}

void Worker::Report(const WorkerReport& report) {
  Message message;
  Writer writer(message);
  encode(writer, report);
  Send({.size = message.size(),
        .sequence = 0,
        .nanoseconds = 0,
        .kind = RecordKind::kReady,
        .flags = 0},
       message);
}

void Worker::Serve(uint64_t max_tasks) {
  uint64_t tasks = 0;
  while (true) {
    const RecordHeader header = AwaitRecord();
    if (header.kind == RecordKind::kExit) break;
    if (header.kind == RecordKind::kReleased) {
      TakeNotices(header);
      continue;
    }
    if (RunTask(header) && ++tasks == max_tasks) break;
  }
  Send({.size = 0, .sequence = 0, .nanoseconds = 0, .kind = RecordKind::kRetired, .flags = 0}, {});
  End();
}

bool Worker::Claim(uint64_t sequence) {
  uint64_t expected = SlotWord(sequence, SlotState::kSent);
  return own_.slots[sequence % kSlots].compare_exchange_strong(
      expected, SlotWord(sequence, SlotState::kBegun), std::memory_order_acq_rel);
}

// Why they cannot be had here, or null. Any other failure leaves the ring or the socket in the
// middle of something, and ends the worker.
std::exception_ptr Worker::ReceiveAttachments() {
  const std::vector<SegmentEntry> list = TakeList();
  try {
    attachments_ = segments_.Receive(list);
  } catch (const ProtocolError&) {
    throw;
  } catch (const PeerGone&) {
    throw;
  } catch (const Error&) {
    return std::current_exception();
  }
  return nullptr;
}

// False: the task was recalled.
bool Worker::RunTask(const RecordHeader& header) {
  std::exception_ptr no_attachments;
  std::span<const std::byte> payload;
  // Also of a recalled task: the descriptors are in the socket, and the leases are to be returned.
  if ((header.flags & record_flags::kAttachments) != 0) no_attachments = ReceiveAttachments();
  if (IsStream(header)) {
    KeepMemory();
    stream_.emplace(tasks_, header.size);
  } else {
    payload = Payload(header);
  }
  const bool is_ours = Claim(header.sequence);
  if (is_ours) {
    Begin(header);
    if (stream_) {
      arguments_.emplace(*stream_, header.size, attachments_, Trust::kSender);
    } else {
      arguments_.emplace(payload, attachments_);
    }
    if (no_attachments == nullptr) {
      Invoke();
    } else {
      AnswerError(no_attachments);
    }
    gathered_ = {};
    stop_.Forget();
  }
  DropArguments();
  if (stream_) stream_->Finish();
  stream_.reset();
  tasks_.Release();
  tasks_.Wake();
  SendNotices();
  return is_ours;
}

void Worker::Begin(const RecordHeader& header) {
  current_ = header.sequence;
  answered_ = false;
  begun_ = Clock::now();
  if ((header.flags & record_flags::kAnnounce) == 0) return;
  Send({.size = 0,
        .sequence = current_,
        .nanoseconds = Nanoseconds(begun_.time_since_epoch()),
        .kind = RecordKind::kBegun,
        .flags = 0},
       {});
}

void Worker::DropArguments() {
  arguments_.reset();
  attachments_.clear();
}

// The memory of SharedBuffers.

// The ring as well is the parent's, who is trusted.
std::vector<SegmentEntry> Worker::TakeList() {
  const auto bytes = tasks_.Peek();
  uint64_t count = 0;
  std::memcpy(&count, bytes.data(), sizeof(count));
  std::vector<SegmentEntry> list(static_cast<std::size_t>(count));
  std::memcpy(list.data(), bytes.data() + sizeof(count), list.size() * sizeof(SegmentEntry));
  tasks_.Skip(ListSize(list.size()));
  return list;
}

void Worker::TakeNotices(const RecordHeader& header) {
  const auto bytes = Payload(header);
  std::vector<SegmentNotice> notices(bytes.size() / sizeof(SegmentNotice));
  std::memcpy(notices.data(), bytes.data(), notices.size() * sizeof(SegmentNotice));
  segments_.OnNotices(notices);
  segments_.DestroyEnded();
  tasks_.Release();
  tasks_.Wake();
  SendNotices();  // where the memory could not be kept
}

// Whoever sleeps is not woken: that is for what follows.
void Worker::PutNotices() {
  while (segments_.HasNotices()) {
    constexpr std::size_t kMost = 256;
    results_.AwaitRoom(sizeof(RecordHeader) + kMost * sizeof(SegmentNotice));
    const std::vector<SegmentNotice> notices = segments_.TakeNotices(kMost);
    if (notices.empty()) return;
    const RecordHeader header{.size = notices.size() * sizeof(SegmentNotice),
                              .sequence = 0,
                              .nanoseconds = 0,
                              .kind = RecordKind::kReleased,
                              .flags = 0};
    results_.Put(&header, sizeof(header));
    results_.Put(notices.data(), static_cast<std::size_t>(header.size));
    results_.Publish();
  }
}

void Worker::SendNotices() {
  if (!segments_.HasNotices()) return;
  PutNotices();
  results_.Wake();
  RingDoorbell();
}

void Worker::Invoke() {
  try {
    decode_entry(*arguments_).entry(*this);
    if (!answered_) throw Error("the entry of a task returned nothing");
  } catch (...) {
    // After the answer only destructors of arguments have run: nobody waits for what they say.
    if (answered_) {
      cohort::internal::LogException("a task's arguments", std::current_exception());
    } else {
      AnswerError(std::current_exception());
    }
  }
}

void Worker::MakeContiguous() {
  if (!stream_) return;
  gathered_.reserve(static_cast<std::size_t>(arguments_->remaining()));
  while (arguments_->remaining() != 0) {
    const auto piece = arguments_->Chunk(kStreamPiece);
    gathered_.insert(gathered_.end(), piece.begin(), piece.end());
  }
  arguments_.emplace(std::span<const std::byte>(gathered_), attachments_);
}

void Worker::Answer(RecordKind kind, const Message& message) {
  // What cannot be sent throws before anything was.
  SegmentExchange::Check(message);
  segments_.ShipAll(message.attachments());
  // The arguments' memory can be used again by the time that the answer is known.
  arguments_.emplace(std::span<const std::byte>());
  attachments_.clear();
  PutNotices();
  const bool has_attachments = !message.attachments().empty();
  Send({.size = message.size(),
        .sequence = current_,
        .nanoseconds = Nanoseconds(Clock::now() - begun_),
        .kind = kind,
        .flags = has_attachments ? record_flags::kAttachments : 0},
       message);
  answered_ = true;
}

void Worker::AnswerError(const std::exception_ptr& error) {
  Message message;
  Writer writer(message);
  encode_exception(writer, error);
  Answer(RecordKind::kError, message);
}

// Nothing that throws comes between a Put() and the Publish(): the list is made before.
void Worker::Send(const RecordHeader& header, const Message& message) {
  const bool is_stream = IsStream(header);
  const std::vector<SegmentEntry> list = segments_.Lease(message.attachments());
  const std::size_t head = sizeof(header) + ListSize(list.size());
  results_.AwaitRoom(head + (is_stream ? 0 : PaddedSize(header.size)));
  results_.Put(&header, sizeof(header));
  if (!list.empty()) PutList(list);
  if (!is_stream) {
    message.ForEachPiece(
        [this](std::span<const std::byte> piece) { results_.Put(piece.data(), piece.size()); });
    results_.Align();
  }
  results_.Publish();
  results_.Wake();
  RingDoorbell();
  if (!is_stream) return;
  KeepMemory();
  StreamTo(results_, message);
}

void Worker::PutList(const std::vector<SegmentEntry>& list) {
  const uint64_t count = list.size();
  results_.Put(&count, sizeof(count));
  results_.Put(list.data(), list.size() * sizeof(SegmentEntry));
}

// The parent sets `asleep` before it looks at the ring a last time, and the ring's position was
// moved before `asleep` is read here; all sequentially consistent.
void Worker::RingDoorbell() {
  const uint64_t asleep = parent_.asleep.load(std::memory_order_seq_cst);
  if (asleep == 0 || asleep == rung_) return;
  rung_ = asleep;
  eventfd_write((asleep & 1) == 0 ? kFirstDoorbell : kSecondDoorbell, 1);
}

// Why this process cannot work, or nothing.
std::string Prepare(const WorkerSettings& settings, WorkerReport& report) {
  try {
    setvbuf(stdout, nullptr, _IOLBF, 0);  // whole lines, and none is lost in a crash
    raise_oom_score();
    ModuleTable::process().allow_loading();  // the parent is trusted
    report.executable = executable_build_id();
    report.missing = apply_sandbox(settings.sandbox, {.memory = settings.memory_limit}).missing;
    return {};
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

bool IsWorkerOf(uint64_t nonce) noexcept {
  struct stat status {};
  if (fstat(kParentMemory, &status) != 0 || fstat(kSecondDoorbell, &status) != 0) return false;
  const int seals = fcntl(kParentMemory, F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) return false;
  ParentBlock block;
  const auto size = static_cast<ssize_t>(sizeof(block.nonce));
  return pread(kParentMemory, &block.nonce, sizeof(block.nonce), 0) == size && block.nonce == nonce;
}

void ServeAsWorker(void (*on_depth)(int)) {
  try {
    TieToLifeline();  // first: a parent that has ended sends no settings
    Worker worker;
    const WorkerSettings settings = worker.ReadSettings();
    TieToParent(settings);
    CloseOnExec();
    SegmentCache::OfThisProcess().SetLimit(SegmentCache::kWorkersLimit);
    on_depth(settings.depth);
    if (!settings.name.empty()) prctl(PR_SET_NAME, settings.name.c_str());
    install_crash_handler(worker.crash());
    WorkerReport report;
    report.failure = Prepare(settings, report);
    worker.Report(report);
    if (!report.failure.empty()) AwaitEnd();
    worker.Serve(settings.max_tasks);
  } catch (...) {
    cohort::internal::LogException("a worker process", std::current_exception());
    _exit(kCannotServe);
  }
}

}  // namespace cohort::ipc::internal
