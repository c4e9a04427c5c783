#include "ipc/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "futures/errors.h"
#include "futures/internal/futex.h"
#include "ipc/codec.h"
#include "ipc/worker_entry.h"

namespace cohort::ipc {

using internal::HeadSize;
using internal::PaddedSize;
using internal::ParentBlock;
using internal::ProtocolError;
using internal::RecordHeader;
using internal::SlotState;
using internal::SlotWord;
using internal::WorkerBlock;

namespace {

[[noreturn]] void Throw(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

uint64_t RandomNonce() {
  uint64_t nonce = 0;
  if (getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK) != sizeof(nonce)) {
    nonce = static_cast<uint64_t>(getpid());  // a mistake is all that it protects from
  }
  return nonce | 1;
}

}  // namespace

namespace {

template <typename Block>
std::pair<SharedMemory, Mapping> MakeMemory(const char* name, std::size_t ring_size) {
  SharedMemory memory = SharedMemory::Create(name, HeadSize<Block>() + ring_size);
  memory.Reserve(HeadSize<Block>());  // the ring's pages are taken as it is used
  Mapping mapping = memory.MapRing(HeadSize<Block>(), MemoryAccess::kReadWrite);
  ::new (mapping.data()) Block;
  return {std::move(memory), std::move(mapping)};
}

std::pair<FileDescriptor, FileDescriptor> MakeSocketPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) Throw("socketpair");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// The reading end first. One for each worker: whom the kernel signals is a property of the open
// pipe, which copies of a descriptor share.
std::pair<FileDescriptor, FileDescriptor> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) Throw("pipe2");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void Check(const WorkerOptions& options) {
  constexpr std::size_t kSmallest = 2 * internal::kWholeLimit;
  if (std::has_single_bit(options.ring_size) && options.ring_size >= kSmallest) return;
  throw std::invalid_argument("WorkerOptions::ring_size must be a power of two of at least " +
                              std::to_string(kSmallest) + ", not " +
                              std::to_string(options.ring_size));
}

}  // namespace

std::unique_ptr<WorkerProcess> WorkerProcess::Start(const WorkerOptions& options) {
  check_that_workers_can_start();
  Check(options);
  auto [tasks, tasks_mapping] = MakeMemory<ParentBlock>("cohort-tasks", options.ring_size);
  auto [results, results_mapping] = MakeMemory<WorkerBlock>("cohort-results", options.ring_size);
  const uint64_t nonce = RandomNonce();
  reinterpret_cast<ParentBlock*>(tasks_mapping.data())->nonce = nonce;
  tasks.Seal(SharedMemory::Others::kReadOnly);
  results.Seal(SharedMemory::Others::kReadWrite);
  auto [socket, workers_socket] = MakeSocketPair();
  auto [workers_lifeline, lifeline] = MakePipe();
  // In the order of WorkerDescriptor.
  Process process = Process::SpawnSelf(
      {.environment = {std::string(internal::kWorkerVariable) + "=" + std::to_string(nonce)},
       .descriptors = {workers_socket.get(), workers_lifeline.get(), tasks.fd(), results.fd(),
                       options.doorbells.first, options.doorbells.second},
       .executable = options.executable});
  std::unique_ptr<WorkerProcess> worker(new WorkerProcess(
      std::move(tasks_mapping), std::move(results_mapping),
      {std::move(socket), std::move(lifeline)}, std::move(process), options.ring_size));
  worker->SendSettings(options.settings);
  return worker;
}

WorkerProcess::WorkerProcess(Mapping from_parent, Mapping from_worker, Descriptors descriptors,
                             Process process, std::size_t ring_size)
    : from_parent_(std::move(from_parent)),
      from_worker_(std::move(from_worker)),
      descriptors_(std::move(descriptors)),
      process_(std::move(process)),
      tasks_(from_parent_.data() + HeadSize<ParentBlock>(), ring_size, parent_block().tasks,
             worker_block().tasks),
      results_(from_worker_.data() + HeadSize<WorkerBlock>(), ring_size, parent_block().results,
               worker_block().results),
      segments_(descriptors_.socket.get(), internal::SegmentExchange::Peer::kHostile) {}

