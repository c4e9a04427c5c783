// A child is this program again: the variable ROLE says what it does.

#include "ipc/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort::ipc {
namespace {

// What children do.

std::string Descriptors() {
  std::set<int> open;
  DIR* const folder = opendir("/proc/self/fd");
  while (const dirent* const entry = readdir(folder)) {
    const int fd = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && fd != dirfd(folder)) open.insert(fd);
  }
  closedir(folder);
  std::string text;
  for (const int fd : open) text += std::to_string(fd) + " ";
  return text;
}

// The signals that are not as they are in a fresh process.
std::string Signals() {
  std::string text;
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < 32; ++signal) {
    struct sigaction action {};
    if (sigismember(&blocked, signal) == 1) text += "blocked " + std::to_string(signal) + " ";
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) {
      text += "ignored " + std::to_string(signal) + " ";
    }
  }
  return text;
}

std::string Variable(const char* name) {
  const char* const value = getenv(name);
  return value == nullptr ? "none" : value;
}

std::string StandardInput() {
  char byte = 0;
  return read(STDIN_FILENO, &byte, 1) == 0 ? "empty" : "not empty";
}

// Into descriptor 3.
void Tell(const std::string& text) {
  if (write(3, text.data(), text.size()) != static_cast<ssize_t>(text.size())) _exit(99);
}

[[noreturn]] void Sleep() {
  while (true) pause();
}

// Starts a process of its own, that sleeps, and tells its number.
[[noreturn]] void HaveChild() {
  const pid_t child = fork();
  if (child == 0) Sleep();
  Tell(std::to_string(child));
  Sleep();
}

void AwaitClosing(int fd) {
  char byte = 0;
  while (read(fd, &byte, 1) > 0) {
  }
}

int Play(const std::string& role) {
  if (role.rfind("later ", 0) == 0) return AwaitClosing(3), Play(role.substr(6));
  if (role == "descriptors") return Tell(Descriptors()), 0;
  if (role == "signals") return Tell(Signals()), 0;
  if (role == "input") return Tell(StandardInput()), 0;
  if (role == "variable") return Tell(Variable("MARK") + Variable("INHERITED")), 0;
  if (role == "group") return Tell(std::to_string(getpgrp()) + " " + std::to_string(getpid())), 0;
  if (role == "name") return Tell(program_invocation_name), 0;
  if (role == "sleep") Sleep();
  if (role == "child") HaveChild();
  if (role.rfind("exit ", 0) == 0) return atoi(role.c_str() + 5);
  if (role.rfind("signal ", 0) == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(atoi(role.c_str() + 7), SIG_DFL);
    raise(atoi(role.c_str() + 7));
  }
  return 98;
}

// What the test does.

Process Spawn(const std::string& role, SpawnOptions options = {}) {
  options.environment.push_back("ROLE=" + role);
  return Process::SpawnSelf(options);
}

// What the child says, into a pipe that it finds as descriptor 3.
std::string Answer(const std::string& role, SpawnOptions options = {}) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  options.descriptors.insert(options.descriptors.begin(), ends[1]);
  Process child = Spawn(role, options);
  close(ends[1]);
  std::string text;
  char bytes[256];
  for (ssize_t got = 0; (got = read(ends[0], bytes, sizeof(bytes))) > 0;) {
    text.append(bytes, static_cast<std::size_t>(got));
    if (role == "child") break;
  }
  close(ends[0]);
  if (role == "child") child.Kill(SIGKILL);
  const ExitStatus status = child.Wait();
  if (role != "child") {
    EXPECT_EQ(status.code, 0) << Describe(status);
  }
  return text;
}

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// 'R', 'S', 'Z' ..., or 0 where there is no such process.
char StateOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return 0;
  const std::size_t name_end = line.rfind(')');
  return name_end == std::string::npos ? 0 : line[name_end + 2];
}

bool IsGone(pid_t pid) {
  const char state = StateOf(pid);
  return state == 0 || state == 'Z';
}

void AwaitState(pid_t pid, char state) {
  for (int i = 0; i < 1'000'000 && StateOf(pid) != state; ++i) sched_yield();
}

void AwaitEnd(pid_t pid) {
  for (int i = 0; i < 1'000'000 && !IsGone(pid); ++i) sched_yield();
  EXPECT_TRUE(IsGone(pid)) << pid << " " << StateOf(pid);
}

// No child is left behind, dead or alive.
class ProcessTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
    EXPECT_EQ(OpenDescriptors(), descriptors_);
  }

 private:
  const std::size_t descriptors_ = OpenDescriptors();
};

