// Tasks that do nothing, without futures, from one thread outside; then a wait until all have run,
// by whatever the peer has for that. Wall time for each task, the first round apart.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_POST_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_POST_H_

#include <cstdint>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"
#include "testing/benchmarks/works/submit_get.h"
#include "testing/benchmarks/works/tally.h"

namespace cohort::benchmarks {

template <Posts Peer>
void PostRound(Peer& peer, std::int64_t count) {
  const std::int64_t before = Tally::Sum();
  for (std::int64_t i = 0; i < count; ++i) peer.Post([] { Tally::Count(); });
  peer.Drain();
  Tally::Expect(before + count);
}

template <Posts Peer>
Figures Post(const Settings& settings) {
  const auto tasks = static_cast<double>(settings.count);
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    const Stopwatch first;
    PostRound(peer, settings.count);
    figures.others.emplace_back("first_round_ns", first.Nanoseconds() / tasks);

    MeasureSteadyState(figures, tasks, [&] { PostRound(peer, settings.count); });
  });
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_POST_H_
