// ProcessPoolExecutor: runs calls in other processes of this program.
//
//   ProcessPoolExecutor pool;                                  // a process for each usable CPU
//   Future<int> f = pool.submit(count_words, path);
//   for (int words : pool.map(count_words, paths)) total += words;
//
// The same calls as ThreadPoolExecutor's, and nothing else to do: no registration, no macro, no
// call in main(). What a process gives beyond a thread: a task that crashes costs one task
// (WorkerDied); one that runs away can be ended (TaskOptions::timeout, Future::request_stop);
// memory and the operating system can be rationed (worker_memory_limit, sandbox).
//
// What crosses. The callable is a function, a pointer to one or to a member function, a lambda
// without captures, or a function object of plain data. Arguments and results are values: see
// ipc/codec.h for the types. A capturing lambda, a pointer or a reference inside an argument is
// refused when compiled. std::string_view and std::span arguments are views of the message for the
// time of the call. Large data crosses without a copy in a SharedBuffer (ipc/shared_buffer.h).
// Exceptions arrive as in ipc/exception.h.
//
// Workers start when there is work for them (about a millisecond each), and an idle one is used
// before a new one starts. They are started as this program: its static objects are made in them
// too, its main() is not entered. A worker that dies is replaced; only the task that it had begun
// fails, or is run again (TaskOptions::max_retries). Tasks begin in the order of submission, higher
// priorities first. Nothing outlives the pool: no process, no file, no memory; also when this
// process is killed with SIGKILL.
//
// A task's future is running() once the worker has begun it; until then cancel() takes it back.
// request_stop(), and TaskOptions::timeout counted from the begin, signal the task's
// std::stop_token where it takes one; when it goes on for `grace` after that, or takes none, its
// process is killed, and the future gets CancelledError or TimeoutError.
//
// Callbacks of futures run on a thread of the pool that does nothing else: a slow one holds up
// other callbacks, never a task.
//
// Lifetime: the destructor is shutdown(): it waits for all tasks. Futures outlive the pool. In one
// of its own callbacks, shutdown and the destructor do not wait. In a child process made by fork(),
// a pool of the parent can only be destroyed, which does nothing.
//
// Thread safety: all members may be called from any thread at the same time, but the destructor.
//
// Errors: submit, post and map throw `Error` (a std::runtime_error) after shutdown,
// BrokenProcessPool when the initializer has failed or no process could be started. An argument
// that could not be encoded is its future's error.

#ifndef COHORT_POOLS_PROCESS_POOL_EXECUTOR_H_
#define COHORT_POOLS_PROCESS_POOL_EXECUTOR_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/timeout.h"
#include "ipc/exception.h"
#include "ipc/sandbox.h"
#include "pools/executor.h"
#include "pools/internal/executor_methods.h"
#include "pools/internal/process_engine.h"
#include "pools/internal/remote_calls.h"
#include "pools/map.h"
#include "pools/observer.h"

namespace cohort {

// A call that each worker makes before its first task: see initializer().
class Initializer {
 public:
  Initializer() = default;

  explicit operator bool() const noexcept { return message_ != nullptr; }

 private:
  template <typename F, typename... Args>
  friend Initializer initializer(F&& function, Args&&... args);
  friend class ProcessPoolExecutor;

  explicit Initializer(std::shared_ptr<const ipc::Message> message)
      : message_(std::move(message)) {}

  std::shared_ptr<const ipc::Message> message_;
};

// f(args...), encoded here and now. Throws what encoding the arguments throws.
template <typename F, typename... Args>
Initializer initializer(F&& function, Args&&... args) {
  using Call = internal::RemoteCall<std::decay_t<F>, internal::RemoteArgumentOf<Args&&>...>;
  Call::Check();
  const auto message = std::make_shared<ipc::Message>();
  Call::Encode(*message, function, std::forward<Args>(args)...);
  return Initializer(message);
}

struct ProcessPoolOptions {
  // Default: usable CPUs, by the affinity mask and the quota of the control group. Negative:
  // std::invalid_argument.
  int max_workers = 0;

  // A worker is replaced after so many tasks. 0: never. Negative: std::invalid_argument.
  int max_tasks_per_child = 0;

  // Run by each worker before its first task. When it throws or ends the process, the pool is
  // broken: every future that is not done, and each later submit, gets BrokenProcessPool.
  Initializer initializer = {};

  // Bytes of private memory that a worker may have (heap, stacks, static data). Over it, an
  // allocation throws std::bad_alloc, and so the task fails, if it does not catch that. 0: no
  // limit.
  std::size_t worker_memory_limit = 0;

  // Bytes that the answer to one task, its result or its exception as a message, may have. Checked
  // before this process takes memory for it: a worker that was taken over could claim any size.
  // Over it the worker is killed and replaced, and the task that it ran fails with WorkerDied, as
  // do those that it has begun since. What a SharedBuffer holds is the worker's memory and not
  // counted. 0: no limit.
  std::size_t max_answer_bytes = 0;

  // What workers may do: see ipc/sandbox.h.
  Sandbox sandbox = Sandbox::none();

  // Between the signal of a stop token and the end by force. Default: half a second.
  Timeout grace = std::chrono::milliseconds(500);

  // Told of each task: see observer.h; on_started and on_finished one after the other, when the
  // answer is there. Default: none.
  std::shared_ptr<Observer> observer = nullptr;
};

class ProcessPoolExecutor : public internal::ExecutorMethods<ProcessPoolExecutor> {
 public:
  explicit ProcessPoolExecutor(int max_workers = 0);
  explicit ProcessPoolExecutor(ProcessPoolOptions options);
  ProcessPoolExecutor(const ProcessPoolExecutor&) = delete;
  ProcessPoolExecutor& operator=(const ProcessPoolExecutor&) = delete;
  ~ProcessPoolExecutor();

  // From ExecutorMethods, the same for every executor:
  //
  //   Future<R> submit(F f, Args... args);
  //   Future<R> submit(TaskOptions options, F f, Args... args);
  //   void post(F f, Args... args);
  //   MapResult<R> map(F f, Ranges&&... ranges);
  //   MapResult<R> map(MapOptions options, F f, Ranges&&... ranges);
  //
  // submit runs f(args...), by std::invoke, in a worker. Large arguments that are given away
  // (std::move) are not copied on their way into the message.

  // Accepts nothing more. Waits for all tasks to end and for the workers to be gone, or not;
  // cancels what has not begun and signals the stop tokens of what runs, or not. May be called
  // again, also with other options.
  void shutdown(ShutdownOptions options = {.wait = true, .cancel_futures = false});

  // Shuts down without waiting, cancels what has not begun, and sends SIGTERM or SIGKILL to all
  // workers: what runs gets WorkerDied.
  void terminate_workers();
  void kill_workers();

  int max_workers() const { return engine_->max_workers(); }
  PoolStats stats() const { return engine_->Stats(); }

  // The processes that there are at the moment, for tools that show or limit them.
  std::vector<pid_t> worker_pids() const { return engine_->WorkerPids(); }

 private:
  friend class internal::ExecutorMethods<ProcessPoolExecutor>;

  const std::shared_ptr<internal::ProcessEngine>& engine() const { return engine_; }

  static internal::ProcessEngineOptions Checked(ProcessPoolOptions options);

  const std::shared_ptr<internal::ProcessEngine> engine_;
};

static_assert(Executor<ProcessPoolExecutor>);

}  // namespace cohort

#endif  // COHORT_POOLS_PROCESS_POOL_EXECUTOR_H_
