// From a callable and its arguments to a task in an executor's queue: the same for all executors.
//
// An `Engine` is what stands behind an executor's handle:
//
//   uint32_t id();                            // see RegisteredExecutor
//   void Schedule(Runnable&, int priority);   // takes over the queue's reference, or throws
//   std::unique_ptr<TaskRecord> NewRecord(std::string_view name);  // null: nobody observes
//   std::stop_token stop_token();             // signalled when what runs is to end
//   TimerQueue* timers();
//   int max_workers() const;

#ifndef COHORT_POOLS_INTERNAL_SUBMIT_H_
#define COHORT_POOLS_INTERNAL_SUBMIT_H_

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "futures/future.h"
#include "pools/executor.h"
#include "pools/internal/task.h"

namespace cohort::internal {

// An engine that runs its tasks elsewhere says with `using Calls` how they get there: Calls has
// Submit and Post as below, and MapCalls, as LocalMapCalls in map_calls.h.
template <typename Engine>
concept HasOwnCalls = requires {
  typename Engine::Calls;
};

[[noreturn]] inline void ThrowNegativeRetries(int max_retries) {
  throw std::invalid_argument("TaskOptions::max_retries must be 0 or more, not " +
                              std::to_string(max_retries));
}

inline void Check(const TaskOptions& options) {
  if (options.max_retries < 0) [[unlikely]]
    ThrowNegativeRetries(options.max_retries);
}

// Gives the task to the engine. Where that throws, nothing of the task is left.
template <typename R, typename Engine, typename Node>
Future<R> ScheduleWithFuture(Engine& engine, int priority, Node* node) {
  Future<R> future = FutureAccess::Make(CoreRef<Core<R>>(node));
  CoreRef<Core<R>> queued(node);
  engine.Schedule(*node, priority);
  queued.release();
  return future;
}

template <typename Engine, typename F, typename... Args>
auto Submit(Engine& engine, const TaskOptions& options, F&& function, Args&&... arguments)
    -> Future<TaskResult<std::decay_t<F>, std::decay_t<Args>...>> {
  using Function = std::decay_t<F>;
  using R = TaskResult<Function, std::decay_t<Args>...>;
  auto record = engine.NewRecord(options.name);
  if constexpr (kTakesStopToken<Function, std::decay_t<Args>...>) {
    StopSignals signals{engine.stop_token(), options.timeout,
                        options.timeout.is_forever() ? nullptr : engine.timers()};
    using Node = StoppableFutureTask<R, StoppableCall<Function, std::decay_t<Args>...>>;
    return ScheduleWithFuture<R>(
        engine, options.priority,
        new Node(engine.id(), std::move(record), std::move(signals), std::stop_source(),
                 std::forward<F>(function), std::forward<Args>(arguments)...));
  } else {
    using Node = FutureTask<R, PlainCall<Function, std::decay_t<Args>...>>;
    return ScheduleWithFuture<R>(engine, options.priority,
                                 new Node(engine.id(), std::move(record), std::forward<F>(function),
                                          std::forward<Args>(arguments)...));
  }
}

template <typename Engine, typename F, typename... Args>
void Post(Engine& engine, F&& function, Args&&... arguments) {
  using Function = std::decay_t<F>;
  const auto schedule = [&](auto* node) {
    const auto drop = [](Runnable* task) { task->Drop(); };
    std::unique_ptr<Runnable, decltype(drop)> task(node, drop);
    engine.Schedule(*task, 0);
    static_cast<void>(task.release());
  };
  auto record = engine.NewRecord({});
  if constexpr (kTakesStopToken<Function, std::decay_t<Args>...>) {
    schedule(new PostedTask<StoppableCall<Function, std::decay_t<Args>...>>(
        engine.id(), std::move(record),
        StopSignals{engine.stop_token(), Timeout::forever(), nullptr}, std::stop_source(),
        std::forward<F>(function), std::forward<Args>(arguments)...));
  } else {
    schedule(new PostedTask<PlainCall<Function, std::decay_t<Args>...>>(
        engine.id(), std::move(record), std::forward<F>(function),
        std::forward<Args>(arguments)...));
  }
}

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_SUBMIT_H_
