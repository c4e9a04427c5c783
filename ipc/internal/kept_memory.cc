#include "ipc/internal/kept_memory.h"

#include <malloc.h>

namespace cohort::ipc::internal {

void KeepFreedMemory() noexcept {
  constexpr int kMostKept = 256 << 20;
  mallopt(M_MMAP_MAX, 0);  // a mapping of its own for a block would end with the block
  mallopt(M_TRIM_THRESHOLD, kMostKept);
}

void ReturnFreedMemory() noexcept { malloc_trim(0); }

}  // namespace cohort::ipc::internal