// How it ends.

TEST_F(ProcessTest, ExitCodes) {
  for (const int code : {0, 1, 3, 70, 127, 255}) {
    const ExitStatus status = Spawn("exit " + std::to_string(code)).Wait();
    EXPECT_TRUE(status.known);
    EXPECT_EQ(status.code, code);
    EXPECT_EQ(status.signal, 0);
  }
}

TEST_F(ProcessTest, Signals) {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGKILL, SIGTERM, SIGSYS}) {
    const ExitStatus status = Spawn("signal " + std::to_string(signal)).Wait();
    EXPECT_TRUE(status.known);
    EXPECT_EQ(status.signal, signal);
    EXPECT_EQ(status.code, 0);
  }
}

TEST_F(ProcessTest, TheStatusStays) {
  Process child = Spawn("exit 5");
  EXPECT_EQ(child.Wait().code, 5);
  EXPECT_EQ(child.Wait().code, 5);
  ASSERT_TRUE(child.TryWait().has_value());
  EXPECT_EQ(child.TryWait()->code, 5);
  EXPECT_TRUE(child.HasEnded());
  child.Kill(SIGKILL);  // nobody
  child.KillGroup();
}

TEST_F(ProcessTest, WhileItRuns) {
  Process child = Spawn("sleep");
  EXPECT_FALSE(child.HasEnded());
  EXPECT_EQ(child.TryWait(), std::nullopt);
  child.Kill(SIGKILL);
  EXPECT_EQ(child.Wait().signal, SIGKILL);
}

TEST_F(ProcessTest, EndedAndNotYetReaped) {
  const Process child = Spawn("exit 0");
  AwaitEnd(child.pid());
  EXPECT_EQ(StateOf(child.pid()), 'Z');
  EXPECT_TRUE(child.HasEnded());
}

TEST_F(ProcessTest, KilledByAnotherThreadWhileOneWaits) {
  Process child = Spawn("sleep");
  std::jthread killer([&child] { child.Kill(SIGTERM); });
  EXPECT_EQ(child.Wait().signal, SIGTERM);
}

TEST_F(ProcessTest, AStoppedOneIsKilledToo) {
  Process child = Spawn("sleep");
  child.Kill(SIGSTOP);
  AwaitState(child.pid(), 'T');
  EXPECT_EQ(child.TryWait(), std::nullopt) << "stopped is not ended";
  child.Kill(SIGKILL);
  EXPECT_EQ(child.Wait().signal, SIGKILL);
}

TEST_F(ProcessTest, TheDestructorEndsIt) {
  const pid_t pid = Spawn("sleep").pid();
  EXPECT_EQ(StateOf(pid), 0);
}

TEST_F(ProcessTest, OtherChildrenAreLeftAlone) {
  const pid_t other = fork();
  if (other == 0) _exit(9);
  AwaitEnd(other);
  EXPECT_EQ(Spawn("exit 4").Wait().code, 4);
  int status = 0;
  EXPECT_EQ(waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 9);
}

// Where the status is taken away.

// Whether the kernel still knows the status of a child that another part of the program reaped.
bool KernelRemembers() {
  Process child = Spawn("exit 6");
  waitpid(child.pid(), nullptr, 0);
  return child.Wait().known;
}

void ExpectStatus(const ExitStatus& status, ExitStatus expected) {
  static const bool kernel_remembers = KernelRemembers();
  ASSERT_EQ(status.known, kernel_remembers);
  if (!kernel_remembers) return;
  EXPECT_EQ(status.code, expected.code);
  EXPECT_EQ(status.signal, expected.signal);
}

TEST_F(ProcessTest, TheProgramWaitsForAnyChild) {
  for (const auto& [role, expected] :
       std::vector<std::pair<std::string, ExitStatus>>{{"exit 0", {}},
                                                       {"exit 7", {.code = 7}},
                                                       {"signal 11", {.signal = SIGSEGV}},
                                                       {"signal 9", {.signal = SIGKILL}}}) {
    Process child = Spawn(role);
    EXPECT_EQ(waitpid(-1, nullptr, 0), child.pid());
    EXPECT_TRUE(child.HasEnded());
    ExpectStatus(child.Wait(), expected);
    child.Kill(SIGKILL);
    child.KillGroup();
  }
}

// Of a child that ends only when it is known here.
ExitStatus EndOf(const std::string& role) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  Process child = Spawn("later " + role, {.descriptors = {ends[0]}});
  close(ends[0]);
  close(ends[1]);
  return child.Wait();
}

