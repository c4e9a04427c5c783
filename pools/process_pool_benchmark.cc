// What a process pool costs. Run with
//
//   ./bazelw run //pools:process_pool_benchmark
//
// Each line is the median of several runs; docs/benchmarks.md has the peers beside it.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

int Increment(int n) { return n + 1; }
pid_t Pid() { return getpid(); }
std::size_t LengthOf(const std::string& text) { return text.size(); }
std::string Text(std::size_t size) { return std::string(size, 'x'); }
int Crash() {
  raise(SIGKILL);
  return 0;
}

// submit(f).result() while nothing else goes on, back to back.
void RoundTrip(benchmark::State& state) {
  ProcessPoolExecutor pool(static_cast<int>(state.range(0)));
  pool.submit(Increment, 0).result();
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(Increment, 1).result());
}
BENCHMARK(RoundTrip)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond)->UseRealTime();

// The same after a pause in which all have gone to sleep.
void RoundTripFromIdle(benchmark::State& state) {
  ProcessPoolExecutor pool(static_cast<int>(state.range(0)));
  pool.submit(Increment, 0).result();
  for (auto _ : state) {
    state.PauseTiming();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    state.ResumeTiming();
    benchmark::DoNotOptimize(pool.submit(Increment, 1).result());
  }
}
BENCHMARK(RoundTripFromIdle)->Arg(1)->Arg(2)->Unit(benchmark::kMicrosecond)->UseRealTime();

void TinyTasks(benchmark::State& state) {
  constexpr int kTasks = 20'000;
  ProcessPoolExecutor pool(2);
  pool.submit(Increment, 0).result();
  std::vector<int> inputs(kTasks, 1);
  const MapOptions options{.chunksize = static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) {
    int sum = 0;
    for (const int n : pool.map(options, Increment, inputs)) sum += n;
    benchmark::DoNotOptimize(sum);
  }
  state.counters["per_task"] = benchmark::Counter(
      kTasks, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(TinyTasks)->Arg(1)->Arg(64)->Arg(0)->Unit(benchmark::kMillisecond)->UseRealTime();

void LargeArgument(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  pool.submit(Increment, 0).result();
  for (auto _ : state) {
    state.PauseTiming();
    std::string text(size, 'x');
    state.ResumeTiming();
    benchmark::DoNotOptimize(pool.submit(LengthOf, std::move(text)).result());
  }
}
BENCHMARK(LargeArgument)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(65536)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void LargeCopiedArgument(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  const std::string text(size, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(LengthOf, text).result());
}
BENCHMARK(LargeCopiedArgument)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(65536)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void LargeResult(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(Text, size).result().size());
}
BENCHMARK(LargeResult)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(65536)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// From no pool to the first result, and to its end.
void WorkerReady(benchmark::State& state) {
  for (auto _ : state) {
    ProcessPoolExecutor pool(1);
    benchmark::DoNotOptimize(pool.submit(Increment, 1).result());
    state.PauseTiming();
    pool.shutdown();
    state.ResumeTiming();
  }
}
BENCHMARK(WorkerReady)->Unit(benchmark::kMillisecond)->UseRealTime();

// From a worker's death to the next task done by its successor.
void Recovery(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  for (auto _ : state) {
    state.PauseTiming();
    const pid_t pid = pool.submit(Pid).result();
    state.ResumeTiming();
    kill(pid, SIGKILL);
    benchmark::DoNotOptimize(pool.submit({.max_retries = 3}, Increment, 1).result());
  }
}
BENCHMARK(Recovery)->Unit(benchmark::kMillisecond)->UseRealTime();

// From a submission that kills its worker to its error.
void CrashOfATask(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(Crash).exception());
}
BENCHMARK(CrashOfATask)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace cohort
