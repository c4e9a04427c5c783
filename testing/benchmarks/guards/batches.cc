#include "testing/benchmarks/guards/batches.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <semaphore>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/wait.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"

namespace cohort::benchmarks {
namespace {

void Expect(std::int64_t value, std::int64_t expected) {
  if (value != expected) std::abort();
}

// A pool whose only worker does nothing until Open().
class HeldUpPool {
 public:
  HeldUpPool() {
    pool_.post([this] {
      held_up_.release();
      opened_.acquire();
    });
    held_up_.acquire();
  }
  ~HeldUpPool() { Open(); }

  void Open() {
    if (!std::exchange(open_, true)) opened_.release();
  }

  ThreadPoolExecutor* operator->() { return &pool_; }

 private:
  bool open_ = false;
  std::binary_semaphore held_up_{0};
  std::binary_semaphore opened_{0};
  ThreadPoolExecutor pool_{1};
};

std::vector<Future<int>> SubmitAll(HeldUpPool& pool, int tasks) {
  std::vector<Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i) futures.push_back(pool->submit([] { return 1; }));
  return futures;
}

// A task with a future, and its result.
void Submit(int tasks) {
  HeldUpPool pool;
  std::vector<Future<int>> futures = SubmitAll(pool, tasks);
  pool.Open();
  // The last one's end is that of all: no other result is waited for.
  futures.back().result();
  int sum = 0;
  for (Future<int>& future : futures) sum += std::move(future).result();
  Expect(sum, tasks);
}

// A task without a future.
void Post(int tasks) {
  int ran = 0;
  HeldUpPool pool;
  for (int i = 0; i < tasks; ++i) pool->post([&ran] { ++ran; });
  pool.Open();
  pool->shutdown();
  Expect(ran, tasks);
}

// An element of a map, in chunks of 64.
void Map(int tasks) {
  const std::vector<int> inputs(static_cast<std::size_t>(tasks), 1);
  HeldUpPool pool;
  auto results = pool->map(
      {.chunksize = 64}, [](int n) { return n; }, inputs);
  pool.Open();
  pool->shutdown();
  int sum = 0;
  for (const int result : results) sum += result;
  Expect(sum, tasks);
}

// A link of a chain of continuations.
void Then(int tasks) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < tasks; ++i) {
    last = last.then([](const Future<int>& before) { return before.result() + 1; });
  }
  promise.set_result(0);
  Expect(last.result(), tasks);
}

// A future of those that are done, in an as_completed loop.
void AsCompleted(int tasks) {
  std::vector<Promise<int>> promises(static_cast<std::size_t>(tasks));
  std::vector<Future<int>> futures;
  futures.reserve(promises.size());
  for (Promise<int>& promise : promises) {
    futures.push_back(promise.future());
    promise.set_result(1);
  }
  int sum = 0;
  for (const Future<int>& future : as_completed(futures)) sum += future.result();
  Expect(sum, tasks);
}

std::int64_t SumBelow(ThreadPoolExecutor& pool, int tasks) {
  if (tasks == 0) return 0;
  const int rest = tasks - 1;
  Future<std::int64_t> half = pool.submit(SumBelow, std::ref(pool), rest / 2);
  const std::int64_t other = SumBelow(pool, rest - rest / 2);
  return std::move(half).result() + other + 1;
}

// A task that another one submits and waits for, all on one worker.
void ForkJoin(int tasks) {
  ThreadPoolExecutor pool(1);
  Expect(pool.submit(SumBelow, std::ref(pool), tasks).result(), tasks);
}

int Increment(int n) { return n + 1; }

// A call in another process, and its result.
void ProcessSubmit(int tasks) {
  ProcessPoolExecutor pool(1);
  std::vector<Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(Increment, 0));
  int sum = 0;
  for (Future<int>& future : futures) sum += std::move(future).result();
  Expect(sum, tasks);
}

}  // namespace

const std::map<std::string, Batch>& Batches() {
  static const auto& batches = *new std::map<std::string, Batch>{
      {"submit", Submit},
      {"post", Post},
      {"map", Map},
      {"then", Then},
      {"as_completed", AsCompleted},
      {"fork_join", ForkJoin},
      {"process_submit", ProcessSubmit},
  };
  return batches;
}

}  // namespace cohort::benchmarks