TEST_F(ProcessTest, TheProgramIgnoresTheEndOfChildren) {
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignore, &before);
  ExpectStatus(EndOf("exit 7"), {.code = 7});
  ExpectStatus(EndOf("signal 11"), {.signal = SIGSEGV});
  Process child = Spawn("sleep");
  EXPECT_EQ(child.TryWait(), std::nullopt);
  child.Kill(SIGKILL);
  ExpectStatus(child.Wait(), {.signal = SIGKILL});
  sigaction(SIGCHLD, &before, nullptr);
}

TEST(ProcessDescribe, Statuses) {
  EXPECT_EQ(Describe({.code = 3}), "exited with status 3");
  EXPECT_EQ(Describe({}), "exited with status 0");
  EXPECT_EQ(Describe({.signal = SIGSEGV}), "was killed by signal 11 (Segmentation fault)");
  EXPECT_NE(Describe({.known = false}).find("cannot be known"), std::string::npos);
}

// What a child finds.

TEST_F(ProcessTest, DescriptorsThatItIsGivenAndNoOthers) {
  const int one = open("/dev/null", O_RDONLY);  // not closed on exec, nor the next one
  const int other = open("/dev/zero", O_RDONLY);
  EXPECT_EQ(Answer("descriptors"), "0 1 2 3 ");
  EXPECT_EQ(Answer("descriptors", {.descriptors = {one, other, one}}), "0 1 2 3 4 5 6 ");
  // Given in an order in which each lies where another one is to be.
  EXPECT_EQ(Answer("descriptors", {.descriptors = {5, 4, 3}}), "0 1 2 3 4 5 6 ");
  close(one);
  close(other);
}

TEST_F(ProcessTest, ADescriptorThatIsNone) {
  EXPECT_THROW(Spawn("exit 0", {.descriptors = {9999}}), std::system_error);
}

TEST_F(ProcessTest, AnExecutableThatIsNotThere) {
  try {
    Spawn("exit 0", {.executable = "/no/such/program"});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("/no/such/program"), std::string::npos);
  }
}

TEST_F(ProcessTest, EmptyStandardInput) { EXPECT_EQ(Answer("input"), "empty"); }

TEST_F(ProcessTest, Environment) {
  setenv("INHERITED", "yes", 1);
  setenv("MARK", "old", 1);
  EXPECT_EQ(Answer("variable", {.environment = {"MARK=new "}}), "new yes");
  unsetenv("INHERITED");
  unsetenv("MARK");
}

TEST_F(ProcessTest, AProcessGroupOfItsOwn) {
  const std::string groups = Answer("group");
  const std::size_t space = groups.find(' ');
  EXPECT_EQ(groups.substr(0, space), groups.substr(space + 1));
  EXPECT_NE(groups.substr(0, space), std::to_string(getpgrp()));
}

TEST_F(ProcessTest, ItsName) {
  EXPECT_EQ(Answer("name", {.name = "another name"}), "another name");
  EXPECT_EQ(Answer("name"), program_invocation_name);
}

TEST_F(ProcessTest, SignalsAreReset) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::map<int, struct sigaction> actions;
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGUSR1}) {
    sigaction(signal, &ignore, &actions[signal]);
  }
  const std::string signals = Answer("signals");
  for (const auto& [signal, action] : actions) sigaction(signal, &action, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(signals, "");
}

// Its own children.

TEST_F(ProcessTest, KillGroupEndsWhatItHasStarted) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  Process child = Spawn("child", {.descriptors = {ends[1]}});
  close(ends[1]);
  char number[32] = {};
  ASSERT_GT(read(ends[0], number, sizeof(number) - 1), 0);
  const auto grandchild = static_cast<pid_t>(atoi(number));
  // Also when the child itself has ended, as long as it is not reaped.
  child.Kill(SIGKILL);
  AwaitEnd(child.pid());
  EXPECT_FALSE(IsGone(grandchild));
  child.KillGroup();
  AwaitEnd(grandchild);
  child.Wait();
  close(ends[0]);
}

// Many at once.

TEST_F(ProcessTest, StartedByManyThreads) {
  RunThreads(4, [](int thread) {
    for (int i = 0; i < 10; ++i) {
      const int code = thread * 10 + i;
      EXPECT_EQ(Spawn("exit " + std::to_string(code)).Wait().code, code);
    }
  });
}

}  // namespace
}  // namespace cohort::ipc

int main(int argc, char** argv) {
  if (const char* const role = getenv("ROLE")) return cohort::ipc::Play(role);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
