// The sum of a cheap function of `count` numbers. `speedup` is against a plain loop in the same
// process. Map: by the peer's own loop or map, in pieces that it chooses itself where it can.
// Pieces: by tasks that are given eight pieces a thread, which any pool can do.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_MAP_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_MAP_H_

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "testing/benchmarks/works/chunks.h"
#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"

namespace cohort::benchmarks {

inline double CheapFunction(double x) { return std::sin(x) * std::exp(-x); }

inline std::vector<double> CheapInputs(std::int64_t count) {
  std::vector<double> inputs(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i] = static_cast<double>(i) / static_cast<double>(count);
  }
  return inputs;
}

inline double SerialSum(const std::vector<double>& inputs) {
  double sum = 0;
  for (const double input : inputs) sum += CheapFunction(input);
  return sum;
}

inline void ExpectNear(double sum, double expected) {
  if (std::abs(sum - expected) <= 1e-6 * std::abs(expected) + 1e-12) return;
  std::fprintf(stderr, "the sum is %.12g, and not %.12g\n", sum, expected);
  std::exit(1);
}

// `sum_of(peer, inputs)`: in parallel.
template <typename Peer, typename SumOf>
Figures SpeedUp(const Settings& settings, SumOf sum_of) {
  const std::vector<double> inputs = CheapInputs(settings.count);
  const Stopwatch loop;
  const double expected = SerialSum(inputs);
  const double serial = loop.Nanoseconds();

  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    ExpectNear(sum_of(peer, inputs), expected);
    const Stopwatch stopwatch;
    Keep(sum_of(peer, inputs));
    const double wall = stopwatch.Nanoseconds();
    figures.value = wall / static_cast<double>(settings.count);
    figures.others = {{"speedup", serial / wall}};
  });
  return figures;
}

template <Maps Peer>
Figures Map(const Settings& settings) {
  return SpeedUp<Peer>(settings, [](Peer& peer, const std::vector<double>& inputs) {
    return peer.SumOf(CheapFunction, inputs);
  });
}

template <Submits Peer>
Figures Pieces(const Settings& settings) {
  return SpeedUp<Peer>(settings, [&](Peer& peer, const std::vector<double>& inputs) {
    return SumInChunks(peer, settings.threads, CheapFunction, inputs);
  });
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_MAP_H_