void WorkerProcess::SendSettings(WorkerSettings settings) {
  settings.depth = worker_depth();
  settings.parent = getpid();
  Message message;
  Writer writer(message);
  encode(writer, settings);
  if (NeedsStream(message)) {
    throw std::invalid_argument("WorkerSettings of " + std::to_string(message.size()) +
                                " bytes are more than a worker is told at once (" +
                                std::to_string(internal::kWholeLimit) +
                                "); list fewer or shorter paths in the Sandbox");
  }
  Put({.size = message.size(),
       .sequence = 0,
       .nanoseconds = 0,
       .kind = RecordKind::kSettings,
       .flags = 0},
      {}, message);
  Wake();
}

// Sending.

namespace {

std::size_t HeadOf(const Message& message) {
  return sizeof(RecordHeader) + internal::ListSize(message.attachments().size());
}

std::size_t BodyOf(const Message& message) {
  return WorkerProcess::NeedsStream(message) ? 0 : PaddedSize(message.size());
}

}  // namespace

// A worker that writes garbage gets nothing more.
bool WorkerProcess::HasRoom(std::size_t size) noexcept {
  try {
    return tasks_.Room(size) >= size;
  } catch (const Error&) {
    process_.Kill(SIGKILL);
    return false;
  }
}

// A recalled task's slot may be used again before the worker has come to its record: it finds the
// slot to be another task's, and steps over.
bool WorkerProcess::HasFreeSlot() noexcept {
  settled_ = std::max(settled_, last_answered_.load(std::memory_order_relaxed));
  const auto is_recalled = [this](uint64_t sequence) {
    return SlotOf(sequence).load(std::memory_order_relaxed) ==
           SlotWord(sequence, SlotState::kRecalled);
  };
  while (settled_ < last_sent_ && is_recalled(settled_ + 1)) ++settled_;
  return last_sent_ - settled_ < internal::kSlots;
}

bool WorkerProcess::CanSend(const Message& message) noexcept {
  if (!HasFreeSlot()) return false;
  return HasRoom(HeadOf(message) + BodyOf(message));
}

bool WorkerProcess::Prepare(const Message& message) noexcept {
  try {
    return message.attachments().empty() || segments_.Ship(message.attachments());
  } catch (const std::exception&) {
    return false;
  }
}

// Nothing that throws comes between a Put() and the Publish(): the list is made before.
void WorkerProcess::PutHead(const RecordHeader& header, const SegmentList& list) noexcept {
  tasks_.Put(&header, sizeof(header));
  if (list.empty()) return;
  const uint64_t count = list.size();
  tasks_.Put(&count, sizeof(count));
  tasks_.Put(list.data(), list.size() * sizeof(list.front()));
}

void WorkerProcess::Put(const RecordHeader& header, const SegmentList& list,
                        const Message& message) noexcept {
  PutHead(header, list);
  message.ForEachPiece(
      [&](std::span<const std::byte> piece) { tasks_.Put(piece.data(), piece.size()); });
  tasks_.Align();
  tasks_.Publish();
}

// Not shown yet.
void WorkerProcess::PutNotices(std::size_t needed_after) {
  if (!segments_.HasNotices()) return;
  constexpr std::size_t kMost = 256;
  const std::size_t needed =
      sizeof(RecordHeader) + kMost * sizeof(internal::SegmentNotice) + needed_after;
  if (!HasRoom(needed)) return;
  const std::vector<internal::SegmentNotice> notices = segments_.TakeNotices(kMost);
  if (notices.empty()) return;
  const RecordHeader header{.size = notices.size() * sizeof(notices.front()),
                            .sequence = 0,
                            .nanoseconds = 0,
                            .kind = RecordKind::kReleased,
                            .flags = 0};
  tasks_.Put(&header, sizeof(header));
  tasks_.Put(notices.data(), static_cast<std::size_t>(header.size));
}

