#include "pools/internal/fork_generation.h"

#include <pthread.h>

namespace cohort::internal {

constinit std::atomic<uint64_t> fork_generation{0};

namespace {

// Fails for lack of memory only; then a fork goes unnoticed.
[[maybe_unused]] const int registered = pthread_atfork(
    nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });

}  // namespace
}  // namespace cohort::internal
