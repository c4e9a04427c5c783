#include "ipc/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "ipc/call.h"
#include "ipc/callable.h"
#include "ipc/codec.h"
#include "ipc/crash_report.h"
#include "ipc/file_descriptor.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/ring.h"
#include "ipc/internal/scribble.h"
#include "ipc/internal/segment.h"
#include "ipc/message.h"
#include "ipc/process.h"
#include "ipc/sandbox.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc {

using internal::ParentBlock;
using internal::RecordKind;
using internal::WorkerBlock;

// Entries. Outside of the anonymous namespace: each is named by a template's argument.

void EchoEntry(Call& call) {
  const auto text = decode<std::string>(call.arguments());
  Message result;
  Writer writer(result);
  encode(writer, text);
  call.Return(result);
}

void SleepEntry(Call&) {
  while (true) pause();
}

void ScribbleEntry(Call& call) {
  const auto seed = decode<uint32_t>(call.arguments());
  const auto words = decode<uint32_t>(call.arguments());
  const auto reach = decode<uint64_t>(call.arguments());
  internal::Scribble(seed, words, static_cast<std::size_t>(reach));
  call.Return({});
}

// Publishes a record that says what no correct worker says.
void ForgeEntry(Call& call) {
  const auto kind = decode<RecordKind>(call.arguments());
  const internal::RecordHeader header{.size = 8,
                                      .sequence = 0,
                                      .nanoseconds = 0,
                                      .kind = kind,
                                      .flags = internal::record_flags::kStreamed};
  std::byte* const memory = internal::OwnMemory();
  std::byte* const ring = memory + internal::HeadSize<WorkerBlock>();
  auto& position = reinterpret_cast<WorkerBlock*>(memory)->results.position;
  std::memcpy(ring + position, &header, sizeof(header));  // far from the ring's end
  position += sizeof(header) + header.size;
  while (true) pause();
}

// Writes over what is said of its own begin, and ends.
void WipeAndDieEntry(Call&) {
  auto* const block = reinterpret_cast<WorkerBlock*>(internal::OwnMemory());
  for (auto& slot : block->slots) slot = 0;
  raise(SIGKILL);
}

namespace {

template <typename... Args>
Message TaskOf(const RegisteredEntry& entry, const Args&... arguments) {
  Message message;
  Writer writer(message);
  encode_entry(writer, entry);
  (encode(writer, arguments), ...);
  return message;
}

Message EchoTask(const std::string& text) {
  return TaskOf(registered_entry<&EchoEntry, std::string(std::string)>(), text);
}
Message SleepTask() { return TaskOf(registered_entry<&SleepEntry, void()>()); }
Message ScribbleTask(uint32_t seed, uint32_t words, uint64_t reach) {
  return TaskOf(registered_entry<&ScribbleEntry, void(uint32_t, uint32_t, uint64_t)>(), seed, words,
                reach);
}

Message ForgeTask(RecordKind kind) {
  return TaskOf(registered_entry<&ForgeEntry, void(RecordKind)>(), kind);
}
Message WipeAndDieTask() { return TaskOf(registered_entry<&WipeAndDieEntry, void()>()); }

// Looks again and again, giving way in between.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 2'000'000; ++i) {
    if (condition()) return true;
    i < 1'000 ? sched_yield() : usleep(10);
  }
  return false;
}

