// What the program does that a pool lives in. A host is this program again: the variable
// HOST_ROLE says what it does.

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gtest/gtest.h"
#include "ipc/process.h"
#include "pools/internal/process_audit.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

// Tasks.

int Square(int n) { return n * n; }
std::string Text(std::size_t size) { return std::string(size, 't'); }
std::size_t Length(const std::string& text) { return text.size(); }
void RaiseSignal(int signal) {
  ::signal(signal, SIG_DFL);
  raise(signal);
}
[[noreturn]] void Exit(int status) { _exit(status); }
[[noreturn]] void BusyForEver(uint64_t task) {
  BeginLog::Note(task);
  volatile bool is_over = false;
  while (!is_over) {
  }
  std::abort();
}
void StopThere(uint64_t task) {
  BeginLog::Note(task);
  raise(SIGSTOP);
}
// Takes memory until there is none.
std::size_t TakeMemory(std::size_t limit) {
  std::size_t sum = 0;
  for (std::size_t taken = 0; taken < limit; taken += std::size_t{1} << 20) {
    auto* const piece = new std::vector<char>(std::size_t{1} << 20, 'm');
    sum += static_cast<std::size_t>((*piece)[sum % piece->size()]);
  }
  return sum;
}

// What a host tells the test, through descriptor 3.
void Tell(const std::string& line) {
  const std::string text = line + "\n";
  if (write(3, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(99);
}

#define COHORT_CHECK(condition)                                                        \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "host, line %d: %s does not hold\n", __LINE__, #condition); \
      _exit(1);                                                                        \
    }                                                                                  \
  } while (false)

template <typename F>
std::optional<WorkerDied> DeathOf(const F& future) {
  try {
    future.result();
  } catch (const WorkerDied& death) {
    return death;
  } catch (const std::exception& other) {
    std::fprintf(stderr, "not WorkerDied: %s\n", other.what());
  }
  return std::nullopt;
}

// Hosts.

// Busy with all kinds of tasks until it is killed. Tells its workers.
[[noreturn]] void BeUnderLoad() {
  const BeginLog log;
  ProcessPoolExecutor pool(4);
  const Future<void> busy = pool.submit(BusyForEver, 1);
  const Future<void> stopped = pool.submit(StopThere, 2);
  while (log.Of(1).empty() || log.Of(2).empty()) usleep(100);
  while (ProcessState(log.Of(2)[0]) != 'T') usleep(100);
  std::vector<Future<std::size_t>> lengths;
  std::vector<Future<std::string>> texts;
  for (int i = 0; i < 20; ++i) {
    lengths.push_back(pool.submit(Length, std::string(std::size_t{1} << 22, 'x')));
    texts.push_back(pool.submit(Text, std::size_t{1} << 22));
  }
  while (pool.worker_pids().size() < 4) usleep(100);
  std::string pids;
  for (const pid_t pid : pool.worker_pids()) pids += std::to_string(pid) + " ";
  Tell(pids);
  while (true) (void)pool.submit(Length, std::string(std::size_t{1} << 22, 'x')).result();
}

// A child of the host's outlives it, and holds what it has inherited.
[[noreturn]] void HaveAChildThatStays() {
  const BeginLog log;
  ProcessPoolExecutor pool(2);
  const Future<void> one = pool.submit(BusyForEver, 1);
  const Future<void> other = pool.submit(BusyForEver, 2);
  while (log.Of(1).empty() || log.Of(2).empty()) usleep(100);
  const pid_t child = fork();
  if (child == 0) {
    while (true) pause();
  }
  Tell(std::to_string(child) + " " + std::to_string(log.Of(1)[0]) + " " +
       std::to_string(log.Of(2)[0]));
  while (true) pause();
}

std::atomic<int> interrupts = 0;

