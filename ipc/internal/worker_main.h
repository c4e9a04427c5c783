// What a worker process does from its start to its end.

#ifndef COHORT_IPC_INTERNAL_WORKER_MAIN_H_
#define COHORT_IPC_INTERNAL_WORKER_MAIN_H_

#include <cstdint>

namespace cohort::ipc::internal {

// Whether this process has the descriptors of a worker with that nonce.
bool IsWorkerOf(uint64_t nonce) noexcept;

// Serves the parent until it says that this is the end, or is gone. The function is told the depth
// of the parent as soon as that is known.
[[noreturn]] void ServeAsWorker(void (*on_depth)(int));

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_WORKER_MAIN_H_