class WorkerProcessTest : public testing::Test {
 protected:
  WorkerProcessTest() : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  void TearDown() override {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

  std::unique_ptr<WorkerProcess> Start() {
    return WorkerProcess::Start({.doorbells = {bell_.get(), bell_.get()}});
  }

  static std::optional<WorkerProcess::Record> Await(WorkerProcess& worker) {
    std::optional<WorkerProcess::Record> record;
    EXPECT_TRUE(Eventually([&] { return (record = worker.Next()).has_value(); }));
    return record;
  }
  static void AwaitReady(WorkerProcess& worker) {
    const auto record = Await(worker);
    ASSERT_TRUE(record.has_value());
    EXPECT_EQ(record->kind, RecordKind::kReady);
    worker.Done();
  }
  static std::string AwaitText(WorkerProcess& worker, uint64_t sequence) {
    const auto record = Await(worker);
    if (!record) return {};
    EXPECT_EQ(record->kind, RecordKind::kResult);
    EXPECT_EQ(record->sequence, sequence);
    std::string text;
    if (record->is_stream) {
      Reader reader(worker.stream(), record->size);
      text = decode<std::string>(reader);
    } else {
      Reader reader(record->payload);
      text = decode<std::string>(reader);
    }
    worker.Done();
    return text;
  }

  FileDescriptor bell_;
};

TEST_F(WorkerProcessTest, AnswersInOrder) {
  const auto worker = Start();
  for (int i = 1; i <= 20; ++i) {
    const Message task = EchoTask(std::to_string(i));
    ASSERT_TRUE(worker->CanSend(task));
    EXPECT_EQ(worker->Send(task, Announce::kNo), static_cast<uint64_t>(i));
  }
  worker->Wake();
  AwaitReady(*worker);
  for (int i = 1; i <= 20; ++i) {
    EXPECT_EQ(AwaitText(*worker, static_cast<uint64_t>(i)), std::to_string(i));
  }
}

TEST_F(WorkerProcessTest, StreamsBothWays) {
  const auto worker = Start();
  AwaitReady(*worker);
  const std::string text(std::size_t{5} << 20, 's');
  const Message message = EchoTask(text);
  ASSERT_TRUE(WorkerProcess::NeedsStream(message));
  const uint64_t sequence = worker->BeginStream(message, Announce::kNo);
  worker->Stream(message);
  EXPECT_EQ(AwaitText(*worker, sequence), text);
}

TEST_F(WorkerProcessTest, TellsOfTheBeginWhereAsked) {
  const auto worker = Start();
  AwaitReady(*worker);
  const uint64_t sequence = worker->Send(EchoTask("x"), Announce::kYes);
  worker->Wake();
  const auto record = Await(*worker);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->kind, RecordKind::kBegun);
  EXPECT_EQ(record->sequence, sequence);
  EXPECT_TRUE(worker->HasBegun(sequence));
  worker->Done();
  EXPECT_EQ(AwaitText(*worker, sequence), "x");
}

TEST_F(WorkerProcessTest, ARecalledTaskIsNotRun) {
  const auto worker = Start();
  AwaitReady(*worker);
  kill(worker->process().pid(), SIGSTOP);
  const uint64_t recalled = worker->Send(SleepTask(), Announce::kNo);
  const uint64_t other = worker->Send(EchoTask("other"), Announce::kNo);
  EXPECT_TRUE(worker->Recall(recalled));
  EXPECT_FALSE(worker->Recall(recalled));
  worker->Wake();
  kill(worker->process().pid(), SIGCONT);
  EXPECT_EQ(AwaitText(*worker, other), "other");
  EXPECT_FALSE(worker->HasBegun(recalled));
}

TEST_F(WorkerProcessTest, ABegunTaskIsNotRecalled) {
  const auto worker = Start();
  const uint64_t sequence = worker->Send(SleepTask(), Announce::kNo);
  worker->Wake();
  EXPECT_TRUE(Eventually([&] { return worker->HasBegun(sequence); }));
  EXPECT_FALSE(worker->Recall(sequence));
}

// Any number of recalled tasks leaves a worker that can be used.
TEST_F(WorkerProcessTest, ManyRecalledTasks) {
  const auto worker = Start();
  AwaitReady(*worker);
  kill(worker->process().pid(), SIGSTOP);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(worker->CanSend(SleepTask())) << i;
    ASSERT_TRUE(worker->Recall(worker->Send(SleepTask(), Announce::kNo)));
  }
  const uint64_t last = worker->Send(EchoTask("last"), Announce::kNo);
  worker->Wake();
  kill(worker->process().pid(), SIGCONT);
  EXPECT_EQ(AwaitText(*worker, last), "last");
}

TEST_F(WorkerProcessTest, NoMoreTasksThanSlots) {
  const auto worker = Start();
  AwaitReady(*worker);
  kill(worker->process().pid(), SIGSTOP);
  for (std::size_t i = 0; i < internal::kSlots; ++i) {
    ASSERT_TRUE(worker->CanSend(SleepTask()));
    worker->Send(EchoTask("x"), Announce::kNo);
  }
  EXPECT_FALSE(worker->CanSend(SleepTask()));
}

TEST_F(WorkerProcessTest, EndsWhenTold) {
  const auto worker = Start();
  AwaitReady(*worker);
  worker->SendExit();
  const auto record = Await(*worker);
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->kind, RecordKind::kRetired);
  const ExitStatus status = worker->process().Wait();
  EXPECT_EQ(status.signal, 0);
  EXPECT_EQ(status.code, 0);
}