// Is interrupted with its whole process group, and goes on.
int BeInterrupted() {
  signal(SIGINT, [](int) { ++interrupts; });
  ProcessPoolExecutor pool(2);
  COHORT_CHECK(pool.submit(Square, 3).result() == 9);
  const std::vector<pid_t> before = pool.worker_pids();
  Tell("ready");
  while (interrupts == 0) usleep(100);
  for (int i = 0; i < 100; ++i) COHORT_CHECK(pool.submit(Square, i).result() == i * i);
  COHORT_CHECK(pool.stats().worker_deaths == 0);
  for (const pid_t pid : before) COHORT_CHECK(!HasEnded(pid));
  return 0;
}

// Whether statuses can be had although somebody else takes them.
bool KernelRemembers() {
  ipc::Process child = ipc::Process::SpawnSelf({.environment = {"HOST_ROLE=exit"}});
  waitpid(child.pid(), nullptr, 0);
  return child.Wait().known;
}

// Deaths and the end, where the statuses of children are taken away.
int SeeDeaths(bool kernel_remembers) {
  {
    ProcessPoolExecutor pool(2);
    for (int i = 0; i < 20; ++i) {
      const auto killed = DeathOf(pool.submit(RaiseSignal, SIGKILL));
      COHORT_CHECK(killed.has_value());
      COHORT_CHECK(!kernel_remembers || killed->signal() == SIGKILL);
      const auto exited = DeathOf(pool.submit(Exit, 3));
      COHORT_CHECK(exited.has_value());
      COHORT_CHECK(!kernel_remembers || exited->exit_status() == 3);
      COHORT_CHECK(pool.submit(Square, i).result() == i * i);
    }
    COHORT_CHECK(pool.stats().worker_deaths == 40);
  }
  return 0;
}

int IgnoreTheEndOfChildren() {
  const bool kernel_remembers = KernelRemembers();
  signal(SIGCHLD, SIG_IGN);
  const int result = SeeDeaths(kernel_remembers);
  COHORT_CHECK(HasNoChild());
  return result;
}

int WaitForAnyChild() {
  const bool kernel_remembers = KernelRemembers();  // while nobody else takes it
  std::atomic<bool> is_over = false;
  std::thread waiting([&is_over] {
    while (!is_over) {
      if (waitpid(-1, nullptr, WNOHANG) <= 0) usleep(20);
    }
  });
  const int result = SeeDeaths(kernel_remembers);
  is_over = true;
  waiting.join();
  return result;
}

int RunOutOfDescriptors() {
  const auto used = static_cast<rlim_t>(open("/dev/null", O_RDONLY | O_CLOEXEC));
  {
    ProcessPoolExecutor pool(2);
    const rlimit limit{used + 8, used + 1024};
    setrlimit(RLIMIT_NOFILE, &limit);
    const Future<int> future = pool.submit(Square, 3);
    try {
      future.result();
      COHORT_CHECK(false);
    } catch (const BrokenProcessPool& error) {
      std::fprintf(stderr, "%s\n", error.what());
      COHORT_CHECK(std::string(error.what()).find("Too many open files") != std::string::npos);
    }
    try {
      (void)pool.submit(Square, 3);
      COHORT_CHECK(false);
    } catch (const BrokenProcessPool&) {
    }
  }
  const rlimit enough{used + 1024, used + 1024};
  setrlimit(RLIMIT_NOFILE, &enough);
  ProcessPoolExecutor pool(2);
  COHORT_CHECK(pool.submit(Square, 3).result() == 9);
  return 0;
}

std::string MemoryGroupOf(pid_t host) {
  return "/sys/fs/cgroup/memory/cohort-test-" + std::to_string(host);
}

