// What a process pool costs. Run with
//
//   ./bazelw run //pools:process_pool_benchmark
//
// Each line is the median of several runs; docs/benchmarks.md has the peers beside it.

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "ipc/shared_buffer.h"
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

// The same sizes in memory that is shared. First only the way there, of a buffer that is full.
std::byte FirstAndLast(const SharedBuffer& buffer) {
  return buffer.data()[0] ^ buffer.data()[buffer.size() - 1];
}
uint64_t SumOf(const SharedBuffer& buffer) {
  uint64_t sum = 0;
  for (const uint64_t word : buffer.as<uint64_t>()) sum += word;
  return sum;
}
SharedBuffer Filled(std::size_t size) {
  SharedBuffer buffer(size);
  std::memset(buffer.data(), 'x', size);
  return buffer;
}

int64_t PageFaults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

void SharedArgument(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const SharedBuffer buffer = Filled(static_cast<std::size_t>(state.range(0)) << 10);
  pool.submit(FirstAndLast, buffer).result();
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(FirstAndLast, buffer).result());
}
BENCHMARK(SharedArgument)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(65536)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

// Each time a new buffer, filled here and read there. `faults`: new pages in this process, for
// each.
void SharedArgumentFilled(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  for (int i = 0; i < 3; ++i) pool.submit(SumOf, Filled(size)).result();
  const int64_t before = PageFaults();
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(SumOf, Filled(size)).result());
  state.counters["faults"] = benchmark::Counter(static_cast<double>(PageFaults() - before),
                                                benchmark::Counter::kAvgIterations);
}
BENCHMARK(SharedArgumentFilled)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(65536)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// The same without recycling: what new memory costs.
void SharedArgumentFresh(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  SharedBuffer::release_idle();
  SharedBuffer::set_idle_limit(0);
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(SumOf, Filled(size)).result());
  SharedBuffer::set_idle_limit(std::size_t{256} << 20);
}
BENCHMARK(SharedArgumentFresh)
    ->Arg(64)
    ->Arg(1024)
    ->Arg(65536)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Made and filled there, read here.
void SharedResult(benchmark::State& state) {
  ProcessPoolExecutor pool(1);
  const auto size = static_cast<std::size_t>(state.range(0)) << 10;
  for (int i = 0; i < 3; ++i) pool.submit(Filled, size).result();
  for (auto _ : state) benchmark::DoNotOptimize(SumOf(pool.submit(Filled, size).result()));
}
BENCHMARK(SharedResult)
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