TEST_F(WorkerProcessTest, WhatItHasAnsweredBeforeItsEndIsRead) {
  const auto worker = Start();
  AwaitReady(*worker);
  const uint64_t one = worker->Send(EchoTask("one"), Announce::kNo);
  const uint64_t two = worker->Send(EchoTask("two"), Announce::kNo);
  const uint64_t sleep = worker->Send(SleepTask(), Announce::kNo);
  worker->Wake();
  EXPECT_TRUE(Eventually([&] { return worker->HasBegun(sleep); }));
  worker->process().Kill(SIGKILL);
  worker->process().Wait();
  worker->MarkGone();
  EXPECT_EQ(AwaitText(*worker, one), "one");
  EXPECT_EQ(AwaitText(*worker, two), "two");
  EXPECT_THROW(worker->Next(), internal::PeerGone);
}

TEST_F(WorkerProcessTest, AStreamIsReadToItsEndBeforeTheNextRecord) {
  const auto worker = Start();
  AwaitReady(*worker);
  const Message message = EchoTask(std::string(std::size_t{5} << 20, 's'));
  worker->BeginStream(message, Announce::kNo);
  worker->Stream(message);
  const auto record = Await(*worker);
  ASSERT_TRUE(record.has_value() && record->is_stream);
  try {
    worker->Next();
    ADD_FAILURE();
  } catch (const internal::ProtocolError& error) {
    EXPECT_STREQ(error.what(), "channel: a stream was not read to its end");
  }
  worker->Done();
  EXPECT_FALSE(worker->Next().has_value());
}

TEST_F(WorkerProcessTest, AStreamThatIsNoAnswer) {
  for (const RecordKind kind : {RecordKind::kReady, RecordKind::kBegun, RecordKind::kRetired}) {
    const auto worker = Start();
    AwaitReady(*worker);
    worker->Send(ForgeTask(kind), Announce::kNo);
    worker->Wake();
    EXPECT_THROW(Await(*worker), internal::ProtocolError);
  }
}

TEST_F(WorkerProcessTest, ATaskThatWipesItsTracksGetsTheBlame) {
  const auto worker = Start();
  AwaitReady(*worker);
  const uint64_t guilty = worker->Send(WipeAndDieTask(), Announce::kNo);
  worker->Wake();
  worker->process().Wait();
  EXPECT_FALSE(worker->HasBegun(guilty));
  EXPECT_TRUE(worker->MayHaveBegun(guilty));
}

TEST_F(WorkerProcessTest, WhatWasNotBegunGetsNoBlame) {
  const auto worker = Start();
  AwaitReady(*worker);
  kill(worker->process().pid(), SIGSTOP);
  const uint64_t innocent = worker->Send(SleepTask(), Announce::kNo);
  EXPECT_FALSE(worker->MayHaveBegun(innocent));
}

// Whether it sleeps in the kernel.
bool Sleeps(const WorkerProcess& worker) {
  std::ifstream stat("/proc/" + std::to_string(worker.process().pid()) + "/stat");
  std::string text;
  std::getline(stat, text);
  return text.compare(text.rfind(')') + 1, 3, " S ") == 0;
}

// It is not what it should be; so it does not run what it was sent before that is known.
TEST_F(WorkerProcessTest, AWorkerThatCannotWorkRunsNothing) {
  const auto worker = WorkerProcess::Start(
      {.settings = {.memory_limit = 1}, .doorbells = {bell_.get(), bell_.get()}});
  const uint64_t sequence = worker->Send(SleepTask(), Announce::kNo);
  worker->Wake();
  const auto record = Await(*worker);
  ASSERT_TRUE(record.has_value());
  Reader reader(record->payload);
  EXPECT_NE(decode<WorkerReport>(reader).failure, "");
  worker->Done();
  EXPECT_TRUE(Eventually([&] { return Sleeps(*worker); }));
  EXPECT_FALSE(worker->MayHaveBegun(sequence));
}

TEST_F(WorkerProcessTest, MoreSettingsThanCanBeSent) {
  const Sandbox sandbox = Sandbox::compute().read_only({"/" + std::string(1 << 18, 'x')});
  EXPECT_THROW(WorkerProcess::Start(
                   {.settings = {.sandbox = sandbox}, .doorbells = {bell_.get(), bell_.get()}}),
               std::invalid_argument);
}

