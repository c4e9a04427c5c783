// Compiles, when Cohort is built, the filter of system calls for workers that only compute: prints
// it as the elements of an array of sock_filter. libseccomp takes 2 ms for that, and a program that
// is linked with it starts half a millisecond later: too much for each start of a worker.

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ipc/internal/own_pid.h"

namespace cohort::ipc::internal {
namespace {

using Program = std::vector<sock_filter>;

// Allowed with any arguments. Those that an architecture does not have are negative here.
constexpr int kAllowed[] = {
    // Memory.
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    SCMP_SYS(msync),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(munlock),
    SCMP_SYS(mlockall),
    SCMP_SYS(munlockall),
    SCMP_SYS(membarrier),
    SCMP_SYS(mbind),
    SCMP_SYS(get_mempolicy),
    SCMP_SYS(set_mempolicy),
    SCMP_SYS(pkey_alloc),
    SCMP_SYS(pkey_free),
    SCMP_SYS(pkey_mprotect),
    SCMP_SYS(memfd_create),
    // Threads, and the end.
    SCMP_SYS(futex),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_getattr),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(sched_rr_get_interval),
    SCMP_SYS(getcpu),
    SCMP_SYS(getpriority),
    SCMP_SYS(ioprio_get),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    // Signals of its own.
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(pause),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(signalfd),
    SCMP_SYS(signalfd4),
    // Time.
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(times),
    SCMP_SYS(timer_create),
    SCMP_SYS(timer_settime),
    SCMP_SYS(timer_gettime),
    SCMP_SYS(timer_getoverrun),
    SCMP_SYS(timer_delete),
    SCMP_SYS(getitimer),
    SCMP_SYS(setitimer),
    SCMP_SYS(alarm),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    // Descriptors that are open, and those that lead nowhere else.
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(preadv2),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(pwritev2),
    SCMP_SYS(lseek),
    SCMP_SYS(readahead),
    SCMP_SYS(fadvise64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(flock),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd),
    SCMP_SYS(eventfd2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    // Looking at files; which ones can be opened is Landlock's.
    SCMP_SYS(getdents),
    SCMP_SYS(getdents64),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(getcwd),
    SCMP_SYS(umask),
    // Who and where it is.
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getpgrp),
    SCMP_SYS(getpgid),
    SCMP_SYS(getsid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getresuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getresgid),
    SCMP_SYS(getgroups),
    SCMP_SYS(capget),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(getrandom),
};

// Not the descriptor's owner and signal: the kernel would signal any process for this one.
constexpr int kFcntlCommands[] = {
    F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD,      F_GETFL,     F_SETFL,
    F_GETLK,     F_SETLK,         F_SETLKW,     F_OFD_GETLK,  F_OFD_SETLK, F_OFD_SETLKW,
    F_ADD_SEALS, F_GET_SEALS,     F_GETPIPE_SZ, F_SETPIPE_SZ, F_GETOWN,    F_GETSIG,
};

// Not, among others, that which types into the terminal (TIOCSTI).
constexpr unsigned long kIoctlCommands[] = {TCGETS,  TIOCGWINSZ, FIONREAD,
                                            FIONBIO, FIOCLEX,    FIONCLEX};

constexpr int kPrctlOptions[] = {
    PR_SET_NAME,       PR_GET_NAME,         PR_SET_VMA,     PR_GET_DUMPABLE, PR_SET_TIMERSLACK,
    PR_GET_TIMERSLACK, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_CAPBSET_READ,
};

// Any of these in open()'s flags asks for more than to read. (O_TMPFILE contains O_DIRECTORY.)
constexpr uint64_t kWriting = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);

constexpr uint64_t kNewNamespaces = CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS |
                                    CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWUTS;

