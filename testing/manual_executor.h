// ManualExecutor: an executor that a unit test steps by hand.
//
// It has the calls of every executor, so that code written against the `Executor` concept can be
// tested without threads and without chance: nothing runs until the test says so, and then on the
// test's own thread, in an order that the test knows.
//
//   ManualExecutor executor;
//   Future<Report> report = build_report(executor, input);    // the code under test submits
//   EXPECT_EQ(executor.pending(), 3);
//   executor.run_one();                                       // the first task, here and now
//   EXPECT_FALSE(report.done());
//   executor.run_all();
//   EXPECT_EQ(report.result().pages, 12);
//
// A wait for a task that has not been run yet would never end on a single thread. On the thread
// that made the executor, result() and the like therefore run the awaited task, and waits for any
// of several (as_completed, wait for the first) run all that is queued, unless
// `WaitPolicy::kRunNothing` is chosen. Waits with a timeout run nothing; they time out.
//
// It must be destroyed by the thread that made it.
//
// The initializer, thread names and the like of other executors have no meaning here. Priorities
// and cancelling do what they do elsewhere. TaskOptions::timeout signals a stop token when the real
// time is over.
//
// Thread safety: tasks may be submitted and cancelled from any thread. Destroyed with tasks in its
// queue, it cancels them: a forgotten step shows as CancelledError, not as a hang.

#ifndef COHORT_TESTING_MANUAL_EXECUTOR_H_
#define COHORT_TESTING_MANUAL_EXECUTOR_H_

#include <cstddef>
#include <memory>

#include "pools/executor.h"
#include "pools/internal/executor_methods.h"
#include "pools/map.h"
#include "testing/internal/manual_engine.h"

namespace cohort {

struct ManualExecutorOptions {
  enum class WaitPolicy {
    kRunAwaited,  // on the making thread, an untimed wait runs what it waits for
    kRunNothing,  // waits only wait: another thread has to step
  };

  WaitPolicy wait_policy = WaitPolicy::kRunAwaited;

  // What max_workers() says, for code under test that asks. Below 1: std::invalid_argument.
  int max_workers = 1;
};

class ManualExecutor : public internal::ExecutorMethods<ManualExecutor> {
 public:
  explicit ManualExecutor(ManualExecutorOptions options = {});
  ManualExecutor(const ManualExecutor&) = delete;
  ManualExecutor& operator=(const ManualExecutor&) = delete;
  ~ManualExecutor();

  // submit, post and map: see ExecutorMethods. All throw `Error` after shutdown.

  // Runs the next task that was not cancelled: the highest priority, and in that the oldest. False
  // when there is none.
  bool run_one();

  // Runs until the queue is empty, also what the tasks submit meanwhile. Returns how many it ran.
  std::size_t run_all();

  // Runs at most that many. Returns how many it ran.
  std::size_t run(std::size_t limit);

  // Tasks that a step could run: queued, and not cancelled.
  std::size_t pending() const;

  // Accepts nothing more. `wait` runs what is queued; `cancel_futures` cancels it instead.
  void shutdown(ShutdownOptions options = {.wait = true, .cancel_futures = false});

  int max_workers() const;
  PoolStats stats() const;

 private:
  friend class internal::ExecutorMethods<ManualExecutor>;

  const std::shared_ptr<internal::ManualEngine>& engine() const { return engine_; }

  const std::shared_ptr<internal::ManualEngine> engine_;
};

static_assert(Executor<ManualExecutor>);

}  // namespace cohort

#endif  // COHORT_TESTING_MANUAL_EXECUTOR_H_
