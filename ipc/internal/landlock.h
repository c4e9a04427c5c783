// Landlock: which files a process may open.

#ifndef COHORT_IPC_INTERNAL_LANDLOCK_H_
#define COHORT_IPC_INTERNAL_LANDLOCK_H_

#include <optional>
#include <string>
#include <vector>

namespace cohort::ipc::internal {

// The version of Landlock that the kernel has; 0: none, or it is switched off.
int LandlockVersion() noexcept;

// Restricts all threads of this process to reading below `paths` and a few files of the system, and
// from all else that Landlock knows of: writing, executing, TCP, signals to other processes.
// Needs no_new_privs. Returns what the kernel lacks for that, if so. Throws SandboxError for a path
// that cannot be opened.
std::optional<std::string> RestrictToReading(const std::vector<std::string>& paths);

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_LANDLOCK_H_
