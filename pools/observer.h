// The seam for tracing: an object that an executor tells of each task.
//
// Nothing is paid for it where none is set: neither clock readings nor memory. Give one to an
// executor's options:
//
//   class Trace : public Observer {
//     void on_finished(const TaskFinished& e) override { log(e.task.name, e.finished - e.started);
//     }
//   };
//   ThreadPoolExecutor pool({.max_workers = 4, .observer = std::make_shared<Trace>()});
//
// Threads: on_queued is called by the submitting thread before the task can begin, the others by
// the worker thread, or, for processes, by a thread of this one when the answer is there;
// on_finished before the result is public. A task that is refused or cancelled after on_queued is
// not heard of again. Calls for different tasks come at the same time. An observer must not throw,
// and should be quick: it stands in the way of the work.

#ifndef COHORT_POOLS_OBSERVER_H_
#define COHORT_POOLS_OBSERVER_H_

#include <chrono>
#include <cstdint>
#include <string_view>

namespace cohort {

struct ObservedTask {
  std::uint64_t id;       // 1, 2, 3 ... in the order of submission to one executor
  std::string_view name;  // TaskOptions::name; good during the call
  std::chrono::steady_clock::time_point queued;  // when submit was called
};

struct TaskStarted {
  ObservedTask task;
  int worker;  // its index, as in the thread's name
  std::chrono::steady_clock::time_point started;
};

enum class TaskOutcome { kSucceeded, kFailed };

struct TaskFinished {
  ObservedTask task;
  int worker;
  std::chrono::steady_clock::time_point started;
  std::chrono::steady_clock::time_point finished;
  TaskOutcome outcome;
};

class Observer {
 public:
  virtual ~Observer() = default;

  virtual void on_queued(const ObservedTask& /*task*/) {}
  virtual void on_started(const TaskStarted& /*event*/) {}
  virtual void on_finished(const TaskFinished& /*event*/) {}
};

}  // namespace cohort

#endif  // COHORT_POOLS_OBSERVER_H_
