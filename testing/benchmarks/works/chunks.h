// For peers that have no loop of their own: eight chunks a thread, by hand.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_CHUNKS_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_CHUNKS_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace cohort::benchmarks {

template <typename Peer>
double SumInChunks(Peer& peer, int threads, double (*f)(double),
                   const std::vector<double>& inputs) {
  const auto sum_of = [f](std::span<const double> chunk) {
    double sum = 0;
    for (const double input : chunk) sum += f(input);
    return sum;
  };
  const std::size_t size = inputs.size() / (8 * static_cast<std::size_t>(threads)) + 1;
  std::vector<decltype(peer.Submit([] { return 0.0; }))> futures;
  std::span<const double> left = inputs;
  while (!left.empty()) {
    const auto chunk = left.first(std::min(size, left.size()));
    left = left.subspan(chunk.size());
    futures.push_back(peer.Submit([sum_of, chunk] { return sum_of(chunk); }));
  }
  double sum = 0;
  for (auto& future : futures) sum += Peer::Get(std::move(future));
  return sum;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_CHUNKS_H_
