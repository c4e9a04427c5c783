// Bursts after a pause: 200 us of sleep, then 8 tasks of 20 us at once, `count` times. From before
// the first submit to the first instruction of whichever task ran first: the median. `cpu_s` is
// what all of that has burnt; 160 us a burst are useful.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_WAKEUPS_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_WAKEUPS_H_

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/peer.h"

namespace cohort::benchmarks {

struct Burst {
  double first_start = 0;  // nanoseconds after the first submit began
  double whole = 0;
};

template <typename Peer>
Burst RunBurst(Peer& peer) {
  constexpr int kTasks = 8;
  std::array<Clock::time_point, kTasks> starts;
  std::vector<FutureOf<Peer>> futures;
  futures.reserve(kTasks);
  const Clock::time_point begin = Clock::now();
  for (Clock::time_point& start : starts) {
    futures.push_back(peer.Submit([&start]() -> std::int64_t {
      start = Clock::now();
      BeBusy(std::chrono::microseconds(20));
      return 0;
    }));
  }
  for (auto& future : futures) Peer::Get(std::move(future));
  const auto since = [&](Clock::time_point then) {
    return std::chrono::duration<double, std::nano>(then - begin).count();
  };
  return {since(*std::min_element(starts.begin(), starts.end())), since(Clock::now())};
}

template <LeavesTasksToWorkers Peer>
Figures Wakeups(const Settings& settings) {
  std::vector<double> first_starts;
  std::vector<double> wholes;
  Figures figures{.unit = "ns"};
  WithPeer<Peer>(settings.threads, [&](Peer& peer) {
    RunBurst(peer);
    const Stopwatch all;
    for (std::int64_t i = 0; i < settings.count; ++i) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      const Burst burst = RunBurst(peer);
      first_starts.push_back(burst.first_start);
      wholes.push_back(burst.whole);
    }
    figures.others.emplace_back("cpu_s", all.ProcessorNanoseconds() / 1e9);
  });
  figures.value = Percentile(first_starts, 0.5);
  figures.others.emplace_back("p99_ns", Percentile(first_starts, 0.99));
  figures.others.emplace_back("burst_ns", Percentile(wholes, 0.5));
  return figures;
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_WAKEUPS_H_
