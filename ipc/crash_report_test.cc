#include "ipc/crash_report.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "futures/internal/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/internal/text_hash.h"
#include "ipc/module.h"

namespace cohort::ipc {

// The ways to die. Outside of the anonymous namespace, and each with something to do after its last
// call, so that it is a frame of its own.

volatile int sink = 0;
volatile int zero = 0;
int* volatile nowhere = nullptr;

[[gnu::noinline]] void DieByNullWrite() {
  nowhere[4] = 1;
  sink = 1;
}

[[gnu::noinline]] void DieByAbort() {
  std::abort();
  sink = 1;
}

[[gnu::noinline]] int DieByStackOverflow(int depth) {
  std::array<volatile char, 512> room;
  room[static_cast<std::size_t>(depth) % room.size()] = static_cast<char>(depth);
  if (depth < zero) return 0;  // never
  return DieByStackOverflow(depth + 1) + room[0];
}

[[gnu::noinline]] void DieByDivision() {
  sink = 7 / zero;
  sink = 1;
}

[[gnu::noinline]] void DieByJump(uintptr_t to) {
  reinterpret_cast<void (*)()>(to)();
  sink = 1;
}

[[gnu::noinline]] void DieByTrap() {
  __builtin_trap();
  sink = 1;
}

[[gnu::noinline]] void DieByRaise(int signal) {
  raise(signal);
  sink = 1;
}

namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Where the child finds the slot.
constexpr int kSlotDescriptor = 3;

CrashSlot& MapSlot(int fd, int protection) {
  void* const memory = mmap(nullptr, sizeof(CrashSlot), protection, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) std::abort();
  return *static_cast<CrashSlot*>(memory);
}

void ExitFine(int) { _exit(0); }

void HandleSegv() {
  struct sigaction action {};
  action.sa_handler = ExitFine;
  sigaction(SIGSEGV, &action, nullptr);
}

// Exits with 0 when the child died as it should.
void ForkAndAbort() {
  const pid_t child = fork();
  if (child == 0) DieByAbort();
  int status = 0;
  const bool is_known = waitpid(child, &status, 0) == child;
  _exit(is_known && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? 0 : 1);
}

const std::map<std::string_view, std::function<void()>>& Deaths() {
  static int data[4] = {};
  static const auto* const deaths = new std::map<std::string_view, std::function<void()>>{
      {"null", DieByNullWrite},
      {"abort", DieByAbort},
      {"overflow", [] { sink = DieByStackOverflow(0); }},
      {"division", DieByDivision},
      {"jump", [] { DieByJump(16); }},
      {"jump to data", [] { DieByJump(reinterpret_cast<uintptr_t>(&data)); }},
      {"trap", DieByTrap},
      {"raise TRAP", [] { DieByRaise(SIGTRAP); }},
      {"raise SYS", [] { DieByRaise(SIGSYS); }},
      {"thread", [] { std::thread(DieByAbort).join(); }},
      {"own handler", [] { HandleSegv(), DieByNullWrite(); }},
      {"child", ForkAndAbort},
      {"nothing", [] {}},
  };
  return *deaths;
}

int ChildMain(const std::string& how) {
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const bool is_read_only = how == "read-only";
  if (how == "earlier handler") HandleSegv();
  install_crash_handler(
      MapSlot(kSlotDescriptor, is_read_only ? PROT_READ : PROT_READ | PROT_WRITE));
  if (is_read_only) DieByAbort();
  if (how == "earlier handler") DieByNullWrite();
  Deaths().at(how)();
  return 0;
}

struct Death {
  int status = -1;
  std::string text;
};

Death DieBy(std::string how) {
  const int memory = memfd_create("slot", MFD_CLOEXEC);
  EXPECT_EQ(ftruncate(memory, sizeof(CrashSlot)), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, memory, kSlotDescriptor);
  std::string name = "crash_report_test";
  std::array<char*, 3> arguments{name.data(), how.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  Death death;
  EXPECT_EQ(waitpid(child, &death.status, 0), child);
  CrashSlot& slot = MapSlot(memory, PROT_READ | PROT_WRITE);
  death.text = describe_crash(slot);
  munmap(&slot, sizeof(slot));
  close(memory);
  return death;
}

void ExpectDeath(const Death& death, int signal, const testing::Matcher<std::string>& text) {
  EXPECT_TRUE(WIFSIGNALED(death.status)) << death.status;
  EXPECT_EQ(WTERMSIG(death.status), signal);
  EXPECT_THAT(death.text, text);
}

// Of signals that the sanitizers report themselves.
class CrashReportTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "left to the sanitizer";
  }
};

TEST_F(CrashReportTest, NullWrite) {
  ExpectDeath(DieBy("null"), SIGSEGV,
              AllOf(StartsWith("SIGSEGV at address 0x10: no memory is mapped there"),
                    ContainsRegex("#0  cohort::ipc::DieByNullWrite\\(\\)  "
                                  "/.*crash_report_test\\+0x[0-9a-f]+\n"),
                    ContainsRegex("#[0-9]+  main  ")));
}

TEST_F(CrashReportTest, StackOverflow) {
  ExpectDeath(
      DieBy("overflow"), SIGSEGV,
      AllOf(StartsWith("SIGSEGV at address 0x"), HasSubstr("#0  cohort::ipc::DieByStackOverflow()"),
            ContainsRegex("#1  cohort::ipc::DieByStackOverflow\\(\\)  "
                          "/.*crash_report_test\\+0x[0-9a-f]+, and 62 times more$")));
}

