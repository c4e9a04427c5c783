// Four threads outside the pool submit and get at the same time, a quarter of `count` each.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_PRODUCERS_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_PRODUCERS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"
#include "testing/benchmarks/works/submit_get.h"

namespace cohort::benchmarks {

inline constexpr int kProducers = 4;

template <typename Peer>
void ProducersRound(Peer& peer, std::int64_t each) {
  std::vector<std::jthread> producers;
  for (int i = 0; i < kProducers; ++i) {
    producers.emplace_back([&peer, each] {
      std::vector<FutureOf<Peer>> futures;
      const std::int64_t most = MostOutstanding<Peer>() / kProducers;
      futures.reserve(static_cast<std::size_t>(std::min(each, most)));
      for (std::int64_t left = each; left > 0; left -= most) {
        SubmitThenGet(peer, std::min(left, most), futures);
      }
    });
  }
}

template <SubmitsFromAnywhere Peer>
Figures Producers(const Settings& settings) {
  const std::int64_t each = std::max<std::int64_t>(settings.count / kProducers, 1);
  const auto tasks = static_cast<double>(each * kProducers);
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    ProducersRound(peer, each);  // memory is new in the first round
    MeasureSteadyState(figures, tasks, [&] { ProducersRound(peer, each); });
  });
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_PRODUCERS_H_
