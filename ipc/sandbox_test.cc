// Each refusal is tried in a child process, once in the sandbox and once without: the same call
// must work there.

#include "ipc/sandbox.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"
#include "ipc/internal/landlock.h"
#include "ipc/internal/seccomp_filter.h"

namespace cohort::ipc {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif

constexpr uid_t kNobody = 65534;
constexpr int kThrew = 200;

// What is tried: gives 0, or the errno of what failed.
using Attempt = std::function<int()>;

int ErrorOf(long result) { return result < 0 ? errno : 0; }

void BecomeNobody() {
  if (setresgid(kNobody, kNobody, kNobody) != 0 || setresuid(kNobody, kNobody, kNobody) != 0) {
    _exit(kThrew);
  }
}

[[noreturn]] void RunAndExit(const Attempt& attempt) {
  try {
    _exit(attempt());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    _exit(kThrew);
  }
}

// What the attempt gives in a child process; -signal when that was killed.
int InChild(const Attempt& attempt) {
  const pid_t child = fork();
  if (child == 0) RunAndExit(attempt);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string MissingHere() {
  if (internal::LandlockVersion() == 0) return "this kernel has no Landlock";
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return "this kernel has no seccomp filters";
  return "";
}

// Whether apply_sandbox refuses, and says why with these words.
bool RefusesFor(const Sandbox& sandbox, const char* words) {
  try {
    apply_sandbox(sandbox, {});
  } catch (const SandboxError& error) {
    return std::strstr(error.what(), words) != nullptr;
  }
  return false;
}

// Below /tmp, which also another user can reach.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/sandbox_test_XXXXXX";
    path_ = mkdtemp(name);
    chmod(path_.c_str(), 0777);
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  std::string Write(const std::string& name) const {
    std::ofstream(Path(name)) << "text";
    chmod(Path(name).c_str(), 0666);
    return Path(name);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// As the user that runs the test, and, where that is root, as one without rights.
class SandboxTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (const std::string missing = MissingHere(); !missing.empty()) GTEST_SKIP() << missing;
    if (IsNobody() && InChild([] { return BecomeNobody(), 0; }) != 0) {
      GTEST_SKIP() << "this process cannot become user " << kNobody;
    }
  }

  static bool IsNobody() { return GetParam(); }

  static int Free(const Attempt& attempt) {
    return InChild([&] {
      if (IsNobody()) BecomeNobody();
      return attempt();
    });
  }
  int Boxed(const Attempt& attempt) const {
    return Free([&] {
      apply_sandbox(sandbox_, {});
      return attempt();
    });
  }
  void ExpectRefused(const Attempt& attempt, int error) const {
    EXPECT_EQ(Free(attempt), 0);
    EXPECT_EQ(Boxed(attempt), error);
  }
  // What needs rights, or leads nowhere here, may fail without the sandbox too, but not so.
  void ExpectRefusedAlways(const Attempt& attempt) const { EXPECT_EQ(Boxed(attempt), EPERM); }
  void ExpectAllowed(const Attempt& attempt) const { EXPECT_EQ(Boxed(attempt), 0); }

  const Folder folder_;
  const std::string outside_ = folder_.Write("outside");
  Sandbox sandbox_ = Sandbox::compute();
};

INSTANTIATE_TEST_SUITE_P(As, SandboxTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Nobody" : "TheUser"; });

int TryOpen(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0666);
  return ErrorOf(fd);
}

// Files.

TEST_P(SandboxTest, ReadsOnlyWhatIsListed) {
  std::filesystem::create_directory(folder_.Path("inside"));
  const std::string inside = folder_.Write("inside/file");
  const std::string single = folder_.Write("single");
  sandbox_ = sandbox_.read_only({folder_.Path("inside")}).read_only({single});
  ExpectAllowed([&] { return TryOpen(inside, O_RDONLY); });
  ExpectAllowed([&] { return TryOpen(single, O_RDONLY); });
  ExpectAllowed([&] { return TryOpen(folder_.Path("inside"), O_RDONLY | O_DIRECTORY); });
  ExpectRefused([&] { return TryOpen(outside_, O_RDONLY); }, EACCES);
  ExpectRefused([&] { return TryOpen(folder_.path(), O_RDONLY | O_DIRECTORY); }, EACCES);
  ExpectRefused([&] { return TryOpen(folder_.Path("inside/../outside"), O_RDONLY); }, EACCES);
}

TEST_P(SandboxTest, ALinkLeadsNowhereElse) {
  std::filesystem::create_directory(folder_.Path("inside"));
  std::filesystem::create_symlink(outside_, folder_.Path("inside/link"));
  sandbox_ = sandbox_.read_only({folder_.Path("inside")});
  ExpectRefused([&] { return TryOpen(folder_.Path("inside/link"), O_RDONLY); }, EACCES);
}

TEST_P(SandboxTest, WritesNothing) {
  const std::string file = folder_.Write("file");
  sandbox_ = sandbox_.read_only({folder_.path()});
  for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC, O_RDONLY | O_APPEND,
                          O_RDONLY | O_CREAT, O_WRONLY | O_CREAT | O_EXCL | O_TRUNC}) {
    const std::string path = (flags & O_EXCL) != 0 ? folder_.Path("new") : file;
    ExpectRefused(
        [&] {
          unlink(folder_.Path("new").c_str());
          return TryOpen(path, flags);
        },
        EPERM);
  }
  ExpectRefusedAlways([&] { return TryOpen(folder_.path(), O_RDWR | O_TMPFILE); });
  ExpectRefused([&] { return ErrorOf(creat(file.c_str(), 0666)); }, EPERM);
}

