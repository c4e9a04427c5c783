// What a future costs by itself, without an executor.
//
//   ./bazelw run //futures:future_benchmark

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "benchmark/benchmark.h"
#include "futures/combinators.h"
#include "futures/coroutine.h"
#include "futures/future.h"
#include "futures/internal/distinct.h"
#include "futures/wait.h"

namespace {

thread_local int64_t allocations = 0;
thread_local int64_t allocated_bytes = 0;

void* CountedAllocate(std::size_t size) {
  ++allocations;
  allocated_bytes += static_cast<int64_t>(size);
  void* const block = std::malloc(size);
  if (block == nullptr) std::abort();
  return block;
}

}  // namespace

void* operator new(std::size_t size) { return CountedAllocate(size); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

namespace cohort {
namespace {

// Reports what one iteration allocates.
class AllocationCounter {
 public:
  explicit AllocationCounter(benchmark::State& state)
      : state_(state), allocations_(allocations), bytes_(allocated_bytes) {}
  ~AllocationCounter() {
    const auto per_iteration = benchmark::Counter::kAvgIterations;
    state_.counters["allocs"] =
        benchmark::Counter(static_cast<double>(allocations - allocations_), per_iteration);
    state_.counters["bytes"] =
        benchmark::Counter(static_cast<double>(allocated_bytes - bytes_), per_iteration);
  }

 private:
  benchmark::State& state_;
  const int64_t allocations_;
  const int64_t bytes_;
};

// --- one thread: make, complete, read

void BM_RoundTrip(benchmark::State& state) {
  const AllocationCounter counter(state);
  for (auto _ : state) {
    Promise<int> promise;
    Future<int> future = promise.future();
    promise.set_result(1);
    benchmark::DoNotOptimize(std::move(future).result());
  }
}
BENCHMARK(BM_RoundTrip);

void BM_RoundTripStd(benchmark::State& state) {
  const AllocationCounter counter(state);
  for (auto _ : state) {
    std::promise<int> promise;
    std::future<int> future = promise.get_future();
    promise.set_value(1);
    benchmark::DoNotOptimize(future.get());
  }
}
BENCHMARK(BM_RoundTripStd);

// The usual alternative, without callbacks, exceptions or cancellation.
struct LockedState {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<int> value;
};

void BM_RoundTripMutexAndCondvar(benchmark::State& state) {
  const AllocationCounter counter(state);
  for (auto _ : state) {
    const auto shared = std::make_shared<LockedState>();
    const std::shared_ptr<LockedState> reader = shared;
    {
      const std::lock_guard lock(shared->mutex);
      shared->value = 1;
      shared->done.notify_all();
    }
    std::unique_lock lock(reader->mutex);
    reader->done.wait(lock, [&] { return reader->value.has_value(); });
    benchmark::DoNotOptimize(*reader->value);
  }
}
BENCHMARK(BM_RoundTripMutexAndCondvar);

void BM_DoneCallback(benchmark::State& state) {
  const AllocationCounter counter(state);
  int calls = 0;
  for (auto _ : state) {
    Promise<int> promise;
    promise.future().add_done_callback([&](const Future<int>&) { ++calls; });
    promise.set_result(1);
  }
  benchmark::DoNotOptimize(calls);
}
BENCHMARK(BM_DoneCallback);

// --- two threads: each answer wakes the other side

void BM_PingPong(benchmark::State& state) {
  struct Round {
    Promise<int> ping, pong;
  };
  std::vector<Round> rounds(10'000);
  for (auto _ : state) {
    state.PauseTiming();
    rounds = std::vector<Round>(rounds.size());
    std::jthread other([&] {
      for (Round& round : rounds) {
        round.ping.future().result();
        round.pong.set_result(1);
      }
    });
    state.ResumeTiming();
    for (Round& round : rounds) {
      const Future<int> pong = round.pong.future();
      round.ping.set_result(1);
      benchmark::DoNotOptimize(pong.result());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(rounds.size()));
}
BENCHMARK(BM_PingPong)->UseRealTime();

// --- chains; items are links

void BM_ThenChain(benchmark::State& state) {
  for (auto _ : state) {
    Promise<int64_t> promise;
    Future<int64_t> last = promise.future();
    for (int64_t i = 0; i < state.range(0); ++i) {
      last = last.then([](const Future<int64_t>& f) { return f.result() + 1; });
    }
    promise.set_result(0);
    benchmark::DoNotOptimize(last.result());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ThenChain)->Arg(1)->Arg(100)->Arg(100'000);

Task<int64_t> Increment(Future<int64_t> before) { co_return co_await before + 1; }

void BM_CoroutineChain(benchmark::State& state) {
  for (auto _ : state) {
    Promise<int64_t> promise;
    Future<int64_t> last = promise.future();
    for (int64_t i = 0; i < state.range(0); ++i) last = Increment(std::move(last)).start();
    promise.set_result(0);
    benchmark::DoNotOptimize(last.result());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_CoroutineChain)->Arg(100)->Arg(100'000);

// --- many futures at once; items are futures

enum Completion { kBefore, kMeanwhile };

struct Batch {
  explicit Batch(int64_t count) : promises(static_cast<std::size_t>(count)) {
    for (const Promise<int>& promise : promises) futures.push_back(promise.future());
  }
  void CompleteAll() {
    for (Promise<int>& promise : promises) promise.set_result(1);
  }

  std::vector<Promise<int>> promises;
  std::vector<Future<int>> futures;
};

template <typename F>
void RunBatches(benchmark::State& state, Completion completion, F consume) {
  for (auto _ : state) {
    state.PauseTiming();
    {
      Batch batch(state.range(0));
      std::jthread completing;
      if (completion == kBefore) {
        batch.CompleteAll();
      } else {
        completing = std::jthread([&] { batch.CompleteAll(); });
      }
      state.ResumeTiming();
      consume(batch.futures);
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void BM_Wait(benchmark::State& state, Completion completion, ReturnWhen when) {
  RunBatches(state, completion, [when](const std::vector<Future<int>>& futures) {
    benchmark::DoNotOptimize(wait(futures, {.return_when = when}).done.size());
  });
}
BENCHMARK_CAPTURE(BM_Wait, all_done, kBefore, ALL_COMPLETED)->Arg(1'000'000)->UseRealTime();
BENCHMARK_CAPTURE(BM_Wait, all_pending, kMeanwhile, ALL_COMPLETED)->Arg(1'000'000)->UseRealTime();
BENCHMARK_CAPTURE(BM_Wait, exception_pending, kMeanwhile, FIRST_EXCEPTION)
    ->Arg(1'000'000)
    ->UseRealTime();

void BM_AsCompleted(benchmark::State& state, Completion completion) {
  RunBatches(state, completion, [](const std::vector<Future<int>>& futures) {
    int sum = 0;
    for (const Future<int>& f : as_completed(futures)) sum += f.result();
    benchmark::DoNotOptimize(sum);
  });
}
BENCHMARK_CAPTURE(BM_AsCompleted, done, kBefore)->Arg(1'000'000)->UseRealTime();
BENCHMARK_CAPTURE(BM_AsCompleted, pending, kMeanwhile)->Arg(1'000'000)->UseRealTime();

void BM_WhenAll(benchmark::State& state) {
  RunBatches(state, kMeanwhile, [](const std::vector<Future<int>>& futures) {
    const auto all = when_all(futures);
    benchmark::DoNotOptimize(all.result().size());
  });
}
BENCHMARK(BM_WhenAll)->Arg(1'000'000)->UseRealTime();

// --- finding duplicates: by a table, and by the check that most lists pass; items are futures

std::vector<const void*> IdentitiesOf(const Batch& batch) {
  std::vector<const void*> identities;
  for (const Future<int>& future : batch.futures) {
    identities.push_back(&internal::FutureAccess::CoreOf(future, ""));
  }
  return identities;
}

void BM_DuplicatesByTable(benchmark::State& state) {
  const Batch batch(state.range(0));
  const std::vector<const void*> identities = IdentitiesOf(batch);
  for (auto _ : state) {
    absl::flat_hash_set<const void*> seen;
    seen.reserve(identities.size());
    for (const void* each : identities) benchmark::DoNotOptimize(seen.insert(each));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_DuplicatesByTable)->Arg(1'000'000);

void BM_DuplicatesByRegion(benchmark::State& state) {
  const Batch batch(state.range(0));
  const std::vector<const void*> identities = IdentitiesOf(batch);
  for (auto _ : state) {
    internal::SeenObjects seen;
    for (const void* each : identities) benchmark::DoNotOptimize(seen.Insert(each));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_DuplicatesByRegion)->Arg(1'000'000);

}  // namespace
}  // namespace cohort

BENCHMARK_MAIN();
