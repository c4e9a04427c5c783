#include "testing/benchmarks/works/process_works.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "ipc/shared_buffer.h"
#include "pools/process_pool_executor.h"
#include "testing/benchmarks/works/measuring.h"

namespace cohort::benchmarks {
namespace {

constexpr std::size_t kLarge = std::size_t{64} << 20;

std::int64_t Increment(std::int64_t n) { return n + 1; }
std::string Echo(std::string text) { return text; }
std::size_t LengthOf(const std::string& text) { return text.size(); }
std::string Text(std::size_t size) { return std::string(size, 'x'); }
pid_t Pid() { return getpid(); }
std::uint64_t SumOf(const SharedBuffer& buffer) {
  std::uint64_t sum = 0;
  for (const std::uint64_t word : buffer.as<std::uint64_t>()) sum += word;
  return sum;
}

// The median of `count` times that `round(prepare())` takes, without prepare().
template <typename Prepare, typename Round>
Figures TimeEach(std::int64_t count, Prepare prepare, Round round) {
  std::vector<double> times;
  for (std::int64_t i = 0; i < count; ++i) {
    auto prepared = prepare();
    const Clock::time_point begin = Clock::now();
    round(std::move(prepared));
    times.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
  }
  return {"ns", Percentile(times, 0.5), {{"p99_ns", Percentile(times, 0.99)}}};
}

int Nothing() { return 0; }

int FallAsleep() {
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return 0;
}

template <typename Prepare>
Figures TimeRoundTrips(std::int64_t count, Prepare prepare) {
  ProcessPoolExecutor pool(1);
  pool.submit(Increment, 0).result();
  return TimeEach(count, prepare, [&](int) { Keep(pool.submit(Increment, 1).result()); });
}

Figures RoundTrip(const Settings& settings) { return TimeRoundTrips(settings.count, Nothing); }
Figures AfterPause(const Settings& settings) { return TimeRoundTrips(settings.count, FallAsleep); }

void StartAllWorkers(ProcessPoolExecutor& pool) {
  const std::vector<std::int64_t> inputs(100, 1);
  for (const std::int64_t n : pool.map(Increment, inputs)) Keep(n);
}

Figures Tiny(const Settings& settings) {
  ProcessPoolExecutor pool(settings.threads);
  StartAllWorkers(pool);
  std::vector<Future<std::int64_t>> futures;
  futures.reserve(static_cast<std::size_t>(settings.count));
  const Stopwatch stopwatch;
  for (std::int64_t i = 0; i < settings.count; ++i) futures.push_back(pool.submit(Increment, i));
  std::int64_t sum = 0;
  for (auto& future : futures) sum += std::move(future).result();
  Keep(sum);
  return {"ns", stopwatch.Nanoseconds() / static_cast<double>(settings.count)};
}

template <std::size_t kChunk>
Figures MapInChunks(const Settings& settings) {
  ProcessPoolExecutor pool(settings.threads);
  StartAllWorkers(pool);
  const std::vector<std::int64_t> inputs(static_cast<std::size_t>(settings.count), 1);
  const Stopwatch stopwatch;
  for (const std::int64_t n : pool.map({.chunksize = kChunk}, Increment, inputs)) Keep(n);
  return {"ns", stopwatch.Nanoseconds() / static_cast<double>(settings.count)};
}

Figures EchoMebibyte(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  const std::string text(1 << 20, 'x');
  pool.submit(Echo, text).result();
  return TimeEach(settings.count, Nothing,
                  [&](int) { Keep(pool.submit(Echo, text).result().size()); });
}

Figures LargeArgument(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  pool.submit(LengthOf, Text(kLarge)).result();
  return TimeEach(
      settings.count, [] { return Text(kLarge); },
      [&](std::string text) { Keep(pool.submit(LengthOf, std::move(text)).result()); });
}

Figures LargeResult(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  pool.submit(Text, kLarge).result();
  return TimeEach(settings.count, Nothing,
                  [&](int) { Keep(pool.submit(Text, kLarge).result().size()); });
}

Figures LargeSharedBuffer(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  const auto round = [&](int) {
    SharedBuffer buffer(kLarge);
    std::memset(buffer.data(), 'x', kLarge);
    Keep(pool.submit(SumOf, std::move(buffer)).result());
  };
  for (int i = 0; i < 3; ++i) round(0);  // memory is new, and then recycled
  return TimeEach(settings.count, Nothing, round);
}

// Without the pool's end.
Figures Start(const Settings& settings) {
  std::vector<double> times;
  for (std::int64_t i = 0; i < settings.count; ++i) {
    const Stopwatch stopwatch;
    ProcessPoolExecutor pool(1);
    Keep(pool.submit(Increment, 1).result());
    times.push_back(stopwatch.Nanoseconds());
  }
  return {"ns", Percentile(times, 0.5), {{"p99_ns", Percentile(times, 0.99)}}};
}

Figures Recovery(const Settings& settings) {
  ProcessPoolExecutor pool(1);
  return TimeEach(
      settings.count, [&] { return pool.submit(Pid).result(); },
      [&](pid_t worker) {
        kill(worker, SIGKILL);
        Keep(pool.submit({.max_retries = 3}, Increment, 1).result());
      });
}

}  // namespace

Works ProcessWorks() {
  return {
      {"process_round_trip", RoundTrip},
      {"process_after_pause", AfterPause},
      {"process_tiny", Tiny},
      {"process_map", MapInChunks<1>},
      {"process_map_64", MapInChunks<64>},
      {"process_map_auto", MapInChunks<0>},
      {"process_echo", EchoMebibyte},
      {"process_argument", LargeArgument},
      {"process_result", LargeResult},
      {"process_shared", LargeSharedBuffer},
      {"process_start", Start},
      {"process_recovery", Recovery},
  };
}

}  // namespace cohort::benchmarks
