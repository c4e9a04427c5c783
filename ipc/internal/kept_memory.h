// What a worker process does with memory that tasks have freed.
//
// A task with a large argument or result needs as much memory, and frees it at its end. New memory
// costs more than the copy into it: the system clears it, and each page of it faults (measured for
// 64 MiB: 12 ms, in pages of 2 MiB, beside 8 ms for the copy). So a worker that gets such arguments
// keeps what is freed, and returns it when it has had nothing to do for a while. That holds for
// glibc's allocator; others have rules of their own.

#ifndef COHORT_IPC_INTERNAL_KEPT_MEMORY_H_
#define COHORT_IPC_INTERNAL_KEPT_MEMORY_H_

namespace cohort::ipc::internal {

// From now on memory that is freed stays with the process, up to 256 MiB in one piece. From any
// thread.
void KeepFreedMemory() noexcept;

// Returns to the system what is free by now. From any thread.
void ReturnFreedMemory() noexcept;

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_KEPT_MEMORY_H_
