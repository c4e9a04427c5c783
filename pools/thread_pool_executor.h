// ThreadPoolExecutor: runs calls on the threads of this process.
//
//   ThreadPoolExecutor pool;                                   // min(32, usable CPUs + 4) threads
//   Future<int> f = pool.submit(count_words, path);
//   for (int words : pool.map(count_words, paths)) total += words;
//
// Threads start when there is work for them, and an idle one is used before a new one starts. Idle
// threads use no CPU. Tasks from outside begin in the order of submission (very short ones, which
// are taken several at a time, nearly so), higher priorities first. A task that a task submits may
// begin before others that came from outside earlier, and one that a task waits for begins at once.
//
// Waiting inside a task, by result(), wait(), as_completed() or a map range, for tasks of the same
// pool never deadlocks, whatever its size: the waiting thread runs the awaited task itself if
// nobody has begun it, or else another thread takes its place. So there may be more threads than
// max_workers, but no more than that many at work, save for a moment after a wait ends. Waiting by
// other means (a mutex, a condition variable, a sleep) keeps a worker busy, as in any pool.
//
// Lifetime: the destructor is shutdown(): it waits for all tasks. Futures outlive the pool. In one
// of its own tasks or callbacks, shutdown and the destructor do not wait (they would wait for
// themselves): the pool accepts nothing more, and its threads end when the queue is empty. In a
// child process made by fork(), a pool of the parent can only be destroyed, which does nothing.
//
// Thread safety: all members may be called from any thread at the same time, but the destructor.
//
// Errors: submit, post and map throw `Error` (a std::runtime_error) after shutdown,
// BrokenThreadPool when the initializer has thrown or no thread could be started.

#ifndef COHORT_POOLS_THREAD_POOL_EXECUTOR_H_
#define COHORT_POOLS_THREAD_POOL_EXECUTOR_H_

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "pools/executor.h"
#include "pools/internal/executor_methods.h"
#include "pools/internal/thread_engine.h"
#include "pools/map.h"
#include "pools/observer.h"

namespace cohort {

inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

struct ThreadPoolOptions {
  // Default: min(32, usable CPUs + 4), where the affinity mask and the quota of the control group
  // say what is usable. Negative: std::invalid_argument.
  int max_workers = 0;

  // Threads are called PREFIX_0, PREFIX_1 ... Linux shows 15 characters: a prefix that is too long
  // is cut, the index never. Default: "ThreadPool-N", where N counts the pools without
  // a prefix from 0.
  std::string thread_name_prefix = {};

  // Called once by each thread, before its first task. When it throws, the pool is broken: every
  // task that has not begun, and each later submit, gets BrokenThreadPool. Default: none.
  std::function<void()> initializer = nullptr;

  // How many tasks may wait in the queue. When there are that many, submit(), post(), map() and the
  // steps of its range wait for room; a shutdown meanwhile makes them throw `Error`. Default:
  // unbounded. 0: std::invalid_argument.
  std::size_t max_queued = unbounded;

  // Told of each task: see observer.h. Default: none.
  std::shared_ptr<Observer> observer = nullptr;
};

class ThreadPoolExecutor : public internal::ExecutorMethods<ThreadPoolExecutor> {
 public:
  explicit ThreadPoolExecutor(int max_workers = 0);
  explicit ThreadPoolExecutor(ThreadPoolOptions options);
  ThreadPoolExecutor(const ThreadPoolExecutor&) = delete;
  ThreadPoolExecutor& operator=(const ThreadPoolExecutor&) = delete;
  ~ThreadPoolExecutor();

  // From ExecutorMethods, the same for every executor:
  //
  //   Future<R> submit(F f, Args... args);
  //   Future<R> submit(TaskOptions options, F f, Args... args);
  //   void post(F f, Args... args);
  //   MapResult<R> map(F f, Ranges&&... ranges);
  //   MapResult<R> map(MapOptions options, F f, Ranges&&... ranges);
  //
  // submit runs f(args...), by std::invoke, on a worker. Callable and arguments are decayed copies,
  // as for std::thread; std::ref gives a reference. They are destroyed as soon as the call is over.
  // A callable that takes a std::stop_token first is given one, which Future::request_stop(),
  // TaskOptions::timeout and a shutdown that cancels signal; a thread is never killed. One that
  // takes anything, as [](auto...) does, is given its arguments alone.
  //
  // post is submit without a future; what the call throws goes to the unobserved-exception hook.
  //
  // map gives the results in the order of the input: see map.h.

  // Accepts nothing more. Waits for all tasks to end and for the threads to be gone, or not;
  // cancels what has not begun and signals the stop tokens of what runs, or not. May be called
  // again, also with other options.
  void shutdown(ShutdownOptions options = {.wait = true, .cancel_futures = false});

  int max_workers() const { return engine_->max_workers(); }
  PoolStats stats() const { return engine_->Stats(); }

 private:
  friend class internal::ExecutorMethods<ThreadPoolExecutor>;

  const std::shared_ptr<internal::ThreadEngine>& engine() const { return engine_; }

  const std::shared_ptr<internal::ThreadEngine> engine_;
};

static_assert(Executor<ThreadPoolExecutor>);

}  // namespace cohort

#endif  // COHORT_POOLS_THREAD_POOL_EXECUTOR_H_