// In a control group with little memory; says why where that cannot be had.
int RunOutOfMemory() {
  const std::string group = MemoryGroupOf(getpid());
  const auto put = [&group](const char* file, const std::string& text) {
    std::ofstream out(group + "/" + file);
    out << text << std::flush;
    return out.good();
  };
  if (mkdir(group.c_str(), 0700) != 0) return Tell("skip: no memory control group"), 0;
  const bool is_in = put("memory.limit_in_bytes", std::to_string(128 << 20)) &&
                     put("cgroup.procs", std::to_string(getpid()));
  if (!is_in) return Tell("skip: the control group cannot be joined"), 0;
  put("memory.memsw.limit_in_bytes", std::to_string(128 << 20));
  {
    ProcessPoolExecutor pool(1);
    COHORT_CHECK(pool.submit(Square, 3).result() == 9);
    const auto death = DeathOf(pool.submit(TakeMemory, std::size_t{1} << 30));
    COHORT_CHECK(death.has_value());
    Tell(death->what());
    COHORT_CHECK(death->signal() == SIGKILL);
    COHORT_CHECK(pool.submit(Square, 4).result() == 16);
  }
  return 0;
}

int Play(const std::string& role) {
  ForbidCores();
  if (role == "exit") return 0;
  if (role == "load") BeUnderLoad();
  if (role == "child") HaveAChildThatStays();
  if (role == "interrupted") return BeInterrupted();
  if (role == "ignore") return IgnoreTheEndOfChildren();
  if (role == "wait") return WaitForAnyChild();
  if (role == "descriptors") return RunOutOfDescriptors();
  if (role == "memory") return RunOutOfMemory();
  return 98;
}

// The test's side.

class Host {
 public:
  explicit Host(const std::string& role) {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    process_.emplace(
        ipc::Process::SpawnSelf({.environment = {"HOST_ROLE=" + role}, .descriptors = {ends_[1]}}));
    close(ends_[1]);
  }
  ~Host() { close(ends_[0]); }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // Blocks. Empty when the host has ended.
  std::string ReadLine() {
    std::string line;
    for (char each = 0; read(ends_[0], &each, 1) == 1 && each != '\n';) line += each;
    return line;
  }
  std::vector<pid_t> ReadPids() {
    std::vector<pid_t> pids;
    std::istringstream line(ReadLine());
    for (pid_t pid = 0; line >> pid;) pids.push_back(pid);
    return pids;
  }
  ipc::Process& process() { return *process_; }

 private:
  std::array<int, 2> ends_{};
  std::optional<ipc::Process> process_;
};

void ExpectSuccess(const std::string& role) {
  Host host(role);
  const ipc::ExitStatus status = host.process().Wait();
  EXPECT_EQ(status.code, 0) << Describe(status);
  EXPECT_EQ(status.signal, 0) << Describe(status);
}

void ExpectAllEnd(const std::vector<pid_t>& pids) {
  for (const pid_t pid : pids) {
    EXPECT_TRUE(Eventually([pid] { return HasEnded(pid); }))
        << "process " << pid << " is left, in state " << ProcessState(pid);
  }
}

class ProcessPoolHost : public testing::Test {
 protected:
  void SetUp() override { ForbidCores(); }
  void TearDown() override { audit_.ExpectNothingLeft(); }

 private:
  const ProcessAudit audit_;
};

// The end of the host is that of all workers: busy, stopped, and in the middle of large messages.
TEST_F(ProcessPoolHost, KilledUnderLoad) {
  for (int i = 0; i < (kSanitized ? 2 : 10); ++i) {
    Host host("load");
    const std::vector<pid_t> workers = host.ReadPids();
    ASSERT_EQ(workers.size(), 4u);
    host.process().Kill(SIGKILL);
    EXPECT_EQ(host.process().Wait().signal, SIGKILL);
    ExpectAllEnd(workers);
  }
}

TEST_F(ProcessPoolHost, KilledWhileAForkedChildStays) {
  Host host("child");
  std::vector<pid_t> pids = host.ReadPids();
  ASSERT_EQ(pids.size(), 3u);
  const pid_t child = pids[0];
  pids.erase(pids.begin());
  host.process().Kill(SIGKILL);
  EXPECT_EQ(host.process().Wait().signal, SIGKILL);
  ExpectAllEnd(pids);
  EXPECT_FALSE(HasEnded(child));
  kill(child, SIGKILL);
}