TEST_P(SandboxTest, NoCallWithFlagsInMemory) {
  struct {
    uint64_t flags = 0, mode = 0, resolve = 0;
  } how;
  sandbox_ = sandbox_.read_only({folder_.path()});
  ExpectRefused(
      [&] { return ErrorOf(syscall(SYS_openat2, AT_FDCWD, outside_.c_str(), &how, sizeof(how))); },
      ENOSYS);
}

TEST_P(SandboxTest, ChangesNoNamesAndModes) {
  const std::string other = folder_.Path("other");
  sandbox_ = sandbox_.read_only({folder_.path()});
  const auto with_file = [&](auto call) {
    return [&, call] {
      const std::string file = folder_.Path("outside");
      return ErrorOf(call(file.c_str(), other.c_str()));
    };
  };
  ExpectRefusedAlways(with_file([](auto* file, auto*) { return unlink(file); }));
  ExpectRefusedAlways(with_file([](auto* file, auto* name) { return rename(file, name); }));
  ExpectRefusedAlways(with_file([](auto* file, auto* name) { return link(file, name); }));
  ExpectRefusedAlways(with_file([](auto* file, auto* name) { return symlink(file, name); }));
  ExpectRefusedAlways(with_file([](auto*, auto* name) { return mkdir(name, 0777); }));
  ExpectRefusedAlways(with_file([](auto*, auto* name) { return mkfifo(name, 0777); }));
  ExpectRefusedAlways(with_file([](auto* file, auto*) { return chmod(file, 0600); }));
  ExpectRefusedAlways(with_file([](auto* file, auto*) { return chown(file, 1, 1); }));
  ExpectRefusedAlways(with_file([](auto* file, auto*) { return truncate(file, 0); }));
  ExpectRefusedAlways(
      with_file([](auto* file, auto*) { return utimensat(AT_FDCWD, file, nullptr, 0); }));
  ExpectRefusedAlways(with_file([](auto*, auto*) { return chdir("/"); }));
  EXPECT_EQ(std::filesystem::file_size(outside_), 4U);
  EXPECT_FALSE(std::filesystem::exists(other));
}

// /proc tells of other processes; what a library needs of the system is readable.
TEST_P(SandboxTest, ReadsTheSystemsHarmlessFiles) {
  ExpectRefused([] { return TryOpen("/proc/self/status", O_RDONLY); }, EACCES);
  ExpectRefused([] { return TryOpen("/etc/passwd", O_RDONLY); }, EACCES);
  ExpectAllowed([] { return TryOpen("/dev/urandom", O_RDONLY); });
  ExpectAllowed([] { return TryOpen("/dev/null", O_RDONLY); });
  ExpectRefused([] { return TryOpen("/dev/null", O_WRONLY); }, EPERM);
}

