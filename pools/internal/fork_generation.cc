#include "pools/internal/fork_generation.h"

#include <pthread.h>

#include <atomic>

namespace cohort::internal {
namespace {

std::atomic<uint64_t> generation{0};

}  // namespace

uint64_t ForkGeneration() noexcept {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { generation.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);  // fails for lack of memory only; then a fork goes unnoticed
  return generation.load(std::memory_order_relaxed);
}

}  // namespace cohort::internal
