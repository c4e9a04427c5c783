// Asks for huge pages where a large block is about to be filled.
//
// Fresh memory costs more to map page by page than to write: 64 MiB are 16384 faults, or 32.

#ifndef COHORT_IPC_INTERNAL_HUGE_PAGES_H_
#define COHORT_IPC_INTERNAL_HUGE_PAGES_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace cohort::ipc::internal {

inline constexpr std::size_t kHugePagesFrom = std::size_t{4} << 20;

// Only advice: refused where the system has none. Nothing is changed but for speed.
inline void AdviseHugePages(const void* data, std::size_t size) {
  if (size < kHugePagesFrom) return;
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(data) + size) / page * page;
  (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_HUGE_PAGES_H_