TEST_P(SandboxTest, DescriptorsThatAreOpenWork) {
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  int sockets[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
  const int memory = memfd_create("shared", MFD_CLOEXEC);
  ExpectAllowed([&] {
    char text[4] = {};
    if (write(pipes[1], "abc", 4) != 4 || read(pipes[0], text, 4) != 4) return 1;
    iovec part{text, 4};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (sendmsg(sockets[0], &message, 0) != 4 || recvmsg(sockets[1], &message, 0) != 4) return 2;
    if (send(sockets[0], "x", 1, 0) != 1 || recv(sockets[1], text, 1, 0) != 1) return 3;
    if (ftruncate(memory, 4096) != 0) return 4;
    if (mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0) == MAP_FAILED) return 5;
    return eventfd(0, EFD_CLOEXEC) < 0 || memfd_create("own", MFD_CLOEXEC) < 0 ? 6 : 0;
  });
  for (const int fd : {pipes[0], pipes[1], sockets[0], sockets[1], memory}) close(fd);
}

// The network.

TEST_P(SandboxTest, NoNewSockets) {
  for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    ExpectRefused([=] { return ErrorOf(socket(family, SOCK_DGRAM, 0)); }, EPERM);
  }
  ExpectRefused(
      [] {
        int pair[2];
        return ErrorOf(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
      },
      EPERM);
}

TEST_P(SandboxTest, OpenSocketsReachNobodyElse) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) GTEST_SKIP() << "no IPv4 here";
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  const int other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ExpectRefused([&] { return ErrorOf(bind(listener, name, sizeof(address))); }, EPERM);
  ExpectRefused([&] { return ErrorOf(listen(listener, 1)); }, EPERM);
  address.sin_port = htons(9);
  ExpectRefused([&] { return ErrorOf(connect(other, name, sizeof(address))); }, EPERM);
  ExpectRefused([&] { return ErrorOf(sendto(other, "x", 1, 0, name, sizeof(address))); }, EPERM);
  ExpectRefusedAlways([&] { return ErrorOf(accept(listener, nullptr, nullptr)); });
  close(listener);
  close(other);
}

// Processes.

