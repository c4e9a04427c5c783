// Copies bytes, as std::memcpy does, at the same speed wherever they lie.
//
// For 4 KiB and more the C library may use the processor's string instructions. Where a source lies
// a few bytes further into its page than the target does in its own, these take ten times as long
// on some processors (AMD Zen 3 and 4), and a block with a header before it often lies so. Slices
// below that size are copied by loops of vector instructions, which are as fast in any place.

#ifndef COHORT_IPC_INTERNAL_COPY_H_
#define COHORT_IPC_INTERNAL_COPY_H_

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace cohort::ipc::internal {

inline constexpr std::size_t kCopySlice = 2048;

inline void CopyBytes(std::byte* to, const std::byte* from, std::size_t size) {
  while (size != 0) {
    const std::size_t slice = std::min(size, kCopySlice);
    std::memcpy(to, from, slice);
    to += slice;
    from += slice;
    size -= slice;
  }
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_COPY_H_
