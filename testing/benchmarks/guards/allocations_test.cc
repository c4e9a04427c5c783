// How many allocations a task takes, all threads together. A change that makes these more makes
// every program slower: change a number here only with a reason.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <new>
#include <ostream>
#include <string>

#include "futures/internal/node_memory.h"
#include "gtest/gtest.h"
#include "testing/benchmarks/guards/batches.h"

namespace {

std::atomic<std::int64_t> allocations{0};

void* CountedAllocate(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t whole = (size + alignment - 1) / alignment * alignment;
  void* const block = std::aligned_alloc(alignment, whole);
  if (block == nullptr) std::abort();
  return block;
}

constexpr std::size_t kUsual = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

void* operator new(std::size_t size) { return CountedAllocate(size, kUsual); }
void* operator new[](std::size_t size) { return CountedAllocate(size, kUsual); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return CountedAllocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return CountedAllocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }

namespace cohort::benchmarks {
namespace {

std::int64_t AllocationsOf(Batch batch, int tasks) {
  const std::int64_t before = allocations.load();
  batch(tasks);
  return allocations.load() - before;
}

// What each further task takes: the pool itself takes some.
double AllocationsPerTask(Batch batch) {
  constexpr int kFew = 1'000;
  constexpr int kMany = 11'000;
  AllocationsOf(batch, kFew);  // what is only done once
  const std::int64_t few = AllocationsOf(batch, kFew);
  const std::int64_t many = AllocationsOf(batch, kMany);
  return static_cast<double>(many - few) / (kMany - kFew);
}

struct Golden {
  std::string batch;
  double allocations;
};

void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.batch; }

// A node whose memory was another's before takes none; in rounds of many, what carries the nodes
// from thread to thread adds a few.
constexpr double kRecycled = internal::kRecyclesNodes ? 0 : 1;
constexpr double kRecycledInRounds = internal::kRecyclesNodes ? 0.03 : 1;

class AllocationsTest : public testing::TestWithParam<Golden> {};

TEST_P(AllocationsTest, PerTask) {
  const auto& [batch, golden] = GetParam();
  const double counted = AllocationsPerTask(Batches().at(batch));
  // Tables that grow and blocks for many tasks add a little.
  const double tolerance = 0.01 + 0.1 * golden;
  EXPECT_LE(counted, golden + tolerance) << "a task of \"" << batch << "\" allocates more often";
  if (counted < golden - tolerance) {
    std::cout << "a task of \"" << batch << "\" allocates less often: lower its number here\n";
  }
}

// Two, and some that depend on how far the worker process is ahead.
constexpr double kProcessSubmit = 2.3;

INSTANTIATE_TEST_SUITE_P(
    Batches, AllocationsTest,
    testing::Values(Golden{"submit", kRecycledInRounds}, Golden{"submit_first", 1},
                    Golden{"post", kRecycledInRounds}, Golden{"map", 3.0 / 64},  // 3 a chunk
                    Golden{"then", 1}, Golden{"as_completed", 1},                // its promise
                    Golden{"fork_join", kRecycled}, Golden{"process_submit", kProcessSubmit}),
    [](const auto& info) { return info.param.batch; });

}  // namespace
}  // namespace cohort::benchmarks
