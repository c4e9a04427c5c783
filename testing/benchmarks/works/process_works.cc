#include "testing/benchmarks/works/process_works.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "pools/process_pool_executor.h"
#include "testing/benchmarks/works/measuring.h"

namespace cohort::benchmarks {
namespace {

std::int64_t Increment(std::int64_t n) { return n + 1; }
std::string Echo(std::string text) { return text; }

double Since(Clock::time_point begin) {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

Figures MedianOf(const std::vector<double>& times) {
  return {"ns", Percentile(times, 0.5), {{"p99_ns", Percentile(times, 0.99)}}};
}

// Times each of `count` calls of `round` by itself.
template <typename Round>
Figures TimeEach(std::int64_t count, Round round) {
  std::vector<double> times;
  for (std::int64_t i = 0; i < count; ++i) {
    const Clock::time_point begin = Clock::now();
    round();
    times.push_back(Since(begin));
  }
  return MedianOf(times);
}

Figures RoundTrip(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  pool.submit(Increment, 0).result();
  return TimeEach(settings.count, [&] { Keep(pool.submit(Increment, 1).result()); });
}

Figures Tiny(const Settings& settings) {
  ProcessPoolExecutor pool(settings.threads);
  for (int i = 0; i < settings.threads; ++i) pool.submit(Increment, i).result();
  std::vector<Future<std::int64_t>> futures;
  futures.reserve(static_cast<std::size_t>(settings.count));
  const Stopwatch stopwatch;
  for (std::int64_t i = 0; i < settings.count; ++i) futures.push_back(pool.submit(Increment, i));
  std::int64_t sum = 0;
  for (auto& future : futures) sum += std::move(future).result();
  Keep(sum);
  return {"ns", stopwatch.Nanoseconds() / static_cast<double>(settings.count)};
}

Figures EchoMebibyte(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  const std::string text(1 << 20, 'x');
  pool.submit(Echo, text).result();
  return TimeEach(settings.count, [&] { Keep(pool.submit(Echo, text).result().size()); });
}

// Without the pool's end.
Figures Start(const Settings& settings) {
  std::vector<double> times;
  for (std::int64_t i = 0; i < settings.count; ++i) {
    const Clock::time_point begin = Clock::now();
    ProcessPoolExecutor pool(1);
    Keep(pool.submit(Increment, 1).result());
    times.push_back(Since(begin));
  }
  return MedianOf(times);
}

}  // namespace

Works ProcessWorks() {
  return {{"process_round_trip", RoundTrip},
          {"process_tiny", Tiny},
          {"process_echo", EchoMebibyte},
          {"process_start", Start}};
}

}  // namespace cohort::benchmarks
