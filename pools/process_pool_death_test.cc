// Workers that die in every way and at every moment: each death is that of one task alone.

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "ipc/worker_entry.h"
#include "pools/internal/process_audit.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {

// Values that act when they are encoded or decoded, on the side that they are meant for.

constexpr std::size_t kPart = std::size_t{64} << 10;

bool InWorker() { return ipc::worker_depth() > 0; }

void AwaitEndOf(pid_t pid) {
  EXPECT_TRUE(Eventually([pid] { return HasEnded(pid); }));
}

// Kills the worker while that encodes or decodes.
struct Grenade {
  enum Moment { kNever, kDecoding, kEncoding, kDecodingPart };
  Moment moment = kNever;
  std::string load = {};
};

// A result in whose decoding, after a first part, the parent calls `in_parent`.
struct Parcel {
  std::string content = {};

  static inline void (*in_parent)(pid_t worker) = nullptr;
};

}  // namespace cohort

namespace cohort::ipc {

template <>
struct Codec<Grenade> {
  static void encode(Writer& writer, const Grenade& grenade) {
    if (InWorker() && grenade.moment == Grenade::kEncoding) raise(SIGKILL);
    writer.WriteRaw(grenade.moment);
    cohort::ipc::encode(writer, grenade.load);
  }
  static Grenade decode(Reader& reader) {
    Grenade grenade{.moment = reader.ReadRaw<Grenade::Moment>()};
    if (InWorker() && grenade.moment == Grenade::kDecoding) raise(SIGKILL);
    if (InWorker() && grenade.moment == Grenade::kDecodingPart) {
      std::array<char, kPart> part;
      reader.Read(part.data(), part.size());
      raise(SIGKILL);
    }
    grenade.load = cohort::ipc::decode<std::string>(reader);
    return grenade;
  }
};

template <>
struct Codec<Parcel> {
  static void encode(Writer& writer, const Parcel& parcel) {
    writer.WriteRaw(getpid());
    writer.WriteSize(parcel.content.size());
    writer.Write(parcel.content.data(), parcel.content.size());
  }
  static Parcel decode(Reader& reader) {
    const auto worker = reader.ReadRaw<pid_t>();
    Parcel parcel{std::string(reader.ReadCount(1), '\0')};
    const std::size_t part = std::min(kPart, parcel.content.size());
    reader.Read(parcel.content.data(), part);
    if (Parcel::in_parent != nullptr) Parcel::in_parent(worker);
    reader.Read(parcel.content.data() + part, parcel.content.size() - part);
    return parcel;
  }
};

}  // namespace cohort::ipc