bool WorkerProcess::SendNotices() {
  if (!segments_.HasNotices()) return false;
  PutNotices(0);
  tasks_.Publish();
  return true;
}

uint64_t WorkerProcess::TakeNumber() noexcept {
  const uint64_t sequence = ++last_sent_;
  // Relaxed: the record's publication is what shows it to the worker.
  SlotOf(sequence).store(SlotWord(sequence, SlotState::kSent), std::memory_order_relaxed);
  return sequence;
}

namespace {

RecordHeader TaskHeader(uint64_t sequence, const Message& message, Announce announce) {
  uint32_t flags = 0;
  if (announce == Announce::kYes) flags |= internal::record_flags::kAnnounce;
  if (!message.attachments().empty()) flags |= internal::record_flags::kAttachments;
  return {.size = message.size(),
          .sequence = sequence,
          .nanoseconds = 0,
          .kind = internal::RecordKind::kTask,
          .flags = flags};
}

}  // namespace

uint64_t WorkerProcess::Send(const Message& message, Announce announce) {
  // First: the memory that is released here may be what the task needs there.
  PutNotices(HeadOf(message) + BodyOf(message));
  const SegmentList list = segments_.Lease(message.attachments());
  const uint64_t sequence = TakeNumber();
  Put(TaskHeader(sequence, message, announce), list, message);
  return sequence;
}

uint64_t WorkerProcess::BeginStream(const Message& message, Announce announce) {
  const SegmentList list = segments_.Lease(message.attachments());
  const uint64_t sequence = TakeNumber();
  RecordHeader header = TaskHeader(sequence, message, announce);
  header.flags |= internal::record_flags::kStreamed;
  PutHead(header, list);
  tasks_.Publish();
  return sequence;
}

void WorkerProcess::Stream(const Message& message) {
  segments_.ShipAll(message.attachments());
  internal::StreamTo(tasks_, message);
}

void WorkerProcess::SendExit() {
  const RecordHeader header{
      .size = 0, .sequence = 0, .nanoseconds = 0, .kind = RecordKind::kExit, .flags = 0};
  if (!HasRoom(sizeof(header))) return;  // it has enough to do, or is gone
  tasks_.Put(&header, sizeof(header));
  tasks_.Publish();
  tasks_.Wake();
}

// Tasks that were sent.

bool WorkerProcess::Recall(uint64_t sequence) noexcept {
  uint64_t expected = SlotWord(sequence, SlotState::kSent);
  return SlotOf(sequence).compare_exchange_strong(
      expected, SlotWord(sequence, SlotState::kRecalled), std::memory_order_acq_rel);
}

bool WorkerProcess::HasBegun(uint64_t sequence) const noexcept {
  return SlotOf(sequence).load(std::memory_order_acquire) == SlotWord(sequence, SlotState::kBegun);
}

bool WorkerProcess::MayHaveBegun(uint64_t sequence) const noexcept {
  return SlotOf(sequence).load(std::memory_order_acquire) != SlotWord(sequence, SlotState::kSent);
}

void WorkerProcess::RequestStop(uint64_t sequence) noexcept {
  auto& stop = parent_block().stop;
  stop.store(sequence, std::memory_order_seq_cst);
  cohort::internal::FutexWake(cohort::internal::FutexHalf(stop), cohort::internal::kWakeAll,
                              cohort::internal::FutexScope::kShared);
}

// Receiving.

std::optional<WorkerProcess::Record> WorkerProcess::Next() {
  if (stream_) throw ProtocolError("channel: a stream was not read to its end");
  auto header = NextHeader();
  for (; header && header->kind == RecordKind::kReleased; header = NextHeader()) {
    TakeNotices(header->size);
  }
  if (!header) return std::nullopt;
  CheckAnswer(*header);
  Record record{.kind = header->kind,
                .sequence = header->sequence,
                .nanoseconds = header->nanoseconds,
                .size = header->size,
                .payload = {},
                .is_stream = IsStream(*header),
                .attachments = {}};
  if ((header->flags & internal::record_flags::kAttachments) != 0) {
    record.attachments = TakeAttachments();
  }
  if (record.is_stream) {
    stream_.emplace(results_, header->size);
  } else {
    record.payload = TakeWhole(header->size, "record");
  }
  return record;
}

