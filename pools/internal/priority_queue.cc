#include "pools/internal/priority_queue.h"

namespace cohort::internal {

bool PriorityQueue::Push(Runnable& task, int priority) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  auto& equals = tasks_[priority];
  try {
    equals.push_back(&task);
  } catch (...) {
    if (equals.empty()) tasks_.erase(priority);
    throw;
  }
  if (priority > 0) urgent_.fetch_add(1, std::memory_order_relaxed);
  pushes_.fetch_add(1, std::memory_order_relaxed);
  size_.fetch_add(1, std::memory_order_seq_cst);
  return true;
}

Runnable* PriorityQueue::Pop(int at_least) noexcept {
  const std::lock_guard lock(mutex_);
  const auto highest = tasks_.begin();
  if (highest == tasks_.end() || highest->first < at_least) return nullptr;
  Runnable* const task = highest->second.front();
  highest->second.pop_front();
  if (highest->first > 0) urgent_.fetch_sub(1, std::memory_order_relaxed);
  if (highest->second.empty()) tasks_.erase(highest);
  size_.fetch_sub(1, std::memory_order_seq_cst);
  return task;
}

void PriorityQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
}

}  // namespace cohort::internal