namespace cohort {
namespace {

constexpr std::size_t kLarge = std::size_t{8} << 20;  // several rings

// Tasks.

int Noted(uint64_t task, int result) {
  BeginLog::Note(task);
  return result;
}

volatile int zero = 0;
int* volatile nowhere = nullptr;

[[gnu::noinline]] int Overflow(int depth) {
  std::array<volatile char, 4096> room;
  room[static_cast<std::size_t>(depth) % room.size()] = static_cast<char>(depth);
  if (depth < zero) return 0;  // never
  return Overflow(depth + 1) + room[0];
}

void TouchBeyondTheEndOfAFile() {
  const int fd = memfd_create("short", MFD_CLOEXEC);
  auto* const data = static_cast<volatile char*>(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
  zero = data[0];
}

[[gnu::noinline]] void Throw() { throw std::runtime_error("thrown in a noexcept function"); }
void ThrowNoexcept() noexcept { Throw(); }
void DivideByZero() { zero = 7 / zero; }
void OverflowTheStack() { zero = Overflow(0); }
void WriteToNowhere() { *nowhere = 1; }

void Raise(int signal) {
  ::signal(signal, SIG_DFL);  // also where a sanitizer would handle it
  raise(signal);
}

enum class Way {
  kSegv,
  kBus,
  kFpe,
  kIll,
  kAbort,
  kKill,
  kTerm,
  kExit3,
  kExit0,
  kQuickExit,
  kOverflow,
  kNoexcept,
  kOtherThread,
};

// The ones that a sanitizer would make something else of are raised there.
void DieBy(Way way) {
  switch (way) {
    case Way::kSegv:
      return kSanitized ? Raise(SIGSEGV) : WriteToNowhere();
    case Way::kBus:
      return kSanitized ? Raise(SIGBUS) : TouchBeyondTheEndOfAFile();
    case Way::kFpe:
      return kSanitized ? Raise(SIGFPE) : DivideByZero();
    case Way::kIll:
      return kSanitized ? Raise(SIGILL) : __builtin_trap();
    case Way::kAbort:
      if (kSanitized) ::signal(SIGABRT, SIG_DFL);
      std::abort();
    case Way::kKill:
      return Raise(SIGKILL);
    case Way::kTerm:
      return Raise(SIGTERM);
    case Way::kExit3:
      _exit(3);
    case Way::kExit0:
      std::exit(0);  // NOLINT: as careless tasks do
    case Way::kQuickExit:
      std::quick_exit(5);
    case Way::kOverflow:
      return kSanitized ? Raise(SIGSEGV) : OverflowTheStack();
    case Way::kNoexcept:
      if (kSanitized) ::signal(SIGABRT, SIG_DFL);
      return ThrowNoexcept();
    case Way::kOtherThread:
      std::thread([] { Raise(SIGKILL); }).join();
  }
}

int NotedDeath(uint64_t task, Way way) {
  BeginLog::Note(task);
  DieBy(way);
  return -1;
}

// Dies in its first `deaths` runs; each leaves a byte.
int DieAtFirst(uint64_t task, const std::string& file, int deaths) {
  BeginLog::Note(task);
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
  if (write(fd, "x", 1) != 1) return -1;
  if (lseek(fd, 0, SEEK_END) <= deaths) Raise(SIGKILL);
  return 42;
}

int StopThere(uint64_t task) {
  BeginLog::Note(task);
  raise(SIGSTOP);
  return 1;
}

[[noreturn]] int ForEver(uint64_t task) {
  BeginLog::Note(task);
  while (true) pause();
}

int TakeGrenade(uint64_t task, Grenade grenade) {
  BeginLog::Note(task);
  return static_cast<int>(grenade.load.size());
}
Grenade GiveGrenade(uint64_t task) {
  BeginLog::Note(task);
  return {Grenade::kEncoding};
}
Parcel GiveParcel(uint64_t task, std::size_t size) {
  BeginLog::Note(task);
  return {std::string(size, 'p')};
}
std::string GiveText(std::size_t size) { return std::string(size, 't'); }
void ThrowText(std::size_t size) { throw std::runtime_error(std::string(size, 'e')); }

template <typename T>
WorkerDied DeathOf(const Future<T>& future) {
  try {
    future.result();
  } catch (const WorkerDied& death) {
    return death;
  } catch (const std::exception& other) {
    ADD_FAILURE() << "not WorkerDied, but: " << other.what();
    return WorkerDied("", {});
  }
  ADD_FAILURE() << "no exception";
  return WorkerDied("", {});
}

class ProcessPoolDeath : public testing::Test {
 protected:
  void SetUp() override { ForbidCores(); }
  void TearDown() override {
    Parcel::in_parent = nullptr;
    audit_.ExpectNothingLeft();
  }

  const ProcessAudit audit_;
  BeginLog log_;
};

// Each way to die, among tasks that live.

struct WayCase {
  const char* name;
  Way way;
  int signal;
  int exit_status;
};

class EachWay : public testing::TestWithParam<WayCase> {};

void ExpectOneDeath(int workers, const WayCase& expected) {
  constexpr int kOthers = 60;
  constexpr int kDead = 30;
  const ProcessAudit audit;
  const BeginLog log;
  {
    ProcessPoolExecutor pool(workers);
    std::vector<Future<int>> futures;
    for (int i = 0; i < kOthers; ++i) {
      const auto task = static_cast<uint64_t>(i);
      if (i == kDead) {
        futures.push_back(pool.submit({.name = "the dead"}, NotedDeath, task, expected.way));
      } else {
        futures.push_back(pool.submit(Noted, task, i));
      }
    }
    const WorkerDied death = DeathOf(futures[kDead]);
    EXPECT_EQ(death.task(), "the dead");
    EXPECT_EQ(death.signal(), expected.signal) << death.what();
    EXPECT_EQ(death.exit_status(), expected.exit_status) << death.what();
    EXPECT_EQ(std::vector<pid_t>{death.pid()}, log.Of(kDead));
    EXPECT_NE(std::string(death.what()).find("the dead"), std::string::npos) << death.what();
    for (int i = 0; i < kOthers; ++i) {
      if (i == kDead) continue;
      EXPECT_EQ(futures[static_cast<std::size_t>(i)].result(), i);
      EXPECT_EQ(log.Of(static_cast<uint64_t>(i)).size(), 1u) << "task " << i;
    }
    pool.shutdown();
    const PoolStats stats = pool.stats();
    EXPECT_EQ(stats.worker_deaths, 1u);
    EXPECT_EQ(stats.failed, 1u);
    EXPECT_EQ(stats.succeeded, static_cast<uint64_t>(kOthers - 1));
    EXPECT_EQ(stats.queued + stats.running + stats.cancelled, 0u);
  }
  audit.ExpectNothingLeft();
}

TEST_P(EachWay, WithOneWorker) { ExpectOneDeath(1, GetParam()); }
TEST_P(EachWay, WithThreeWorkers) { ExpectOneDeath(3, GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, EachWay,
                         testing::Values(WayCase{"Segv", Way::kSegv, SIGSEGV, 0},
                                         WayCase{"Bus", Way::kBus, SIGBUS, 0},
                                         WayCase{"Fpe", Way::kFpe, SIGFPE, 0},
                                         WayCase{"Ill", Way::kIll, SIGILL, 0},
                                         WayCase{"Abort", Way::kAbort, SIGABRT, 0},
                                         WayCase{"Kill", Way::kKill, SIGKILL, 0},
                                         WayCase{"Term", Way::kTerm, SIGTERM, 0},
                                         WayCase{"UnderscoreExit", Way::kExit3, 0, 3},
                                         WayCase{"ExitZero", Way::kExit0, 0, 0},
                                         WayCase{"QuickExit", Way::kQuickExit, 0, 5},
                                         WayCase{"StackOverflow", Way::kOverflow, SIGSEGV, 0},
                                         WayCase{"ThrowInNoexcept", Way::kNoexcept, SIGABRT, 0},
                                         WayCase{"ByAnotherThread", Way::kOtherThread, SIGKILL, 0}),
                         [](const auto& info) { return info.param.name; });

TEST_F(ProcessPoolDeath, KilledFromOutside) {
  ProcessPoolExecutor pool(1);
  const Future<int> victim = pool.submit({.name = "victim"}, ForEver, 1);
  std::vector<Future<int>> others;
  for (int i = 0; i < 20; ++i) others.push_back(pool.submit(Noted, 10 + i, i));
  log_.Await(1);
  kill(log_.Of(1)[0], SIGKILL);
  const WorkerDied death = DeathOf(victim);
  EXPECT_EQ(death.pid(), log_.Of(1)[0]);
  EXPECT_EQ(death.signal(), SIGKILL);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(others[static_cast<std::size_t>(i)].result(), i);
    EXPECT_EQ(log_.Of(static_cast<uint64_t>(10 + i)).size(), 1u);
  }
  EXPECT_EQ(pool.stats().worker_deaths, 1u);
}

TEST_F(ProcessPoolDeath, ManyInARow) {
  constexpr int kDeaths = kSanitized ? 10 : 50;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> dying;
  std::vector<Future<int>> living;
  for (int i = 0; i < kDeaths; ++i) {
    dying.push_back(pool.submit(NotedDeath, 2 * i, Way::kKill));
    living.push_back(pool.submit(Noted, 2 * i + 1, i));
  }
  for (int i = 0; i < kDeaths; ++i) {
    EXPECT_EQ(DeathOf(dying[static_cast<std::size_t>(i)]).signal(), SIGKILL);
    EXPECT_EQ(living[static_cast<std::size_t>(i)].result(), i);
  }
  const auto begins = log_.Read();
  for (const auto& [task, pids] : begins) EXPECT_EQ(pids.size(), 1u) << "task " << task;
  EXPECT_EQ(begins.size(), static_cast<std::size_t>(2 * kDeaths));
  EXPECT_EQ(pool.stats().worker_deaths, static_cast<uint64_t>(kDeaths));
}

// Retries.

TEST_F(ProcessPoolDeath, RunAgain) {
  const std::string file = testing::TempDir() + "/runs-again";
  unlink(file.c_str());
  ProcessPoolExecutor pool(2);
  EXPECT_EQ(pool.submit({.max_retries = 3}, DieAtFirst, 1, file, 2).result(), 42);
  EXPECT_EQ(log_.Of(1).size(), 3u);
  EXPECT_EQ(pool.stats().worker_deaths, 2u);
  EXPECT_EQ(pool.stats().succeeded, 1u);
  unlink(file.c_str());
}

TEST_F(ProcessPoolDeath, RunAgainNoMoreThanAsked) {
  ProcessPoolExecutor pool(2);
  const Future<int> future = pool.submit({.max_retries = 2}, NotedDeath, 1, Way::kKill);
  const Future<int> other = pool.submit(Noted, 2, 7);
  const WorkerDied death = DeathOf(future);
  ASSERT_EQ(log_.Of(1).size(), 3u);
  EXPECT_EQ(death.pid(), log_.Of(1).back());
  EXPECT_EQ(other.result(), 7);
  EXPECT_EQ(log_.Of(2).size(), 1u);
  EXPECT_EQ(pool.stats().worker_deaths, 3u);
  EXPECT_EQ(pool.stats().failed, 1u);
}

TEST_F(ProcessPoolDeath, ALargeArgumentIsSentAgain) {
  ProcessPoolExecutor pool(1);
  Grenade grenade{Grenade::kDecodingPart, std::string(kLarge, 'g')};
  const Future<int> future =
      pool.submit({.max_retries = 2}, TakeGrenade, uint64_t{1}, std::move(grenade));
  EXPECT_EQ(DeathOf(future).signal(), SIGKILL);
  EXPECT_EQ(pool.stats().worker_deaths, 3u);
}

// Stopped.

TEST_F(ProcessPoolDeath, AStoppedWorkerIsEndedByTheTimeout) {
  ProcessPoolExecutor pool(1);
  const Future<int> stopped = pool.submit({.timeout = std::chrono::milliseconds(20)}, StopThere, 1);
  const Future<int> other = pool.submit(Noted, 2, 7);
  EXPECT_THROW(stopped.result(), TimeoutError);
  EXPECT_EQ(other.result(), 7);
  EXPECT_EQ(log_.Of(2).size(), 1u);
}

TEST_F(ProcessPoolDeath, AStoppedWorkerIsEndedByAStopRequest) {
  ProcessPoolExecutor pool(1);
  const Future<int> stopped = pool.submit(StopThere, 1);
  log_.Await(1);
  EXPECT_TRUE(Eventually([this] { return ProcessState(log_.Of(1)[0]) == 'T'; }));
  EXPECT_TRUE(stopped.request_stop());
  EXPECT_THROW(stopped.result(), CancelledError);
}

TEST_F(ProcessPoolDeath, AStoppedIdleWorkerDoesNotHoldUpTheEnd) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Noted, 1, 1).result(), 1);
  kill(log_.Of(1)[0], SIGSTOP);
  pool.shutdown();
  EXPECT_TRUE(HasEnded(log_.Of(1)[0]));
}

