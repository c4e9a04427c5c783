#include "testing/benchmarks/guards/batches.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <semaphore>
#include <string>
#include <thread>
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

// A pool whose only worker does nothing until Open(), and nothing again after HoldUp().
class HeldUpPool {
 public:
  HeldUpPool() { HoldUp(); }
  ~HeldUpPool() { Open(); }

  // Waits until the worker has done all that was submitted before.
  void HoldUp() {
    pool_.post([this] {
      held_up_.release();
      opened_.acquire();
    });
    held_up_.acquire();
    open_ = false;
  }
  void Open() {
    if (!std::exchange(open_, true)) opened_.release();
  }

  ThreadPoolExecutor* operator->() { return &pool_; }

 private:
  bool open_ = true;
  std::binary_semaphore held_up_{0};
  std::binary_semaphore opened_{0};
  ThreadPoolExecutor pool_{1};
};

int One() { return 1; }

// Workers take tasks one by one that last longer than some microseconds; shorter ones, several at a
// time, as they find them.
int OneAfterASleep() {
  std::this_thread::sleep_for(std::chrono::microseconds(20));
  return 1;
}

template <int (*task)()>
std::vector<Future<int>> SubmitAll(HeldUpPool& pool, int tasks) {
  std::vector<Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i) futures.push_back(pool->submit([] { return task(); }));
  return futures;
}

// Tasks that a pool has at a time where it is used again and again. All but the first find memory
// that was used before.
constexpr int kRound = 1'000;

template <int (*task)()>
void SubmitAndGet(HeldUpPool& pool, int tasks) {
  std::vector<Future<int>> futures = SubmitAll<task>(pool, tasks);
  pool.Open();
  // The last one's end is that of all: no other result is waited for.
  futures.back().result();
  int sum = 0;
  for (Future<int>& future : futures) sum += std::move(future).result();
  Expect(sum, tasks);
}

// A task with a future, and its result.
template <int (*task)()>
void Submit(int tasks) {
  HeldUpPool pool;
  for (int i = 0; i < tasks / kRound; ++i) {
    SubmitAndGet<task>(pool, kRound);
    pool.HoldUp();
  }
}

// The same in memory that no task has had before.
void SubmitFirst(int tasks) {
  HeldUpPool pool;
  SubmitAndGet<One>(pool, tasks);
}

// A task without a future.
template <int (*task)()>
void Post(int tasks) {
  int ran = 0;
  HeldUpPool pool;
  for (int i = 0; i < tasks / kRound; ++i) {
    for (int j = 0; j < kRound; ++j) pool->post([&ran] { ran += task(); });
    pool.Open();
    pool.HoldUp();
  }
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

// A named pipe, for as long as this lives.
class ScratchPipe {
 public:
  ScratchPipe() {
    Expect(mkdtemp(folder_.data()) != nullptr, true);
    Expect(mkfifo(path().c_str(), S_IRUSR | S_IWUSR), 0);
  }
  ~ScratchPipe() { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ + "/pipe"; }

 private:
  std::string folder_ = std::filesystem::temp_directory_path() / "cohort_batch_XXXXXX";
};

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

// In a worker process: waits until the parent opens this pipe, too.
int WaitFor(const std::string& pipe) { return std::ifstream(pipe).good() ? 1 : 0; }

// A call in another process, and its result.
void ProcessSubmit(int tasks) {
  const ScratchPipe pipe;
  ProcessPoolExecutor pool(1);
  Future<int> held_up = pool.submit(WaitFor, pipe.path());
  std::vector<Future<int>> futures;
  futures.reserve(static_cast<std::size_t>(tasks));
  for (int i = 0; i < tasks; ++i) futures.push_back(pool.submit(Increment, 0));
  const std::ofstream opened(pipe.path());
  Expect(held_up.result(), 1);
  int sum = 0;
  for (Future<int>& future : futures) sum += std::move(future).result();
  Expect(sum, tasks);
}

}  // namespace

const std::map<std::string, Batch>& Batches() {
  static const auto& batches = *new std::map<std::string, Batch>{
      {"submit", Submit<One>},
      {"submit_first", SubmitFirst},
      {"submit_one_by_one", Submit<OneAfterASleep>},
      {"post", Post<One>},
      {"post_one_by_one", Post<OneAfterASleep>},
      {"map", Map},
      {"then", Then},
      {"as_completed", AsCompleted},
      {"fork_join", ForkJoin},
      {"process_submit", ProcessSubmit},
  };
  return batches;
}

}  // namespace cohort::benchmarks
