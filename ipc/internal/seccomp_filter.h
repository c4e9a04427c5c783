// Seccomp: which system calls a process may make.

#ifndef COHORT_IPC_INTERNAL_SECCOMP_FILTER_H_
#define COHORT_IPC_INTERNAL_SECCOMP_FILTER_H_

#include <optional>
#include <string>

namespace cohort::ipc::internal {

// Leaves all threads of this process those system calls that computing needs; the others fail with
// EPERM, or ENOSYS where libraries then take an older call, or where the call is newer than the
// list. Returns what the kernel lacks for that, if so. Throws SandboxError when the filter cannot
// be made.
std::optional<std::string> FilterSystemCalls();

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_SECCOMP_FILTER_H_