// Arguments and results.

TEST_F(ProcessPoolDeath, WhileItDecodesTheArgument) {
  ProcessPoolExecutor pool(1);
  const Future<int> dead =
      pool.submit({.name = "decoding"}, TakeGrenade, uint64_t{1}, Grenade{Grenade::kDecoding});
  const Future<int> other = pool.submit(Noted, 2, 7);
  EXPECT_EQ(DeathOf(dead).task(), "decoding");
  EXPECT_EQ(other.result(), 7);
  EXPECT_EQ(log_.Of(1).size(), 0u);
}

TEST_F(ProcessPoolDeath, WhileItEncodesTheResult) {
  ProcessPoolExecutor pool(1);
  const Future<Grenade> dead = pool.submit({.name = "encoding"}, GiveGrenade, 1);
  const Future<int> other = pool.submit(Noted, 2, 7);
  EXPECT_EQ(DeathOf(dead).task(), "encoding");
  EXPECT_EQ(other.result(), 7);
  EXPECT_EQ(log_.Of(1).size(), 1u);
}

// The parent waits for room in the ring meanwhile.
TEST_F(ProcessPoolDeath, WhileItReceivesALargeArgument) {
  ProcessPoolExecutor pool(1);
  Grenade grenade{Grenade::kDecodingPart, std::string(kLarge, 'g')};
  const Future<int> dead =
      pool.submit({.name = "receiving"}, TakeGrenade, uint64_t{1}, std::move(grenade));
  const Future<int> other = pool.submit(Noted, 2, 7);
  EXPECT_EQ(DeathOf(dead).task(), "receiving");
  EXPECT_EQ(other.result(), 7);
  EXPECT_EQ(log_.Of(2).size(), 1u);
  EXPECT_EQ(
      pool.submit(TakeGrenade, uint64_t{3}, Grenade{Grenade::kNever, std::string(kLarge, 'g')})
          .result(),
      static_cast<int>(kLarge));
}

