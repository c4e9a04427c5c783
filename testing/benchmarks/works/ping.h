// One task at a time through an idle pool: submit, get, and again, `count` times. The median.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_PING_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_PING_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"

namespace cohort::benchmarks {

template <LeavesTasksToWorkers Peer>
Figures Ping(const Settings& settings) {
  std::vector<double> rounds(static_cast<std::size_t>(settings.count));
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    const auto trip = [&peer] { Keep(Peer::Get(peer.Submit([] { return std::int64_t{1}; }))); };
    for (std::int64_t i = 0; i < settings.count / 10; ++i) trip();
    const Stopwatch all;
    for (double& round : rounds) {
      const Clock::time_point begin = Clock::now();
      trip();
      round = std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
    }
    const auto trips = static_cast<double>(settings.count);
    figures.others.emplace_back("cpu_ns", all.ProcessorNanoseconds() / trips);
  });
  figures.value = Percentile(rounds, 0.5);
  figures.others.emplace_back("p99_ns", Percentile(rounds, 0.99));
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_PING_H_
