// What happens when memory runs out: who is killed first, and how to tell.

#ifndef COHORT_IPC_OOM_H_
#define COHORT_IPC_OOM_H_

#include <cstdint>
#include <optional>
#include <string>

namespace cohort::ipc {

// Has the kernel kill this process before others that use as much memory, so that a worker dies and
// not the program that it works for. Needs no right. Whether it worked; it does not where there is
// no /proc.
bool raise_oom_score() noexcept;

// How many processes of this process's control group (version 1 or 2) the kernel has killed because
// memory ran out; of the whole machine where the group has no such counter. When a worker died by a
// SIGKILL that nobody here sent, and this has risen, it was probably that.
//
// Reads files: call it when a pool starts and when a worker was killed. `root` is for tests.
std::optional<uint64_t> oom_kills(const std::string& root = "/");

}  // namespace cohort::ipc

#endif  // COHORT_IPC_OOM_H_
