// Processor time of a pool without work, in `count` milliseconds. Its threads have been at work
// before.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_IDLE_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_IDLE_H_

#include <chrono>
#include <thread>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"
#include "testing/benchmarks/works/wakeups.h"

namespace cohort::benchmarks {

template <Submits Peer>
Figures Idle(const Settings& settings) {
  Figures figures{.unit = "ms"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    RunBurst(peer);
    const Stopwatch stopwatch;
    std::this_thread::sleep_for(std::chrono::milliseconds(settings.count));
    figures.value = stopwatch.ProcessorNanoseconds() / 1e6;
  });
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_IDLE_H_