// The worker waits for room in the ring meanwhile.
TEST_F(ProcessPoolDeath, WhileItStreamsALargeResult) {
  Parcel::in_parent = [](pid_t worker) { kill(worker, SIGKILL); };
  ProcessPoolExecutor pool(1);
  const Future<Parcel> dead = pool.submit({.name = "streaming"}, GiveParcel, uint64_t{1}, kLarge);
  const Future<int> other = pool.submit(Noted, 2, 7);
  const WorkerDied death = DeathOf(dead);
  EXPECT_EQ(death.task(), "streaming");
  EXPECT_EQ(std::vector<pid_t>{death.pid()}, log_.Of(1));
  EXPECT_EQ(other.result(), 7);
  EXPECT_EQ(log_.Of(2).size(), 1u);
}

// All of it lies in the ring when the worker dies: it counts.
TEST_F(ProcessPoolDeath, AfterItHasStreamedALargeResult) {
  constexpr std::size_t kSize = std::size_t{300} << 10;
  Parcel::in_parent = [](pid_t worker) {
    // It sleeps when it has nothing more to write.
    EXPECT_TRUE(Eventually([worker] { return ProcessState(worker) == 'S'; }));
    kill(worker, SIGKILL);
    AwaitEndOf(worker);
  };
  ProcessPoolExecutor pool(1);
  for (int i = 0; i < 5; ++i) {
    const auto task = static_cast<uint64_t>(i);
    EXPECT_EQ(pool.submit(GiveParcel, task, kSize).result().content, std::string(kSize, 'p'));
    EXPECT_EQ(log_.Of(task).size(), 1u);
  }
  EXPECT_EQ(pool.stats().failed, 0u);
}

