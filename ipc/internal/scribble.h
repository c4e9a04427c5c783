// For tests: a worker that writes over the memory that it shares with its parent.

#ifndef COHORT_IPC_INTERNAL_SCRIBBLE_H_
#define COHORT_IPC_INTERNAL_SCRIBBLE_H_

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>

namespace cohort::ipc::internal {

// Finds the memory that this worker can write, as a worker gone wild might.
inline std::byte* OwnMemory() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("cohort-results") == line.npos || line.find("rw-s") == line.npos) continue;
    return reinterpret_cast<std::byte*>(strtoull(line.c_str(), nullptr, 16));
  }
  return nullptr;
}

inline uint64_t WildValue(std::minstd_rand& random, uint64_t near) {
  switch (random() % 6) {
    case 0:
      return 0;
    case 1:
      return ~uint64_t{0};
    case 2:
      return uint64_t{random()} << 32 | random();
    case 3:
      return near + random() % 64;
    case 4:
      return near - random() % 64;
    default:
      return near + (random() % 4096) * 8;
  }
}

// Writes over words of the block, and of the ring where `reach` is larger.
inline void Scribble(uint32_t seed, uint32_t words, std::size_t reach) {
  auto* const memory = reinterpret_cast<std::atomic<uint64_t>*>(OwnMemory());
  if (memory == nullptr) _exit(97);
  std::minstd_rand random(seed);
  for (uint32_t i = 0; i < words; ++i) {
    std::atomic<uint64_t>& word = memory[random() % (reach / sizeof(uint64_t))];
    word = WildValue(random, word);
  }
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_SCRIBBLE_H_