// As a terminal's Ctrl-C does.
TEST_F(ProcessPoolHost, InterruptsReachTheHostAlone) {
  Host host("interrupted");
  EXPECT_EQ(host.ReadLine(), "ready");
  kill(-host.process().pid(), SIGINT);
  const ipc::ExitStatus status = host.process().Wait();
  EXPECT_EQ(status.code, 0) << Describe(status);
  EXPECT_EQ(status.signal, 0) << Describe(status);
}

TEST_F(ProcessPoolHost, IgnoresTheEndOfChildren) { ExpectSuccess("ignore"); }
TEST_F(ProcessPoolHost, WaitsForAnyChild) { ExpectSuccess("wait"); }
TEST_F(ProcessPoolHost, HasTooFewDescriptors) { ExpectSuccess("descriptors"); }

TEST_F(ProcessPoolHost, RunsOutOfMemory) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer takes more memory than the group has";
  Host host("memory");
  const std::string told = host.ReadLine();
  const ipc::ExitStatus status = host.process().Wait();
  rmdir(MemoryGroupOf(host.process().pid()).c_str());
  EXPECT_EQ(status.code, 0) << Describe(status);
  EXPECT_EQ(status.signal, 0) << Describe(status);
  if (told.rfind("skip", 0) == 0) GTEST_SKIP() << told;
  EXPECT_NE(told.find("probably out of memory"), std::string::npos) << told;
}

TEST_F(ProcessPoolHost, HasMuchMemory) {
  const std::vector<char> memory(std::size_t{kSanitized ? 50 : 500} << 20, 'm');
  const auto begin = std::chrono::steady_clock::now();
  {
    ProcessPoolExecutor pool(1);
    EXPECT_EQ(pool.submit(Square, 7).result(), 49);
  }
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
  std::printf("first result and the end of a pool, in a program of %zu MB: %.1f ms\n",
              memory.size() >> 20, time.count());
}

TEST_F(ProcessPoolHost, SubmitsFromManyThreads) {
  constexpr int kTasks = kSanitized ? 100 : 1000;
  ProcessPoolExecutor pool(2);
  RunThreads(16, [&pool](int thread) {
    for (int i = 0; i < kTasks; ++i) {
      const int n = thread * kTasks + i;
      ASSERT_EQ(pool.submit(Square, n % 1000).result(), (n % 1000) * (n % 1000));
      if (n % 500 == 77) {
        EXPECT_TRUE(DeathOf(pool.submit(RaiseSignal, SIGKILL)).has_value());
      }
    }
  });
  EXPECT_EQ(pool.stats().succeeded, static_cast<uint64_t>(16 * kTasks));
}

TEST_F(ProcessPoolHost, MakesAndDestroysManyPools) {
  for (int i = 0; i < (kSanitized ? 20 : 200); ++i) {
    ProcessPoolExecutor pool(1 + i % 3);
    if (i % 4 == 0) continue;  // one that never had a task
    EXPECT_EQ(pool.submit(Square, i).result(), i * i);
    if (i % 4 == 1) pool.kill_workers();
  }
}

TEST_F(ProcessPoolHost, HasManyPoolsAtOnce) {
  constexpr int kPools = kSanitized ? 5 : 20;
  std::vector<std::unique_ptr<ProcessPoolExecutor>> pools;
  std::vector<Future<int>> futures;
  for (int i = 0; i < kPools; ++i) {
    pools.push_back(std::make_unique<ProcessPoolExecutor>(2));
    for (int k = 0; k < 10; ++k) futures.push_back(pools.back()->submit(Square, i));
  }
  for (int i = 0; i < kPools; ++i) {
    for (int k = 0; k < 10; ++k) {
      EXPECT_EQ(futures[static_cast<std::size_t>(i * 10 + k)].result(), i * i);
    }
  }
}

}  // namespace
}  // namespace cohort

int main(int argc, char** argv) {
  if (const char* const role = getenv("HOST_ROLE")) return cohort::Play(role);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
