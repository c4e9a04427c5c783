#include "ipc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;  // NOLINT: the C library's

namespace cohort::ipc {
namespace {

constexpr int kFirstDescriptor = 3;
constexpr idtype_t kByPidfd = static_cast<idtype_t>(3);  // P_PIDFD, which old headers lack

// The kernel's own; the C library's headers may be older than the kernel.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t ids[11];
  int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr uint64_t kInfoExit = 8;
#define COHORT_PIDFD_GET_INFO _IOWR(0xFF, 11, PidfdInfo)

[[noreturn]] void Throw(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

ExitStatus FromWaitStatus(int status) {
  if (WIFSIGNALED(status)) return {.signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status)};
}

ExitStatus FromSignalInfo(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

// Of a child that somebody else has reaped.
ExitStatus StatusFromKernel(int pidfd) {
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (ioctl(pidfd, COHORT_PIDFD_GET_INFO, &info) == 0 && (info.mask & kInfoExit) != 0) {
    return FromWaitStatus(info.exit_code);
  }
  return {.known = false};
}

// posix_spawn's attributes and file actions, freed at the end.
class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawnattr_init(&attributes_);
    posix_spawn_file_actions_init(&actions_);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  void ResetSignalsAndGroup() {
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }

  // The copies lie above all targets, so that no target overwrites one still needed.
  void Pass(const std::vector<int>& descriptors) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    const int end = kFirstDescriptor + static_cast<int>(descriptors.size());
    int target = kFirstDescriptor;
    for (const int fd : descriptors) {
      copies_.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, end));
      if (!copies_.back()) Throw(errno, "copying descriptor " + std::to_string(fd));
      posix_spawn_file_actions_adddup2(&actions_, copies_.back().get(), target++);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions_, end);
  }

  const posix_spawnattr_t* attributes() const { return &attributes_; }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  posix_spawnattr_t attributes_;
  posix_spawn_file_actions_t actions_;
  std::vector<FileDescriptor> copies_;
};

std::string OwnExecutable() {
  constexpr const char* kLink = "/proc/self/exe";
  if (access(kLink, X_OK) == 0) return kLink;
  const auto* path = reinterpret_cast<const char*>(getauxval(AT_EXECFN));  // no /proc here
  return path != nullptr ? path : kLink;
}

std::vector<char*> Environment(const std::vector<std::string>& added) {
  std::vector<char*> all;
  for (const std::string& each : added) all.push_back(const_cast<char*>(each.c_str()));
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) all.push_back(*each);
  all.push_back(nullptr);
  return all;
}

}  // namespace

std::string Describe(const ExitStatus& status) {
  if (!status.known)
    return "ended in a way that cannot be known (SIGCHLD is ignored, or another "
           "part of the program waits for all children)";
  if (status.signal == 0) return "exited with status " + std::to_string(status.code);
  const char* const name = sigdescr_np(status.signal);
  return "was killed by signal " + std::to_string(status.signal) +
         (name != nullptr ? std::string(" (") + name + ")" : "");
}

Process Process::SpawnSelf(const SpawnOptions& options) {
  SpawnSetup setup;
  setup.ResetSignalsAndGroup();
  setup.Pass(options.descriptors);
  const std::string executable = options.executable.empty() ? OwnExecutable() : options.executable;
  const std::string name = options.name.empty() ? program_invocation_name : options.name;
  char* const arguments[] = {const_cast<char*>(name.c_str()), nullptr};
  std::vector<char*> environment = Environment(options.environment);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, executable.c_str(), setup.actions(), setup.attributes(),
                                arguments, environment.data());
  if (error != 0) Throw(error, "starting a process of '" + executable + "'");
  // Nobody but this object reaps the child, unless the program waits for any: then the number may
  // belong to nobody, and the open fails.
  FileDescriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int failure = errno;
    siginfo_t info{};
    // Only where it is this process's child still: else the number may be somebody else's.
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
      kill(pid, SIGKILL);
      while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    Throw(failure, "pidfd_open of process " + std::to_string(pid));
  }
  fcntl(pidfd.get(), F_SETFD, FD_CLOEXEC);
  return Process(pid, std::move(pidfd));
}

Process::~Process() {
  if (!pidfd_ || status_) return;
  Kill(SIGKILL);
  Wait();
}

void Process::Kill(int signal) const noexcept {
  syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

bool Process::IsUnreaped() const noexcept {
  siginfo_t info{};
  return !status_ &&
         waitid(kByPidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void Process::KillGroup() const noexcept {
  // While its leader is not reaped, the group's number cannot belong to others.
  if (IsUnreaped()) kill(-pid_, SIGKILL);
}

bool Process::HasEnded() const noexcept {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  return status_ || poll(&ended, 1, 0) == 1;
}

std::optional<ExitStatus> Process::TryWait() {
  if (status_) return status_;
  siginfo_t info{};
  const int result = waitid(kByPidfd, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  if (result == 0 && info.si_pid != 0) {
    status_ = FromSignalInfo(info);
  } else if (result != 0) {
    if (HasEnded()) status_ = StatusFromKernel(pidfd_.get());
  }
  return status_;
}

ExitStatus Process::Wait() {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  while (!TryWait()) poll(&ended, 1, -1);
  return *status_;
}

}  // namespace cohort::ipc
