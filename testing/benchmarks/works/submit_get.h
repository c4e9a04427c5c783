// Tasks that do nothing, submitted by one thread from outside, each with a future; then all
// results. So `count` tasks are outstanding at a time, or as many as the peer can bear.
//
// Wall time for each task, in steady state: the first round, in which memory is new, stands beside.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_SUBMIT_GET_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_SUBMIT_GET_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"

namespace cohort::benchmarks {

// Submits `count` tasks, then takes their results.
template <typename Peer>
void SubmitThenGet(Peer& peer, std::int64_t count, std::vector<FutureOf<Peer>>& futures) {
  for (std::int64_t i = 0; i < count; ++i) futures.push_back(peer.Submit([i] { return i; }));
  std::int64_t sum = 0;
  for (auto& future : futures) sum += Peer::Get(std::move(future));
  Keep(sum);
  futures.clear();
}

template <typename Peer>
void SubmitGetRound(Peer& peer, std::int64_t count, std::vector<FutureOf<Peer>>& futures) {
  const std::int64_t window = std::min(count, MostOutstanding<Peer>());
  for (std::int64_t left = count; left > 0; left -= window) {
    SubmitThenGet(peer, std::min(left, window), futures);
  }
}

// Repeats rounds of `tasks` each: twice, or for 200 ms, so that rounds of a thousand tasks are
// measured as well as those of a million.
template <typename Round>
void MeasureSteadyState(Figures& figures, double tasks, Round round) {
  int rounds = 0;
  const Stopwatch steady;
  while (rounds < 2 || steady.Nanoseconds() < 2e8) {
    round();
    ++rounds;
  }
  figures.value = steady.Nanoseconds() / tasks / rounds;
  figures.others.emplace_back("cpu_ns", steady.ProcessorNanoseconds() / tasks / rounds);
}

template <Submits Peer>
Figures SubmitGet(const Settings& settings) {
  const std::int64_t count = settings.count;
  const auto tasks = static_cast<double>(count);
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    Peer::Get(peer.Submit([] { return std::int64_t{0}; }));  // threads start
    const double resident = PeakResident();
    std::vector<FutureOf<Peer>> futures;
    futures.reserve(static_cast<std::size_t>(std::min(count, MostOutstanding<Peer>())));
    const Stopwatch first;
    SubmitGetRound(peer, count, futures);
    figures.others.emplace_back("first_round_ns", first.Nanoseconds() / tasks);
    const auto outstanding = static_cast<double>(futures.capacity());
    figures.others.emplace_back("bytes_per_task", (PeakResident() - resident) / outstanding);

    MeasureSteadyState(figures, tasks, [&] { SubmitGetRound(peer, count, futures); });
  });
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_SUBMIT_GET_H_
