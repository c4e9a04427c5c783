#include "testing/benchmarks/works/tally.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <mutex>
#include <thread>

namespace cohort::benchmarks {
namespace {

struct alignas(128) PaddedCounter {
  std::atomic<std::int64_t> count{0};
};

std::mutex mutex;

// Of all threads there have ever been. Never destroyed: threads may count to the last.
std::list<PaddedCounter>& Places() {
  static auto& places = *new std::list<PaddedCounter>;
  return places;
}

}  // namespace

std::atomic<std::int64_t>& Tally::NewPlace() {
  const std::lock_guard lock(mutex);
  return Places().emplace_back().count;
}

std::int64_t Tally::Sum() {
  const std::lock_guard lock(mutex);
  std::int64_t sum = 0;
  for (const PaddedCounter& place : Places()) sum += place.count.load(std::memory_order_acquire);
  return sum;
}

void Tally::Await(std::int64_t sum) {
  while (Sum() < sum) std::this_thread::sleep_for(std::chrono::microseconds(10));
}

void Tally::Expect(std::int64_t sum) {
  if (Sum() == sum) return;
  std::fprintf(stderr, "%lld tasks have run, and not %lld\n", static_cast<long long>(Sum()),
               static_cast<long long>(sum));
  std::exit(1);
}

}  // namespace cohort::benchmarks
