#include "testing/internal/manual_engine.h"

#include "futures/errors.h"

namespace cohort::internal {

ManualEngine::~ManualEngine() { Unregister(); }

void ManualEngine::Schedule(Runnable& task, int priority) {
  const std::lock_guard lock(mutex_);
  if (closed_) throw Error("submit: cannot schedule new tasks after shutdown");
  tasks_[priority].push_back(&task);
  ++stats_.queued;
}

Runnable* ManualEngine::Pop() {
  const std::lock_guard lock(mutex_);
  const auto highest = tasks_.begin();
  if (highest == tasks_.end()) return nullptr;
  Runnable* const task = highest->second.front();
  highest->second.pop_front();
  if (highest->second.empty()) tasks_.erase(highest);
  return task;
}

bool ManualEngine::RunOne() {
  while (Runnable* const task = Pop()) {
    const bool begun = task->Begin();
    if (begun) Run(*task);
    task->Drop();
    if (begun) return true;
  }
  return false;
}

void ManualEngine::Run(Runnable& task) {
  {
    const std::lock_guard lock(mutex_);
    --stats_.queued;
    ++stats_.running;
  }
  const CoreState outcome = task.Invoke();
  {
    const std::lock_guard lock(mutex_);
    --stats_.running;
    ++(outcome == CoreState::kValue ? stats_.succeeded : stats_.failed);
  }
  if (task.Complete(outcome)) task.Settle();
}

// Its entry stays in the queue, and is dropped when a step comes across it.
bool ManualEngine::RunAwaited(CoreBase& awaited) {
  if (awaited.executor_id() != id() || !awaited.Begin()) return false;
  Run(awaited);
  return true;
}

void ManualEngine::OnCancelled() noexcept {
  const std::lock_guard lock(mutex_);
  --stats_.queued;
  ++stats_.cancelled;
}

void ManualEngine::Shutdown(ShutdownOptions options) {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  if (options.cancel_futures) {
    stop_source_.request_stop();
    while (Runnable* const task = Pop()) {
      task->Discard();
      task->Drop();
    }
  }
  if (options.wait) {
    while (RunOne()) {
    }
  }
}

PoolStats ManualEngine::Stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace cohort::internal
