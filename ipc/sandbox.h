// What a worker process may do.
//
//   ProcessPoolOptions options;
//   options.sandbox = Sandbox::compute().read_only({"/usr/share/fonts"});
//
// A sandboxed worker computes. It may use memory, threads, clocks, and the descriptors that are
// open already. Refused is everything else: the network, to write, create, rename or remove files,
// to read files that are not below a listed path, to start processes, to signal or look into other
// processes, to raise its own limits. A refused call fails as any call may, with EPERM or EACCES
// (or ENOSYS, for calls that have an older substitute): the task gets an error, the worker lives.
//
// It protects the machine from what an input may make a decoder or a parser do. It does not
// protect the worker's own memory, nor the results of later tasks in the same worker; and names,
// sizes and times of files can be looked at everywhere. docs/design/sandbox.md says which layer of
// the kernel does what.
//
// Values: copy them, share them, send them.

#ifndef COHORT_IPC_SANDBOX_H_
#define COHORT_IPC_SANDBOX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ipc/sandbox_error.h"

namespace cohort {

struct Sandbox {
  enum class Kind : uint8_t { kNone, kCompute };

  // No restriction.
  static Sandbox none() { return {}; }

  // Only to compute. Readable are, besides what read_only() adds, a few files of the system that
  // hold no secret and that libraries read for themselves: the list of CPUs, the time zones,
  // /dev/null and /dev/zero, the random devices. /proc is not readable.
  static Sandbox compute();

  // Also reading files and folders below these absolute paths, which must be there when a worker
  // starts. Throws std::invalid_argument for a relative path, and for Sandbox::none(), which
  // restricts no reading.
  Sandbox read_only(const std::vector<std::string>& paths) const;

  // Where the kernel lacks a part of the sandbox, workers go without it and report what is missing.
  // Without this, no worker starts there: the pool is broken, with a message that names the part.
  Sandbox allow_missing() const;

  friend bool operator==(const Sandbox&, const Sandbox&) = default;

  Kind kind = Kind::kNone;
  std::vector<std::string> readable = {};
  bool may_lack_parts = false;
};

namespace ipc {

struct WorkerLimits {
  // Bytes of private memory (heap, thread stacks, static data; shared memory does not count). Over
  // it an allocation fails, with std::bad_alloc from new. 0: no limit of its own.
  uint64_t memory = 0;
};

struct SandboxReport {
  std::vector<std::string> missing = {};  // what the kernel lacks, one sentence each
};

// Restricts the calling process for the rest of its life, all its threads included. For a worker,
// before its first task. Threads that run already may see system calls interrupted (EINTR) once.
//
// Throws SandboxError when a part cannot be had and `sandbox` does not allow that; when a path of
// read_only() cannot be opened; when the process uses more memory than the limit already. Some
// restrictions may have been made by then: end the process. Not to be called twice.
SandboxReport apply_sandbox(const Sandbox& sandbox, const WorkerLimits& limits);

}  // namespace ipc
}  // namespace cohort

#endif  // COHORT_IPC_SANDBOX_H_