TEST_P(SandboxTest, NoNewProcesses) {
  const auto end_child = [](long child) {
    if (child == 0) _exit(0);
    return ErrorOf(child);
  };
  ExpectRefused([&] { return end_child(fork()); }, EPERM);
  ExpectRefused([&] { return end_child(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }, EPERM);
  ExpectRefused(
      [] {
        const char* const arguments[] = {"/bin/true", nullptr};
        return ErrorOf(execv(arguments[0], const_cast<char* const*>(arguments)));
      },
      EPERM);
  ExpectRefused([] { return std::system("true") == 0 ? 0 : EPERM; }, EPERM);
}

TEST_P(SandboxTest, NoCloneWithFlagsInMemory) {
  EXPECT_EQ(Boxed([] { return ErrorOf(syscall(SYS_clone3, nullptr, 0)); }), ENOSYS);
  EXPECT_NE(Free([] { return ErrorOf(syscall(SYS_clone3, nullptr, 0)); }), ENOSYS);
}

TEST_P(SandboxTest, SignalsOnlyItself) {
  const pid_t parent = getpid();
  const pid_t sibling = fork();
  if (sibling == 0) {
    if (IsNobody()) BecomeNobody();
    for (;;) pause();
  }
  if (IsNobody()) {
    while (InChild([&] { return BecomeNobody(), ErrorOf(kill(sibling, 0)); }) != 0) sched_yield();
  } else {
    ExpectRefused([=] { return ErrorOf(kill(parent, 0)); }, EPERM);
  }
  ExpectRefused([=] { return ErrorOf(kill(sibling, 0)); }, EPERM);
  ExpectRefused([=] { return ErrorOf(tgkill(sibling, sibling, 0)); }, EPERM);
  ExpectRefused([] { return ErrorOf(kill(0, 0)); }, EPERM);
  ExpectRefused([] { return ErrorOf(kill(-1, 0)); }, EPERM);
  kill(sibling, SIGKILL);
  waitpid(sibling, nullptr, 0);
  ExpectAllowed([] { return ErrorOf(kill(getpid(), 0)); });
  EXPECT_EQ(Boxed([] { return raise(SIGTERM); }), -SIGTERM);
}

// Or the kernel would signal it, when something can be read.
TEST_P(SandboxTest, GivesNoDescriptorToAnother) {
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  ExpectRefused([&] { return ErrorOf(fcntl(pipes[0], F_SETOWN, getpid())); }, EPERM);
  ExpectRefused([&] { return ErrorOf(fcntl(pipes[0], F_SETSIG, SIGUSR1)); }, EPERM);
  close(pipes[0]);
  close(pipes[1]);
}

TEST_P(SandboxTest, LooksIntoNoOtherProcess) {
  static char secret[8] = "secret";
  const pid_t parent = getpid();
  ExpectRefusedAlways([&] {
    char copy[8];
    const iovec to{copy, sizeof(copy)};
    const iovec from{secret, sizeof(secret)};
    return ErrorOf(process_vm_readv(parent, &to, 1, &from, 1, 0));
  });
  ExpectRefusedAlways([=] { return ErrorOf(ptrace(PTRACE_ATTACH, parent, 0, 0)); });
  ExpectRefusedAlways([=] { return ErrorOf(syscall(SYS_pidfd_open, parent, 0)); });
  ExpectRefusedAlways([=] { return ErrorOf(setpriority(PRIO_PROCESS, parent, 5)); });
  ExpectRefusedAlways([=] {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return ErrorOf(sched_setaffinity(parent, sizeof(set), &set));
  });
}

// What is nobody's business who computes. All fail with this error before they look at anything.
TEST_P(SandboxTest, NoOtherDoors) {
  for (const long call : {SYS_mount,
                          SYS_umount2,
                          SYS_pivot_root,
                          SYS_chroot,
                          SYS_unshare,
                          SYS_setns,
                          SYS_bpf,
                          SYS_perf_event_open,
                          SYS_userfaultfd,
                          SYS_keyctl,
                          SYS_add_key,
                          SYS_request_key,
                          SYS_io_uring_setup,
                          SYS_io_uring_enter,
                          SYS_io_uring_register,
                          SYS_io_setup,
                          SYS_execveat,
                          SYS_pidfd_getfd,
                          SYS_pidfd_send_signal,
                          SYS_process_madvise,
                          SYS_process_vm_writev,
                          SYS_kcmp,
                          SYS_open_tree,
                          SYS_move_mount,
                          SYS_fsopen,
                          SYS_fsmount,
                          SYS_mount_setattr,
                          SYS_open_by_handle_at,
                          SYS_name_to_handle_at,
                          SYS_shmget,
                          SYS_semget,
                          SYS_msgget,
                          SYS_mq_open,
                          SYS_inotify_init1,
                          SYS_fanotify_init,
                          SYS_setuid,
                          SYS_setresuid,
                          SYS_setgid,
                          SYS_capset,
                          SYS_setrlimit,

                          SYS_seccomp,
                          SYS_ptrace,
                          SYS_init_module,
                          SYS_finit_module,
                          SYS_kexec_load,
                          SYS_reboot,
                          SYS_swapon,
                          SYS_sethostname,
                          SYS_acct,
                          SYS_quotactl,
                          SYS_settimeofday,
                          SYS_clock_settime,
                          SYS_adjtimex,
                          SYS_syslog,
                          SYS_memfd_secret,
                          SYS_splice,
                          SYS_tee,
                          SYS_vmsplice,
                          SYS_setsid,
                          SYS_setpgid,
                          SYS_sendmmsg,
                          SYS_recvmmsg,
                          SYS_setxattr,
                          SYS_move_pages,
                          SYS_migrate_pages,
                          SYS_vhangup,
                          SYS_setsockopt,
                          SYS_accept4,
                          SYS_tkill}) {
    EXPECT_EQ(Boxed([=] { return ErrorOf(syscall(call, -1, -1, -1, -1, -1, -1)); }), EPERM) << call;
  }
}

TEST_P(SandboxTest, CallsOfLaterKernelsAreUnknown) {
  for (const long call : {451L, 463L, 599L}) {
    EXPECT_EQ(Boxed([=] { return ErrorOf(syscall(call, -1, -1, -1, -1, -1, -1)); }), ENOSYS);
  }
}

TEST_P(SandboxTest, OnlyHarmlessCommands) {
  ExpectRefused([] { return ErrorOf(prctl(PR_SET_CHILD_SUBREAPER, 0)); }, EPERM);
  ExpectAllowed([] { return ErrorOf(prctl(PR_SET_NAME, "name")); });
  ExpectRefusedAlways([] { return ErrorOf(ioctl(0, TIOCSTI, "x")); });
  ExpectRefused(
      [] {
        const rlimit limit{0, 0};
        return ErrorOf(setrlimit(RLIMIT_CORE, &limit));
      },
      EPERM);
  ExpectAllowed([] {
    rlimit limit{};
    return ErrorOf(getrlimit(RLIMIT_NOFILE, &limit));
  });
}

TEST_P(SandboxTest, NoCoreDumpAndNoNewPrivileges) {
  ExpectAllowed([] {
    rlimit limit{1, 1};
    getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 0 && limit.rlim_max == 0 ? 0 : 1;
  });
  ExpectAllowed([] { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1; });
}

// Computing.

TEST_P(SandboxTest, ThreadsWork) {
  ExpectAllowed([] {
    std::atomic<int> sum{0};
    for (int i = 0; i < 4; ++i) std::jthread([&] { ++sum; }).join();
    return sum == 4 ? 0 : 1;
  });
}

TEST_P(SandboxTest, MemoryWorks) {
  ExpectAllowed([] {
    std::vector<char> block(std::size_t{100} << 20, 'x');
    return block.back() == 'x' ? 0 : 1;
  });
}

TEST_P(SandboxTest, ExceptionsAndTimeWork) {
  ExpectAllowed([] {
    try {
      throw std::runtime_error("thrown");
    } catch (const std::runtime_error&) {
    }
    const time_t now = time(nullptr);
    tm broken{};
    localtime_r(&now, &broken);
    std::this_thread::sleep_for(std::chrono::nanoseconds(1));
    return sysconf(_SC_NPROCESSORS_ONLN) > 0 && std::printf("%d\n", broken.tm_year) > 0 ? 0 : 1;
  });
}

// Threads that were there before.

template <typename Call>
int OnEarlierThread(const Sandbox& sandbox, Call call) {
  std::atomic<bool> is_boxed{false};
  int error = 0;
  std::thread thread([&] {
    while (!is_boxed) sched_yield();
    error = call();
  });
  apply_sandbox(sandbox, {});
  is_boxed = true;
  thread.join();
  return error;
}

TEST_P(SandboxTest, RestrictsEarlierThreads) {
  EXPECT_EQ(Free([&] {
              return OnEarlierThread(sandbox_, [] {
                return ErrorOf(socket(AF_INET, SOCK_STREAM, 0));  //
              });
            }),
            EPERM);
  if (kThreadSanitizer) return;
  EXPECT_EQ(
      Free([&] { return OnEarlierThread(sandbox_, [&] { return TryOpen(outside_, O_RDONLY); }); }),
      EACCES);
}

TEST_P(SandboxTest, SignalsAmongThreadsWork) {
  if (kThreadSanitizer) GTEST_SKIP() << "its threads cannot be reached";
  EXPECT_EQ(Free([&] {
              const pthread_t first = pthread_self();
              return OnEarlierThread(sandbox_, [=] { return pthread_kill(first, 0); });
            }),
            0);
}

// A thread that blocks all signals, until `end`.
class DeafThread {
 public:
  DeafThread()
      : thread_([this] {
          sigset_t all;
          sigfillset(&all);
          pthread_sigmask(SIG_BLOCK, &all, nullptr);
          is_deaf_ = true;
          while (!end_) sched_yield();
        }) {
    while (!is_deaf_) sched_yield();
  }
  ~DeafThread() {
    end_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> is_deaf_{false};
  std::atomic<bool> end_{false};
  std::thread thread_;
};

TEST_P(SandboxTest, AThreadOutOfReachIsNoSilentHole) {
  if (kThreadSanitizer) GTEST_SKIP() << "its threads cannot be reached";
  EXPECT_EQ(Free([&] {
              const DeafThread deaf;
              return RefusesFor(sandbox_, "Landlock restricts one thread") ? 0 : 1;
            }),
            0);
  EXPECT_EQ(Free([&] {
              const DeafThread deaf;
              return apply_sandbox(sandbox_.allow_missing(), {}).missing.size() == 1 ? 0 : 1;
            }),
            0);
}

// Each layer alone.

TEST_P(SandboxTest, LandlockAloneRefusesWritingTcpAndSignals) {
  const auto restricted = [&](const Attempt& attempt) {
    return Free([&] {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      internal::RestrictToReading({folder_.path()});
      return attempt();
    });
  };
  EXPECT_EQ(restricted([&] { return TryOpen(outside_, O_RDONLY); }), 0);
  EXPECT_EQ(restricted([&] { return TryOpen(outside_, O_WRONLY); }), EACCES);
  EXPECT_EQ(restricted([&] { return TryOpen(folder_.Path("new"), O_WRONLY | O_CREAT); }), EACCES);
  EXPECT_EQ(restricted([&] { return ErrorOf(unlink(outside_.c_str())); }), EACCES);
  EXPECT_EQ(restricted([] { return ErrorOf(execl("/bin/true", "true", nullptr)); }), EACCES);
  const int version = internal::LandlockVersion();
  if (version >= 3) {
    EXPECT_EQ(restricted([&] { return ErrorOf(truncate(outside_.c_str(), 0)); }), EACCES);
  }
  const auto connect_tcp = [] {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(9);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    return ErrorOf(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  };
  if (version >= 4) {
    EXPECT_EQ(restricted(connect_tcp), EACCES);
  }
  const pid_t parent = getpid();
  if (version >= 7) {
    EXPECT_EQ(restricted([=] { return ErrorOf(kill(parent, 0)); }), EPERM);
  }
}

TEST_P(SandboxTest, TheFilterAloneRefusesWriting) {
  const auto filtered = [&](const Attempt& attempt) {
    return Free([&] {
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      internal::FilterSystemCalls();
      return attempt();
    });
  };
  EXPECT_EQ(filtered([&] { return TryOpen(outside_, O_RDONLY); }), 0);
  EXPECT_EQ(filtered([&] { return TryOpen(outside_, O_WRONLY); }), EPERM);
#ifdef SYS_open
  EXPECT_EQ(filtered([&] { return ErrorOf(syscall(SYS_open, outside_.c_str(), O_RDWR)); }), EPERM);
#endif
}

// What the kernel lacks.

// From now on `call` fails as if the kernel did not have it.
void Lose(uint32_t call) {
  const uint32_t error = SECCOMP_RET_ERRNO | ENOSYS;
  sock_filter steps[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
                         {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call},
                         {BPF_RET | BPF_K, 0, 0, error},
                         {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
  const sock_fprog filter{std::size(steps), steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) _exit(kThrew);
}

TEST_P(SandboxTest, WithoutLandlock) {
  EXPECT_EQ(Free([&] {
              Lose(444);
              return RefusesFor(sandbox_, "no Landlock") ? 0 : 1;
            }),
            0);
  EXPECT_EQ(Free([&] {
              Lose(444);
              const SandboxReport report = apply_sandbox(sandbox_.allow_missing(), {});
              if (report.missing.size() != 1) return 1;
              if (TryOpen(outside_, O_RDONLY) != 0) return 2;
              return TryOpen(outside_, O_WRONLY) == EPERM ? 0 : 3;
            }),
            0);
}

TEST_P(SandboxTest, WithoutFilters) {
  EXPECT_EQ(Free([&] {
              Lose(SYS_seccomp);
              return RefusesFor(sandbox_, "no seccomp") ? 0 : 1;
            }),
            0);
  EXPECT_EQ(Free([&] {
              Lose(SYS_seccomp);
              const SandboxReport report = apply_sandbox(sandbox_.allow_missing(), {});
              if (report.missing.size() != 1) return 1;
              if (socket(AF_UNIX, SOCK_STREAM, 0) < 0) return 2;
              return TryOpen(outside_, O_WRONLY) == EACCES ? 0 : 3;
            }),
            0);
}

// What is given.

TEST(Sandbox, NoneRestrictsNothing) {
  EXPECT_EQ(InChild([] {
              const bool complete = apply_sandbox(Sandbox::none(), {}).missing.empty();
              return complete ? TryOpen("/etc/passwd", O_RDONLY) : 1;
            }),
            0);
  EXPECT_THROW(Sandbox::none().read_only({"/usr"}), std::invalid_argument);
}

TEST(Sandbox, IsAValue) {
  const Sandbox sandbox = Sandbox::compute().read_only({"/a", "/b"}).read_only({"/c"});
  EXPECT_EQ(sandbox.readable, (std::vector<std::string>{"/a", "/b", "/c"}));
  EXPECT_FALSE(sandbox.may_lack_parts);
  EXPECT_TRUE(sandbox.allow_missing().may_lack_parts);
  EXPECT_EQ(sandbox.allow_missing().readable, sandbox.readable);
  EXPECT_NE(sandbox, Sandbox::compute());
  EXPECT_EQ(Sandbox(), Sandbox::none());
  EXPECT_TRUE(std::is_aggregate_v<Sandbox>);
}

TEST(Sandbox, WantsWholePaths) {
  EXPECT_THROW(Sandbox::compute().read_only({"fonts"}), std::invalid_argument);
  EXPECT_THROW(Sandbox::compute().read_only({""}), std::invalid_argument);
}

TEST(Sandbox, APathMustBeThere) {
  if (const std::string missing = MissingHere(); !missing.empty()) GTEST_SKIP() << missing;
  EXPECT_EQ(InChild([] {
              const Sandbox sandbox = Sandbox::compute().read_only({"/nowhere"});
              return RefusesFor(sandbox.allow_missing(), "/nowhere") ? 0 : 1;
            }),
            0);
}

TEST(MemoryLimit, AllocationsAboveItFail) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes";
  constexpr std::size_t kLimit = std::size_t{64} << 20;
  EXPECT_EQ(InChild([] {
              apply_sandbox(Sandbox::none(), {.memory = kLimit});
              try {
                std::vector<char> block(kLimit);
              } catch (const std::bad_alloc&) {
                return std::vector<char>(kLimit / 2).size() == kLimit / 2 ? 0 : 1;
              }
              return 2;
            }),
            0);
  EXPECT_EQ(InChild([] {  // shared memory does not count
              apply_sandbox(Sandbox::none(), {.memory = kLimit});
              void* const block = mmap(nullptr, 2 * kLimit, PROT_READ | PROT_WRITE,
                                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
              return block == MAP_FAILED ? errno : 0;
            }),
            0);
}

TEST(MemoryLimit, CannotBeRaisedAgain) {
  if (kSanitized) GTEST_SKIP() << "sanitizers reserve terabytes";
  if (const std::string missing = MissingHere(); !missing.empty()) GTEST_SKIP() << missing;
  EXPECT_EQ(InChild([] {
              apply_sandbox(Sandbox::compute(), {.memory = std::size_t{64} << 20});
              const rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
              return ErrorOf(setrlimit(RLIMIT_DATA, &limit));
            }),
            EPERM);
}

TEST(MemoryLimit, MustLeaveRoomForTheWorkerItself) {
  EXPECT_EQ(InChild([] {
              try {
                apply_sandbox(Sandbox::none(), {.memory = 4096});
              } catch (const SandboxError& error) {
                return std::strstr(error.what(), "4096 bytes") != nullptr ? 0 : 1;
              }
              return 2;
            }),
            0);
}

}  // namespace
}  // namespace cohort::ipc