// The first number that Linux 6.3 gave to no call, and the end of what a filter can well list.
constexpr int kFirstUnknown = 451;
constexpr int kEndOfUnknown = 600;

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
    if (!context_)
      throw std::runtime_error("seccomp_init: no filter can be made on this architecture");
    Set(SCMP_FLTATR_API_SYSRAWRC, 1);
    // Calls of a foreign architecture (32 bits) fail too, rather than end the process.
    Set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
    Set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a search tree
  }

  void Allow(int call) { Add(SCMP_ACT_ALLOW, call, {}); }
  void AllowIf(int call, const scmp_arg_cmp& condition) { Add(SCMP_ACT_ALLOW, call, {condition}); }
  void AllowIf(int call, const scmp_arg_cmp& condition, const scmp_arg_cmp& and_condition) {
    Add(SCMP_ACT_ALLOW, call, {condition, and_condition});
  }
  void Deny(int call, int error) { Add(SCMP_ACT_ERRNO(error), call, {}); }

  Program Compile() const {
    const int file = memfd_create("filter", MFD_CLOEXEC);
    Check(seccomp_export_bpf(context_.get(), file), "seccomp_export_bpf");
    const off_t size = lseek(file, 0, SEEK_END);
    Program program(static_cast<std::size_t>(size) / sizeof(sock_filter));
    if (pread(file, program.data(), static_cast<std::size_t>(size), 0) != size) {
      throw std::runtime_error("the filter could not be read back");
    }
    close(file);
    return program;
  }

 private:
  static void Check(int result, const char* what) {
    if (result != 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(-result));
  }
  void Set(scmp_filter_attr attribute, uint32_t value) {
    Check(seccomp_attr_set(context_.get(), attribute, value), "seccomp_attr_set");
  }
  void Add(uint32_t action, int call, std::initializer_list<scmp_arg_cmp> conditions) {
    if (call < 0) return;
    const auto count = static_cast<unsigned>(conditions.size());
    Check(seccomp_rule_add_array(context_.get(), action, call, count, conditions.begin()),
          "seccomp_rule_add");
  }

  struct Release {
    void operator()(void* context) const { seccomp_release(context); }
  };
  std::unique_ptr<void, Release> context_;
};

scmp_arg_cmp Is(unsigned argument, uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

scmp_arg_cmp HasOnly(unsigned argument, uint64_t bits, uint64_t of) {
  return {argument, SCMP_CMP_MASKED_EQ, of, bits};
}

void AllowReading(Filter& filter) {
  filter.AllowIf(SCMP_SYS(open), HasOnly(1, 0, kWriting));
  filter.AllowIf(SCMP_SYS(openat), HasOnly(2, 0, kWriting));
  filter.Deny(SCMP_SYS(openat2), ENOSYS);  // its flags lie in memory, where no filter can look
}

void AllowThreads(Filter& filter) {
  filter.AllowIf(SCMP_SYS(clone), HasOnly(0, CLONE_THREAD, CLONE_THREAD | kNewNamespaces));
  filter.Deny(SCMP_SYS(clone3), ENOSYS);  // likewise
}

void AllowOwnSignals(Filter& filter) {
  for (const int call :
       {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo)}) {
    filter.AllowIf(call, Is(0, kOwnPid));
  }
}

void AllowCommands(Filter& filter) {
  for (const int command : kFcntlCommands) {
    filter.AllowIf(SCMP_SYS(fcntl), Is(1, static_cast<uint64_t>(command)));
  }
  for (const unsigned long command : kIoctlCommands) {
    filter.AllowIf(SCMP_SYS(ioctl), Is(1, command));
  }
  for (const int option : kPrctlOptions) {
    filter.AllowIf(SCMP_SYS(prctl), Is(0, static_cast<uint64_t>(option)));
  }
}

// What is harmless only to oneself, or only to ask.
void AllowOwnSettings(Filter& filter) {
  filter.AllowIf(SCMP_SYS(sendto), Is(4, 0));     // no other address
  filter.AllowIf(SCMP_SYS(prlimit64), Is(2, 0));  // no new limit
  filter.AllowIf(SCMP_SYS(personality), Is(0, 0xffffffff));
  filter.AllowIf(SCMP_SYS(sched_setaffinity), Is(0, 0));
  filter.AllowIf(SCMP_SYS(setpriority), Is(0, PRIO_PROCESS), Is(1, 0));
}

// As on a kernel that has never had them, so that libraries take what there was before.
void DenyUnknown(Filter& filter) {
  for (int call = kFirstUnknown; call < kEndOfUnknown; ++call) filter.Deny(call, ENOSYS);
}

Program ComputeFilter() {
  Filter filter;
  for (const int call : kAllowed) filter.Allow(call);
  AllowReading(filter);
  AllowThreads(filter);
  AllowOwnSignals(filter);
  AllowCommands(filter);
  AllowOwnSettings(filter);
  DenyUnknown(filter);
  return filter.Compile();
}

int Main() {
  try {
    for (const sock_filter& step : ComputeFilter()) {
      std::printf("{%#x, %d, %d, %#x},\n", step.code, step.jt, step.jf, step.k);
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "seccomp_compiler: %s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace cohort::ipc::internal

int main() { return cohort::ipc::internal::Main(); }
