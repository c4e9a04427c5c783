#include "pools/internal/process_worker.h"

#include <utility>

namespace cohort::internal {

ProcessWorker::Sent ProcessWorker::TakeAnswered(uint64_t sequence) noexcept {
  while (!window_.empty() && window_.front().sequence < sequence &&
         window_.front().job == nullptr) {
    window_.pop_front();
  }
  if (window_.empty() || window_.front().sequence != sequence) return {nullptr, 0};
  const Sent answered = window_.front();
  window_.pop_front();
  if (answered.job != nullptr) Unplace(*answered.job);
  return answered;
}

RemoteJob* ProcessWorker::Announce(uint64_t sequence) noexcept {
  for (Sent& each : window_) {
    if (each.job == nullptr && !each.is_initializer) continue;
    if (each.sequence != sequence || std::exchange(each.is_announced, true)) return nullptr;
    return each.job;
  }
  return nullptr;
}

const ProcessWorker::Sent* ProcessWorker::Oldest() const noexcept {
  for (const Sent& each : window_) {
    if (each.job != nullptr || each.is_initializer) return &each;
  }
  return nullptr;
}

const ProcessWorker::Sent* ProcessWorker::Running() const noexcept {
  const Sent* running = nullptr;
  for (const Sent& each : window_) {
    if (each.job == nullptr && !each.is_initializer) continue;
    if (!process->HasBegun(each.sequence)) break;
    running = &each;
  }
  return running;
}

const ProcessWorker::Sent* ProcessWorker::Find(uint64_t sequence) const noexcept {
  for (const Sent& each : window_) {
    if (each.job != nullptr && each.sequence == sequence) return &each;
  }
  return nullptr;
}

bool ProcessWorker::IsStuck(std::chrono::steady_clock::time_point now,
                            std::chrono::nanoseconds after) noexcept {
  const Sent* const oldest = Oldest();
  const uint64_t at = oldest == nullptr ? 0 : oldest->sequence;
  if (at != seen_at_) {
    seen_at_ = at;
    seen_since_ = now;
  }
  was_stuck_ = at != 0 && now - seen_since_ >= after;
  return was_stuck_;
}

bool ProcessWorker::is_stuck() const noexcept {
  if (!was_stuck_) return false;
  const Sent* const oldest = Oldest();
  return oldest != nullptr && oldest->sequence == seen_at_;
}

bool ProcessWorker::Recall(RemoteJob& job) noexcept {
  if (!process->Recall(job.sequence)) return false;
  for (Sent& each : window_) {
    if (each.job == &job) each.job = nullptr;
  }
  if (is_limited) ++tasks_left;
  Unplace(job);
  return true;
}

RemoteJob* ProcessWorker::RecallLast() noexcept {
  for (auto each = window_.rbegin(); each != window_.rend(); ++each) {
    if (each->job == nullptr) continue;
    RemoteJob* const job = each->job;
    return Recall(*job) ? job : nullptr;
  }
  return nullptr;
}

std::deque<ProcessWorker::Sent> ProcessWorker::TakeAll() noexcept {
  for (const Sent& each : window_) {
    if (each.job != nullptr) Unplace(*each.job);
  }
  return std::exchange(window_, {});
}

}  // namespace cohort::internal
