// What the thread pool costs. The work is that of the usual comparisons of thread pools; all
// figures are per task.
//
//   ./bazelw run //pools:thread_pool_benchmark

#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "futures/wait.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

constexpr int kBulk = 1'000'000;

// Wall time per task, of an iteration that has so many.
void CountTasks(benchmark::State& state, int64_t tasks) {
  state.counters["per_task"] =
      benchmark::Counter(static_cast<double>(tasks), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}

// A million tasks with futures from outside, then all results.
void SubmitThenGet(benchmark::State& state) {
  ThreadPoolExecutor pool(static_cast<int>(state.range(0)));
  std::vector<Future<int>> futures;
  futures.reserve(kBulk);
  for (auto _ : state) {
    futures.clear();
    for (int i = 0; i < kBulk; ++i) futures.push_back(pool.submit([i] { return i; }));
    int64_t sum = 0;
    for (const Future<int>& future : futures) sum += future.result();
    benchmark::DoNotOptimize(sum);
  }
  CountTasks(state, kBulk);
}
BENCHMARK(SubmitThenGet)->Arg(1)->Arg(2)->Arg(4)->UseRealTime()->Unit(benchmark::kMillisecond);

// A million calls without futures, until all have run.
void Post(benchmark::State& state) {
  ThreadPoolExecutor pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    std::atomic<int> left{kBulk};
    for (int i = 0; i < kBulk; ++i) {
      pool.post([&left] { left.fetch_sub(1, std::memory_order_acq_rel); });
    }
    while (left.load(std::memory_order_acquire) > 0) std::this_thread::yield();
  }
  CountTasks(state, kBulk);
}
BENCHMARK(Post)->Arg(1)->Arg(2)->Arg(4)->UseRealTime()->Unit(benchmark::kMillisecond);

void FourProducers(benchmark::State& state) {
  ThreadPoolExecutor pool(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    std::vector<std::thread> producers;
    for (int p = 0; p < 4; ++p) {
      producers.emplace_back([&pool] {
        std::vector<Future<int>> futures;
        futures.reserve(kBulk / 4);
        for (int i = 0; i < kBulk / 4; ++i) futures.push_back(pool.submit([i] { return i; }));
        int64_t sum = 0;
        for (const Future<int>& future : futures) sum += future.result();
        benchmark::DoNotOptimize(sum);
      });
    }
    for (std::thread& producer : producers) producer.join();
  }
  CountTasks(state, kBulk);
}
BENCHMARK(FourProducers)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

// One task at a time through an idle pool.
void RoundTrip(benchmark::State& state) {
  ThreadPoolExecutor pool(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit([] { return 1; }).result());
}
BENCHMARK(RoundTrip)->Arg(1)->Arg(2)->UseRealTime();

int64_t Fib(ThreadPoolExecutor& pool, int n) {
  if (n < 2) return n;
  Future<int64_t> one = pool.submit(Fib, std::ref(pool), n - 1);
  const int64_t two = Fib(pool, n - 2);
  return std::move(one).result() + two;
}

// Fork and join: a task for each addition.
void ForkJoin(benchmark::State& state) {
  ThreadPoolExecutor pool(static_cast<int>(state.range(0)));
  constexpr int kN = 27;
  for (auto _ : state) benchmark::DoNotOptimize(pool.submit(Fib, std::ref(pool), kN).result());
  CountTasks(state, 317'810);  // the spawns of Fib(27)
}
BENCHMARK(ForkJoin)->Arg(1)->Arg(2)->Arg(4)->UseRealTime()->Unit(benchmark::kMillisecond);

double Cheap(double x) { return std::sin(x) * std::exp(-x); }

// 0 workers: a plain loop.
void MapCheapElements(benchmark::State& state) {
  constexpr int kElements = 10'000'000;
  std::vector<double> inputs(kElements);
  std::iota(inputs.begin(), inputs.end(), 0.0);
  for (double& input : inputs) input /= kElements;
  const auto workers = static_cast<int>(state.range(0));
  ThreadPoolExecutor pool(workers);
  for (auto _ : state) {
    double sum = 0;
    if (workers == 0) {
      for (const double input : inputs) sum += Cheap(input);
    } else {
      for (const double result : pool.map({.chunksize = 0}, Cheap, inputs)) sum += result;
    }
    benchmark::DoNotOptimize(sum);
  }
  CountTasks(state, kElements);
}
BENCHMARK(MapCheapElements)->Arg(0)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void AsCompletedAndWait(benchmark::State& state) {
  ThreadPoolExecutor pool(2);
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Future<int>> futures;
    futures.reserve(kBulk);
    for (int i = 0; i < kBulk; ++i) futures.push_back(pool.submit([i] { return i; }));
    wait(futures);
    state.ResumeTiming();
    int64_t sum = 0;
    for (const Future<int>& future : as_completed(futures)) sum += future.result();
    benchmark::DoNotOptimize(sum);
    benchmark::DoNotOptimize(wait(futures));
  }
  CountTasks(state, 2 * kBulk);
}
BENCHMARK(AsCompletedAndWait)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cohort
