// What it costs to go through `count` futures that are done: as_completed, and one wait for all.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_MANY_FUTURES_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_MANY_FUTURES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"

namespace cohort::benchmarks {

// Times consume(futures), all of which are done.
template <WaitsForMany Peer, typename Consume>
Figures TimeFutures(const Settings& settings, Consume consume) {
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    std::vector<FutureOf<Peer>> futures;
    futures.reserve(static_cast<std::size_t>(settings.count));
    for (std::int64_t i = 0; i < settings.count; ++i) {
      futures.push_back(peer.Submit([i] { return i; }));
    }
    Peer::WaitForAll(futures);
    const Stopwatch stopwatch;
    consume(futures);
    figures.value = stopwatch.Nanoseconds() / static_cast<double>(settings.count);
  });
  return figures;
}

template <GivesAsCompleted Peer>
Figures AsCompleted(const Settings& settings) {
  return TimeFutures<Peer>(settings, [](auto& futures) { Keep(Peer::SumAsCompleted(futures)); });
}

template <WaitsForMany Peer>
Figures Wait(const Settings& settings) {
  return TimeFutures<Peer>(settings, [](auto& futures) { Peer::WaitForAll(futures); });
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_MANY_FUTURES_H_
