#include "pools/internal/timer_queue.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <csignal>
#include <limits>

#include "futures/internal/blocking.h"
#include "futures/internal/futex.h"

namespace cohort::internal {
namespace {

constexpr int kAll = std::numeric_limits<int>::max();

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

// Of a thread that calls functions.
class TimerQueue::Waits final : public WaitScheduler {
 public:
  explicit Waits(TimerQueue& timers) : timers_(timers) { Current() = this; }
  ~Waits() { Current() = nullptr; }
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  bool RunAwaited(CoreBase& /*awaited*/) override { return false; }
  void BeginBlocking(Deadline /*deadline*/) override {
    const std::lock_guard lock(timers_.mutex_);
    if (!timers_.closed_ && timers_.threads_.size() == timers_.blocked_ + 1) timers_.StartThread();
    ++timers_.blocked_;
  }
  void EndBlocking() noexcept override {
    const std::lock_guard lock(timers_.mutex_);
    --timers_.blocked_;
  }

 private:
  TimerQueue& timers_;
};

TimerQueue::~TimerQueue() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changes_.fetch_add(1, std::memory_order_release);
  FutexWake(&changes_, kAll);
  for (std::thread& thread : threads_) thread.join();
  JoinLeft();
}

TimerQueue::Id TimerQueue::Add(Deadline when, std::function<void()> function) {
  const std::lock_guard lock(mutex_);
  if (threads_.empty()) StartThread();
  const Id id(when.nanoseconds(), ++last_);
  const auto added = timers_.emplace(id, std::move(function)).first;
  if (added == timers_.begin()) WakeThread();
  return id;
}

bool TimerQueue::Remove(Id id) {
  Timers::node_type removed;  // destroyed without the lock: what it holds may use this queue
  const std::lock_guard lock(mutex_);
  removed = timers_.extract(id);
  return !removed.empty();
}

void TimerQueue::WakeThread() noexcept {
  changes_.fetch_add(1, std::memory_order_release);
  FutexWake(&changes_, 1);
}

// Under the lock.
void TimerQueue::StartThread() {
  JoinLeft();
  const auto own = threads_.emplace(threads_.end());
  try {
    *own = std::thread([this, own] { Run(own); });
  } catch (...) {
    threads_.erase(own);
    throw;
  }
}

void TimerQueue::JoinLeft() {
  for (std::thread& thread : left_) thread.join();
  left_.clear();
}

void TimerQueue::Run(std::list<std::thread>::iterator own) {
  SetUpThread();
  const Waits waits(*this);
  std::unique_lock lock(mutex_);
  while (!closed_) {
    // One that took the place of another, which is back.
    if (threads_.size() > blocked_ + 1) {
      left_.splice(left_.end(), threads_, own);
      WakeThread();
      return;
    }
    JoinLeft();
    if (CallNext(lock)) continue;
    // Read under the lock: a later change ends the sleep at once.
    const uint32_t changes = changes_.load(std::memory_order_acquire);
    const Deadline next =
        timers_.empty() ? Deadline::never() : Deadline::at(timers_.begin()->first.first);
    lock.unlock();
    FutexWait(&changes_, changes, next);
    lock.lock();
  }
}

// False: nothing is due.
bool TimerQueue::CallNext(std::unique_lock<std::mutex>& lock) {
  if (timers_.empty()) return false;
  const Deadline next = Deadline::at(timers_.begin()->first.first);
  if (next.is_never() || !next.has_passed()) return false;
  {
    const auto due = timers_.extract(timers_.begin());
    lock.unlock();
    due.mapped()();
  }
  lock.lock();
  return true;
}

}  // namespace cohort::internal
