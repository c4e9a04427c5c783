// A hash of text that all processes agree on.

#ifndef COHORT_IPC_INTERNAL_TEXT_HASH_H_
#define COHORT_IPC_INTERNAL_TEXT_HASH_H_

#include <cstdint>
#include <string_view>

namespace cohort::ipc::internal {

// FNV-1a of 64 bits.
constexpr uint64_t HashOf(std::string_view text) noexcept {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_TEXT_HASH_H_