// Behind a large result that is still read lie a small one and a task that has begun: the former
// counts, the latter has died, and what was sent after it runs once.
Gate* may_read_on = nullptr;

TEST_F(ProcessPoolDeath, BehindALargeResultThatIsStillRead) {
  constexpr std::size_t kSize = std::size_t{300} << 10;
  Gate gate;
  may_read_on = &gate;
  Parcel::in_parent = [](pid_t) { may_read_on->Pass(); };
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Noted, 0, 0).result(), 0);
  std::vector<Future<int>> small;
  const Future<Parcel> large = pool.submit(GiveParcel, uint64_t{1}, kSize);
  small.push_back(pool.submit(Noted, 2, 2));
  const Future<int> begun = pool.submit({.name = "begun"}, ForEver, 3);
  for (int i = 4; i < 8; ++i) small.push_back(pool.submit(Noted, i, i));
  gate.AwaitArrivals(1);
  // The pool sends more only when it has read the answers: so these may be there, or not.
  const bool is_begun = [&] {
    for (int i = 0; i < 20'000; ++i) {
      if (!log_.Of(3).empty()) return true;
      usleep(10);
    }
    return false;
  }();
  const pid_t worker = log_.Of(1)[0];
  kill(worker, SIGKILL);
  AwaitEndOf(worker);
  EXPECT_TRUE(Eventually([&] { return pool.worker_pids().size() == 1; }));
  gate.Open();
  EXPECT_EQ(large.result().content.size(), kSize);
  EXPECT_EQ(small[0].result(), 2);
  if (is_begun) {
    EXPECT_EQ(DeathOf(begun).task(), "begun");
  } else {
    log_.Await(3);
    begun.request_stop();
  }
  for (std::size_t i = 1; i < small.size(); ++i) {
    EXPECT_EQ(small[i].result(), static_cast<int>(i) + 3);
  }
  for (const auto& [task, pids] : log_.Read()) EXPECT_EQ(pids.size(), 1u) << "task " << task;
}

// The initializer.