TEST_F(CrashReportTest, Division) {
  ExpectDeath(DieBy("division"), SIGFPE,
              AllOf(HasSubstr("divided by zero"), HasSubstr("#0  cohort::ipc::DieByDivision()")));
}

TEST_F(CrashReportTest, JumpToWhereNoMemoryIs) {
  ExpectDeath(DieBy("jump"), SIGSEGV,
              AllOf(HasSubstr("#0  ?  0x10 in no module"),
                    HasSubstr("#1  cohort::ipc::DieByJump()"), HasSubstr("  main  ")));
}

TEST_F(CrashReportTest, JumpToData) {
  ExpectDeath(
      DieBy("jump to data"), SIGSEGV,
      AllOf(HasSubstr("may not be used in this way"), HasSubstr("#1  cohort::ipc::DieByJump()")));
}

TEST_F(CrashReportTest, LaterHandlerOfTheUserReplacesOurs) {
  const Death death = DieBy("own handler");
  EXPECT_EQ(death.status, 0);
  EXPECT_EQ(death.text, "");
}

TEST_F(CrashReportTest, EarlierHandlerOfTheUserStays) {
  const Death death = DieBy("earlier handler");
  EXPECT_EQ(death.status, 0);
  EXPECT_EQ(death.text, "");
}

TEST(CrashReportAlwaysTest, Abort) {
  ExpectDeath(DieBy("abort"), SIGABRT,
              AllOf(ContainsRegex("^SIGABRT: sent by process [0-9]+\n"),
                    HasSubstr("  cohort::ipc::DieByAbort()  "), HasSubstr("  main  ")));
}

TEST(CrashReportAlwaysTest, AnotherThread) {
  ExpectDeath(DieBy("thread"), SIGABRT, HasSubstr("  cohort::ipc::DieByAbort()  "));
}

TEST(CrashReportAlwaysTest, Trap) {
  ExpectDeath(DieBy("trap"), SIGILL, HasSubstr("#0  cohort::ipc::DieByTrap()"));
}

TEST(CrashReportAlwaysTest, SentSignals) {
  ExpectDeath(DieBy("raise TRAP"), SIGTRAP, HasSubstr("  cohort::ipc::DieByRaise()  "));
  ExpectDeath(DieBy("raise SYS"), SIGSYS, HasSubstr("  cohort::ipc::DieByRaise()  "));
}

TEST(CrashReportAlwaysTest, CrashOfTheHandlerKeepsTheSignal) {
  const Death death = DieBy("read-only");
  if (!kSanitized) ExpectDeath(death, SIGABRT, testing::IsEmpty());
  EXPECT_NE(death.status, 0);
}

TEST(CrashReportAlwaysTest, ForkedChildDoesNotReport) {
  const Death death = DieBy("child");
  EXPECT_EQ(death.status, 0);
  EXPECT_EQ(death.text, "");
}

TEST(CrashReportAlwaysTest, NoCrash) {
  const Death death = DieBy("nothing");
  EXPECT_EQ(death.status, 0);
  EXPECT_EQ(death.text, "");
}

TEST(DescribeCrashTest, ModuleThatIsNotHere) {
  CrashSlot slot;
  slot.signal = SIGSEGV;
  slot.code = SEGV_MAPERR;
  slot.frame_count = 1;
  slot.frames[0] = {.module = 42, .offset = 0x1234};
  EXPECT_EQ(describe_crash(slot),
            "SIGSEGV at address 0x0: no memory is mapped there\n"
            "  #0  ?  0x1234 in a module not loaded here");
}

TEST(DescribeCrashTest, TooManyFrames) {
  CrashSlot slot;
  slot.signal = 12345;
  slot.frame_count = ~uint32_t{0};
  for (uint32_t i = 0; i < CrashSlot::kMaxFrames; ++i) slot.frames[i].offset = i;
  EXPECT_THAT(describe_crash(slot), AllOf(StartsWith("signal 12345: "), HasSubstr("\n  #63  "),
                                          Not(HasSubstr("\n  #64  "))));
}

TEST(DescribeCrashTest, SystemCallThatIsNotAllowed) {
  CrashSlot slot;
  slot.signal = SIGSYS;
  slot.code = 1;
  slot.detail = 59;
  EXPECT_EQ(describe_crash(slot), "SIGSYS: system call 59 is not allowed");
}

// Half of the frames are said to be of modules that exist.
TEST(DescribeCrashTest, Garbage) {
  const std::vector<Module> modules = ModuleTable::process().modules();
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    CrashSlot slot;
    for (std::size_t i = 0; i < sizeof(slot); ++i) {
      reinterpret_cast<unsigned char*>(&slot)[i] = static_cast<unsigned char>(random());
    }
    if (slot.signal == 0) slot.signal = 1;
    for (CrashSlot::Frame& frame : slot.frames) {
      if (random() % 2 == 0) frame.module = internal::HashOf(modules[random() % modules.size()].id);
      if (random() % 2 == 0) frame.offset %= 1 << 21;
    }
    EXPECT_NE(describe_crash(slot), "");
  }
}

}  // namespace
}  // namespace cohort::ipc

int main(int argc, char** argv) {
  if (argc == 2 && argv[1][0] != '-') return cohort::ipc::ChildMain(argv[1]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
