// A child process that runs this very program again, and what became of it.
//
//   Process child = Process::SpawnSelf({.environment = {"ROLE=helper"}, .descriptors = {socket}});
//   ... poll child.pidfd(): readable when it has ended ...
//   child.Kill(SIGKILL);
//   ExitStatus status = child.Wait();
//
// The child is started by posix_spawn: that costs a millisecond however large this process is, and
// is allowed whatever its threads are doing. It gets default signal actions, no blocked signals, a
// process group of its own (a terminal's Ctrl-C reaches the parent alone), an empty standard input,
// this process's standard output and error, and of its other descriptors those given alone.
//
// Exit statuses are taken by the child's pidfd, so that no other child of the program is touched
// and no SIGCHLD handler is needed. A program that ignores SIGCHLD or calls wait() for any child
// takes the status away; then the kernel is asked for it by the pidfd (Linux 6.15 and later), and
// else it is unknown.
//
// Not thread-safe, but Kill() may be called while another thread waits.

#ifndef COHORT_IPC_PROCESS_H_
#define COHORT_IPC_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "ipc/file_descriptor.h"

namespace cohort::ipc {

// How a process ended: by a signal, or with an exit code. Both 0: exit(0); !known: nobody can tell.
struct ExitStatus {
  int signal = 0;
  int code = 0;
  bool known = true;
};

// "was killed by signal 11 (Segmentation fault)", "exited with status 3".
std::string Describe(const ExitStatus& status);

struct SpawnOptions {
  // Added to this process's environment; "NAME=value".
  std::vector<std::string> environment = {};

  // What the child finds as descriptors 3, 4, 5 ... The caller keeps its own.
  std::vector<int> descriptors = {};

  // The child's argv[0]. Default: this program's.
  std::string name = {};

  // What to run. Default: the file that this process was started from, even if it has been deleted
  // or replaced since.
  std::string executable = {};
};

class Process {
 public:
  // Throws std::system_error.
  static Process SpawnSelf(const SpawnOptions& options);

  // Kills and reaps a child that nobody waited for.
  ~Process();
  Process(Process&&) noexcept = default;
  Process& operator=(Process&&) = delete;

  pid_t pid() const noexcept { return pid_; }
  int pidfd() const noexcept { return pidfd_.get(); }

  // To the process; never to another one that got its number later.
  void Kill(int signal) const noexcept;

  // What it has started and not moved to another process group. Only before Wait().
  void KillGroup() const noexcept;

  // Without reaping it.
  bool HasEnded() const noexcept;

  // None while it runs. Of a process that has ended, always the same.
  std::optional<ExitStatus> TryWait();

  // Blocks.
  ExitStatus Wait();

 private:
  Process(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  bool IsUnreaped() const noexcept;

  pid_t pid_;
  FileDescriptor pidfd_;
  std::optional<ExitStatus> status_;
};

}  // namespace cohort::ipc

#endif  // COHORT_IPC_PROCESS_H_
