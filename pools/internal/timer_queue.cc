#include "pools/internal/timer_queue.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <csignal>

#include "futures/internal/futex.h"

namespace cohort::internal {

TimerQueue::~TimerQueue() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  WakeThread();
  if (thread_.joinable()) thread_.join();
}

TimerQueue::Id TimerQueue::Add(Deadline when, std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  if (!thread_.joinable()) thread_ = std::thread(&TimerQueue::Run, this);
  const Id id(when.nanoseconds(), ++last_);
  const auto added = timers_.emplace(id, std::move(function)).first;
  if (added == timers_.begin()) WakeThread();
  return id;
}

bool TimerQueue::Remove(Id id) {
  const std::lock_guard lock(mutex_);
  return timers_.erase(id) > 0;
}

void TimerQueue::WakeThread() noexcept {
  changes_.fetch_add(1, std::memory_order_release);
  FutexWake(&changes_, 1);
}

namespace {

// The thread leaves signals to the program's own threads, and is woken when it asked to be: by
// default the kernel may be 50 us late, to spare the processor.
void SetUpThread() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "cohort_timer");
  prctl(PR_SET_TIMERSLACK, 1UL);
}

}  // namespace

void TimerQueue::Run() {
  SetUpThread();
  std::unique_lock lock(mutex_);
  while (!closed_) {
    // Read under the lock: a later change ends the sleep at once.
    const uint32_t changes = changes_.load(std::memory_order_acquire);
    const Deadline next =
        timers_.empty() ? Deadline::never() : Deadline::at(timers_.begin()->first.first);
    if (!next.is_never() && next.has_passed()) {
      const auto due = timers_.extract(timers_.begin());
      lock.unlock();
      due.mapped()();
      lock.lock();
      continue;
    }
    lock.unlock();
    FutexWait(&changes_, changes, next);
    lock.lock();
  }
}

}  // namespace cohort::internal