// One copy: the worker could change the original while it is checked.
std::optional<RecordHeader> WorkerProcess::NextHeader() {
  std::span<const std::byte> bytes = results_.Peek();
  if (bytes.size() < sizeof(RecordHeader)) {
    bytes = results_.PeekAnew();
    if (bytes.empty()) return std::nullopt;
    if (bytes.size() < sizeof(RecordHeader)) throw ProtocolError("channel: half a record header");
  }
  RecordHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  results_.Skip(sizeof(header));
  return header;
}

void WorkerProcess::CheckAnswer(const RecordHeader& header) {
  if (header.kind != RecordKind::kResult && header.kind != RecordKind::kError) {
    if (!IsStream(header)) return;
    throw ProtocolError("channel: a stream of " + std::to_string(header.size) +
                        " bytes that is no answer");
  }
  const uint64_t answered = last_answered_.load(std::memory_order_relaxed);
  if (header.sequence <= answered || header.sequence > last_sent_) {
    throw ProtocolError("channel: an answer to task " + std::to_string(header.sequence) +
                        ", after " + std::to_string(answered) + " of " +
                        std::to_string(last_sent_));
  }
  last_answered_.store(header.sequence, std::memory_order_relaxed);
}

// What was published together with the header.
std::span<const std::byte> WorkerProcess::TakeWhole(uint64_t size, const char* what) {
  if (size == 0) return {};
  const std::span<const std::byte> bytes = results_.Peek();
  if (size > internal::kWholeLimit || bytes.size() < PaddedSize(size)) {
    throw ProtocolError(std::string("channel: a ") + what + " of " + std::to_string(size) +
                        " bytes was published in part");
  }
  results_.Skip(PaddedSize(size));
  return bytes.first(static_cast<std::size_t>(size));
}

std::vector<AttachmentPtr> WorkerProcess::TakeAttachments() {
  uint64_t count = 0;
  std::memcpy(&count, TakeWhole(sizeof(count), "list").data(), sizeof(count));
  if (count > kMostAttachments) {
    throw ProtocolError("channel: a list of " + std::to_string(count) + " attachments");
  }
  std::vector<internal::SegmentEntry> list(static_cast<std::size_t>(count));
  const std::size_t size = list.size() * sizeof(internal::SegmentEntry);
  const auto bytes = TakeWhole(size, "list");
  if (size != 0) std::memcpy(list.data(), bytes.data(), size);
  return segments_.Receive(list);
}

void WorkerProcess::TakeNotices(uint64_t size) {
  const auto bytes = TakeWhole(size, "notice");
  std::vector<internal::SegmentNotice> notices(bytes.size() / sizeof(internal::SegmentNotice));
  if (notices.empty()) return;
  std::memcpy(notices.data(), bytes.data(), notices.size() * sizeof(notices.front()));
  segments_.OnNotices(notices);
}

void WorkerProcess::Done() {
  if (stream_) stream_->Finish();
  stream_.reset();
  results_.Release();
  results_.Wake();
  segments_.DestroyEnded();
}

void WorkerProcess::SetAsleep(uint64_t sleep) noexcept {
  parent_block().asleep.store(sleep, std::memory_order_seq_cst);
}

void WorkerProcess::MarkGone() noexcept {
  tasks_.MarkGone(worker_block().tasks);
  results_.MarkGone(worker_block().results);
  // What the worker has started may hold its end of the socket: who waits for room there would wait
  // for that. What was sent from there can still be received.
  shutdown(descriptors_.socket.get(), SHUT_WR);
}

}  // namespace cohort::ipc
