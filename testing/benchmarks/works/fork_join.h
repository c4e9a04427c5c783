// Fibonacci's numbers without a cut-off: each step is one task and one plain call, then both
// results. Wall time for each of at most `count` tasks.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_FORK_JOIN_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_FORK_JOIN_H_

#include <cstdint>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"

namespace cohort::benchmarks {

// The greatest number whose computation takes no more than so many tasks, and how many.
struct ForkJoinSize {
  int number = 2;
  std::int64_t tasks = 1;
};

inline ForkJoinSize LargestWithin(std::int64_t count) {
  ForkJoinSize size;
  for (std::int64_t before = 0;;) {
    const std::int64_t next = size.tasks + before + 1;
    if (next > count) return size;
    before = size.tasks;
    size = {size.number + 1, next};
  }
}

template <typename Peer>
std::int64_t Fibonacci(Peer& peer, int n) {
  if (n < 2) return n;
  const auto [one, two] = peer.Fork([&peer, n] { return Fibonacci(peer, n - 1); },
                                    [&peer, n] { return Fibonacci(peer, n - 2); });
  return one + two;
}

template <Forks Peer>
Figures ForkJoin(const Settings& settings) {
  const ForkJoinSize size = LargestWithin(settings.count);
  const auto tasks = static_cast<double>(size.tasks);
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    const auto run = [&](int n) { Keep(peer.Inside([&peer, n] { return Fibonacci(peer, n); })); };
    run(size.number - size.number / 4);  // threads and memory
    const Stopwatch stopwatch;
    run(size.number);
    figures.value = stopwatch.Nanoseconds() / tasks;
    figures.others.emplace_back("cpu_ns", stopwatch.ProcessorNanoseconds() / tasks);
  });
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_FORK_JOIN_H_