// A process that the worker has started holds its end of the socket, and does not read.
TEST_F(WorkerProcessTest, WhoShipsToADeadWorkerIsTold) {
  const auto worker = Start();
  AwaitReady(*worker);
  const auto pidfd = static_cast<long>(worker->process().pidfd());
  const FileDescriptor heirs(
      static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, long{internal::kSocket}, 0L)));
  if (!heirs) GTEST_SKIP() << "no copy of the worker's socket is to be had";
  worker->process().Kill(SIGKILL);
  worker->process().Wait();
  std::vector<AttachmentPtr> segments;
  Message message;
  do {
    segments.push_back(internal::Segment::Allocate(1, SharedMemory::Others::kReadOnly));
    message = {};
    Writer(message).Attach(segments.back());
  } while (worker->Prepare(message));
  worker->MarkGone();
  EXPECT_THROW(worker->Stream(message), internal::PeerGone);
}

// The parent's end, at any moment.

template <typename Block>
std::pair<SharedMemory, Mapping> MakeMemory(const char* name) {
  const std::size_t head = internal::HeadSize<Block>();
  SharedMemory memory = SharedMemory::Create(name, head + (std::size_t{1} << 20));
  Mapping mapping = memory.MapRing(head, MemoryAccess::kReadWrite);
  ::new (mapping.data()) Block;
  return {std::move(memory), std::move(mapping)};
}

// It dies before it has told the worker anything.
TEST_F(WorkerProcessTest, AParentThatSaysNothingAndIsGone) {
  auto [tasks, tasks_mapping] = MakeMemory<ParentBlock>("cohort-tasks");
  auto [results, results_mapping] = MakeMemory<WorkerBlock>("cohort-results");
  reinterpret_cast<ParentBlock*>(tasks_mapping.data())->nonce = 77;
  tasks.Seal(SharedMemory::Others::kReadOnly);
  results.Seal(SharedMemory::Others::kReadWrite);
  std::array<int, 2> sockets{};
  std::array<int, 2> lifeline{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets.data()), 0);
  ASSERT_EQ(pipe2(lifeline.data(), O_CLOEXEC), 0);
  Process worker =
      Process::SpawnSelf({.environment = {std::string(internal::kWorkerVariable) + "=77"},
                          .descriptors = {sockets[1], lifeline[0], tasks.fd(), results.fd(),
                                          bell_.get(), bell_.get()}});
  // It is tied to the pipe once it waits for what it will be told.
  auto& block = *reinterpret_cast<WorkerBlock*>(results_mapping.data());
  EXPECT_TRUE(Eventually([&block] { return block.tasks.waits.load() != 0; }));
  EXPECT_FALSE(worker.HasEnded());
  close(lifeline[1]);
  EXPECT_TRUE(Eventually([&worker] { return worker.HasEnded(); }));
  close(lifeline[0]);
  close(sockets[0]);
  close(sockets[1]);
}

// A worker that writes anything anywhere: the parent gets records or errors, and never crashes or
// waits for ever.

void DriveWild(WorkerProcess& worker, uint32_t seed, uint64_t reach) {
  constexpr int kTasks = 8;
  for (uint32_t i = 0; i < kTasks; ++i) {
    const Message task = ScribbleTask(seed * 100 + i, 1 + seed % 50, reach);
    if (!worker.CanSend(task)) break;
    const uint64_t sequence = worker.Send(task, i % 2 == 0 ? Announce::kNo : Announce::kYes);
    if (seed % 5 == i) worker.Recall(sequence);
  }
  worker.Wake();
  for (int look = 0, quiet = 0; look < 5000 && quiet < 300; ++look) {
    const auto record = worker.Next();
    if (!record) {
      ++quiet;
      usleep(10);
      continue;
    }
    quiet = 0;
    // What a stream says is only read where the worker cannot be waited for.
    if (record->is_stream) return;
    for (const std::byte each : record->payload) asm volatile("" : : "r"(each));
    worker.Done();
  }
}

class WildWorker : public WorkerProcessTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(WildWorker, IsAtMostKilled) {
  for (uint32_t seed = 0; seed < (kSanitized ? 20 : 100); ++seed) {
    const auto worker = Start();
    AwaitReady(*worker);
    try {
      DriveWild(*worker, seed, GetParam());
    } catch (const Error&) {
      // What it has written makes no sense.
    }
    worker->process().Kill(SIGKILL);
    worker->process().Wait();
    worker->MarkGone();
    // And the rest that it has left.
    try {
      for (int i = 0; i < 100'000 && worker->Next().has_value(); ++i) worker->Done();
    } catch (const Error&) {
    }
    (void)describe_crash(worker->crash());
  }
}

INSTANTIATE_TEST_SUITE_P(Reach, WildWorker,
                         testing::Values(3 * sizeof(internal::RingIndex),
                                         internal::HeadSize<WorkerBlock>(),
                                         internal::HeadSize<WorkerBlock>() + 4096));

}  // namespace
}  // namespace cohort::ipc