TEST_F(ProcessPoolDeath, InTheInitializer) {
  ProcessPoolExecutor pool(
      {.max_workers = 2, .initializer = initializer(NotedDeath, 1, Way::kExit3)});
  const Future<int> future = pool.submit(Noted, 2, 2);
  try {
    future.result();
    FAIL();
  } catch (const BrokenProcessPool& error) {
    EXPECT_NE(std::string(error.what()).find("exited with status 3"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(pool.submit(Noted, 3, 3), BrokenProcessPool);
  EXPECT_EQ(log_.Of(2).size(), 0u);
}

TEST_F(ProcessPoolDeath, AnInitializerWithALargeResult) {
  ProcessPoolExecutor pool({.max_workers = 1, .initializer = initializer(GiveText, kLarge)});
  EXPECT_EQ(pool.submit(Noted, 2, 2).result(), 2);
}

TEST_F(ProcessPoolDeath, AnInitializerThatThrowsALargeText) {
  ProcessPoolExecutor pool({.max_workers = 1, .initializer = initializer(ThrowText, kLarge)});
  EXPECT_THROW(pool.submit(Noted, 2, 2).result(), BrokenProcessPool);
}

// With nothing to do, or at the end.

TEST_F(ProcessPoolDeath, AnIdleWorkerIsReplaced) {
  ProcessPoolExecutor pool(1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(pool.submit(Noted, i, i).result(), i);
    kill(log_.Of(static_cast<uint64_t>(i)).back(), SIGKILL);
  }
  EXPECT_EQ(pool.stats().worker_deaths, 0u);
  EXPECT_EQ(pool.stats().failed, 0u);
  for (const auto& [task, pids] : log_.Read()) EXPECT_EQ(pids.size(), 1u) << "task " << task;
}

TEST_F(ProcessPoolDeath, WhileShutdownWaits) {
  ProcessPoolExecutor pool(1);
  const Future<int> dead = pool.submit(ForEver, 1);
  const Future<int> queued = pool.submit(Noted, 2, 2);
  log_.Await(1);
  BlockedThread waiting([&pool] { pool.shutdown(); });
  kill(log_.Of(1)[0], SIGKILL);
  waiting.Join();
  EXPECT_EQ(DeathOf(dead).signal(), SIGKILL);
  EXPECT_EQ(queued.result(), 2);
  EXPECT_EQ(log_.Of(2).size(), 1u);
}

TEST_F(ProcessPoolDeath, WhileTheDestructorWaitsForIdleWorkers) {
  for (int i = 0; i < (kSanitized ? 3 : 20); ++i) {
    const auto task = static_cast<uint64_t>(i);
    std::jthread killer;
    ProcessPoolExecutor pool(1);
    EXPECT_EQ(pool.submit(Noted, i, i).result(), i);
    killer = std::jthread([pid = log_.Of(task)[0]] { kill(pid, SIGKILL); });
  }
}

// Tasks that were recalled leave no trace in the worker.
TEST_F(ProcessPoolDeath, ManyCancelledBehindALongOne) {
  ProcessPoolExecutor pool(1);
  const Future<int> running = pool.submit(ForEver, 1);
  log_.Await(1);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pool.submit(Noted, 2, i).cancel());
  EXPECT_TRUE(running.request_stop());
  EXPECT_THROW(running.result(), CancelledError);
  EXPECT_EQ(pool.submit(Noted, 3, 3).result(), 3);
  EXPECT_EQ(log_.Of(2).size(), 0u);
}

int NotedThenWait(uint64_t task, const std::string& gate) {
  BeginLog::Note(task);
  while (access(gate.c_str(), F_OK) != 0) usleep(100);
  return 1;
}

// The same, but the worker lives on.
TEST_F(ProcessPoolDeath, ManyCancelledBehindOneThatEnds) {
  const std::string gate = testing::TempDir() + "/gate-of-cancelled";
  unlink(gate.c_str());
  ProcessPoolExecutor pool(1);
  const Future<int> running = pool.submit(NotedThenWait, 1, gate);
  log_.Await(1);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(pool.submit(Noted, 2, i).cancel());
  close(open(gate.c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_EQ(running.result(), 1);
  EXPECT_EQ(pool.submit(Noted, 3, 3).result(), 3);
  EXPECT_EQ(log_.Of(3), log_.Of(1));
  EXPECT_EQ(log_.Of(2).size(), 0u);
  unlink(gate.c_str());
}

}  // namespace
}  // namespace cohort
