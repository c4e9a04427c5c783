#include "pools/internal/thread_engine.h"

#include <sched.h>

#include <algorithm>
#include <utility>

#include "futures/errors.h"
#include "futures/internal/log.h"
#include "futures/internal/node_memory.h"
#include "pools/internal/fork_generation.h"
#include "pools/internal/no_room_wait.h"
#include "pools/internal/thread_worker.h"
#include "pools/internal/usable_cpus.h"

namespace cohort::internal {
namespace {

int ProcessorsOfThisProcess() {
  static const int processors = UsableCpus();
  return processors;
}

}  // namespace

ThreadEngine::ThreadEngine(ThreadEngineOptions options)
    : options_(std::move(options)),
      processors_(ProcessorsOfThisProcess()),
      fork_generation_(ForkGeneration()),
      workers_(std::make_unique<WorkerTable>()) {}

ThreadEngine::~ThreadEngine() {
  Unregister();
  NodeMemory::Trim();
}

bool ThreadEngine::InForkedChild() const noexcept { return fork_generation_ != ForkGeneration(); }

// Submitting.

void ThreadEngine::Schedule(Runnable& task, int priority) {
  if (InForkedChild()) [[unlikely]] {
    throw Error("submit: the pool belongs to the parent process; make one in the child");
  }
  if (options_.max_queued != 0) AwaitRoom();
  if (options_.observer != nullptr) {
    if (const TaskRecord* const record = task.record()) {
      options_.observer->on_queued(record->Observed());
    }
  }
  bool accepted = false;
  try {
    accepted = Enqueue(task, priority);
  } catch (...) {
    GiveRoom();
    throw;
  }
  if (!accepted) {
    GiveRoom();
    ThrowRefusal();
  }
  Notify();
}

bool ThreadEngine::Enqueue(Runnable& task, int priority) {
  if (closed_.load(std::memory_order_acquire)) return false;
  if (priority != 0) return prioritized_.Push(task, priority);
  if (Worker* const worker = Worker::CurrentOf(*this)) {
    worker->Push(task);
    return true;
  }
  return injected_.Push(task);
}

void ThreadEngine::ThrowRefusal() const {
  const std::lock_guard lock(state_mutex_);
  if (!broken_.empty()) throw BrokenThreadPool(broken_);
  throw Error("submit: cannot schedule new tasks after shutdown");
}

std::unique_ptr<TaskRecord> ThreadEngine::MakeRecord(std::string_view name) {
  return std::make_unique<TaskRecord>(
      TaskRecord{record_ids_.fetch_add(1, std::memory_order_relaxed) + 1, std::string(name),
                 std::chrono::steady_clock::now()});
}

void ThreadEngine::OnCancelled() noexcept {
  cancelled_.fetch_add(1, std::memory_order_relaxed);
  GiveRoom();
}

// A wait in one of the pool's own tasks is made up for by another thread, as any wait is.
void ThreadEngine::AwaitRoom() {
  std::unique_lock lock(room_mutex_);
  const auto has_room = [this] {
    return room_used_ < options_.max_queued || closed_.load(std::memory_order_relaxed) ||
           NoRoomWait::IsActive();
  };
  if (!has_room()) {
    lock.unlock();
    const BlockingScope blocking(Deadline::never());
    lock.lock();
    room_freed_.wait(lock, has_room);
  }
  if (closed_.load(std::memory_order_relaxed)) {
    lock.unlock();
    ThrowRefusal();
  }
  ++room_used_;
}

void ThreadEngine::GiveRoom() noexcept {
  if (options_.max_queued == 0) [[likely]]
    return;
  {
    const std::lock_guard lock(room_mutex_);
    --room_used_;
  }
  room_freed_.notify_one();
}

// Waking.

bool ThreadEngine::HasWork() const noexcept {
  if (!injected_.Empty() || !prioritized_.Empty()) return true;
  const std::size_t count = workers_->size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!(*workers_)[i].deque().Empty()) return true;
  }
  return false;
}

bool ThreadEngine::Finished() const noexcept {
  return closed_.load(std::memory_order_seq_cst) && !HasWork();
}

// One searcher is enough for tasks that come one by one; a burst wakes a thread for each task, and
// no more than there are processors to run them.
bool ThreadEngine::SearchersSuffice(uint64_t idle) const noexcept {
  if (Searchers(idle) == 0) return false;
  if (Sleepers(idle) == 0) return true;
  const int awake = active_.load(std::memory_order_relaxed) - static_cast<int>(Sleepers(idle));
  return awake >= processors_ || injected_.size() <= Searchers(idle);
}

// Called after work was added, or a place given up.
void ThreadEngine::NotifyOrThrow() {
  const uint64_t idle = idle_.load(std::memory_order_seq_cst);
  if (SearchersSuffice(idle)) return;
  if (Sleepers(idle) > 0 && WakeSleeper()) return;
  if (HasPlace()) AddThread();
}

void ThreadEngine::Notify() noexcept {
  // All threads have something to do: what most calls find.
  if (idle_.load(std::memory_order_seq_cst) == 0 && !HasPlace()) [[likely]]
    return;
  try {
    NotifyOrThrow();
  } catch (const std::exception& e) {
    // Those that there are will do the work; without any, it would never be done.
    if (threads_.load(std::memory_order_seq_cst) == 0) {
      Break(std::string("no worker thread could be started: ") + e.what());
    }
  }
}

// True: a thread is, or comes, looking for work.
bool ThreadEngine::WakeSleeper() noexcept {
  Worker* sleeper = nullptr;
  {
    const std::lock_guard lock(idle_mutex_);
    if (SearchersSuffice(idle_.load(std::memory_order_seq_cst))) return true;
    if (sleeping_.empty()) return false;
    sleeper = sleeping_.back();
    sleeping_.pop_back();
    idle_.fetch_add(kSearcher - kSleeper, std::memory_order_seq_cst);
  }
  sleeper->Wake();
  return true;
}

// Whether the threads there are cannot be meant to do what is queued: each has something in hand,
// or may be held up for long.
bool ThreadEngine::NeedsThread() const noexcept {
  if (blocked_.load(std::memory_order_seq_cst) > 0) return true;
  if (threads_.load(std::memory_order_seq_cst) == 0) return true;
  uint64_t outstanding = injected_.pushes() + prioritized_.pushes() -
                         cancelled_.load(std::memory_order_relaxed) -
                         abandoned_.load(std::memory_order_relaxed);
  const std::size_t count = workers_->size();
  for (std::size_t i = 0; i < count; ++i) {
    outstanding += (*workers_)[i].pushed() - (*workers_)[i].finished();
  }
  return static_cast<int64_t>(outstanding) > threads_.load(std::memory_order_seq_cst);
}

void ThreadEngine::AddThread() {
  {
    const std::lock_guard lock(idle_mutex_);
    if (reserve_.empty() && !NeedsThread()) return;
  }
  int active = active_.load(std::memory_order_relaxed);
  do {
    if (active >= options_.max_workers) return;
  } while (!active_.compare_exchange_weak(active, active + 1, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  Worker* reserve = nullptr;
  {
    const std::lock_guard lock(idle_mutex_);
    if (!reserve_.empty()) {
      reserve = reserve_.back();
      reserve_.pop_back();
    }
  }
  if (reserve != nullptr) return reserve->Wake();
  try {
    StartThread();
  } catch (...) {
    active_.fetch_sub(1, std::memory_order_seq_cst);
    throw;
  }
}

void ThreadEngine::StartThread() {
  const std::lock_guard lock(threads_mutex_);
  handles_.reserve(handles_.size() + 1);
  Worker& worker = workers_->Append(*this);
  threads_.fetch_add(1, std::memory_order_seq_cst);
  try {
    std::thread thread([self = shared_from_this(), &worker] { worker.Main(); });
    if (detached_) {
      thread.detach();
    } else {
      handles_.push_back(std::move(thread));
    }
  } catch (...) {
    threads_.fetch_sub(1, std::memory_order_seq_cst);
    throw;
  }
}

void ThreadEngine::WakeAll() noexcept {
  std::vector<Worker*> woken;
  {
    const std::lock_guard lock(idle_mutex_);
    idle_.fetch_add(sleeping_.size() * (kSearcher - kSleeper), std::memory_order_seq_cst);
    active_.fetch_add(static_cast<int>(reserve_.size()), std::memory_order_seq_cst);
    woken.swap(sleeping_);
    woken.insert(woken.end(), reserve_.begin(), reserve_.end());
    reserve_.clear();
  }
  for (Worker* const worker : woken) worker->Wake();
}

// The end.

void ThreadEngine::Close() {
  {
    // So that nobody who waits for room goes to sleep just now.
    const std::lock_guard lock(room_mutex_);
    closed_.store(true, std::memory_order_seq_cst);
  }
  injected_.Close();
  prioritized_.Close();
  room_freed_.notify_all();
  WakeAll();
}

template <typename Use>
void ThreadEngine::DrainQueues(Use use) noexcept {
  while (Runnable* const task = prioritized_.PopAny()) use(*task);
  Runnable* some[64];
  while (!injected_.Empty()) {
    const std::size_t count = injected_.PopSome(some, std::size(some), 1);
    for (std::size_t i = 0; i < count; ++i) use(*some[i]);
    if (count == 0) sched_yield();  // another thread takes some, or is about to add its last
  }
  for (std::size_t i = 0; i < workers_->size(); ++i) {
    while (Runnable* const task = (*workers_)[i].deque().TakeOldest()) use(*task);
  }
}

void ThreadEngine::DiscardQueued() noexcept {
  DrainQueues([](Runnable& task) {
    task.Discard();
    task.Drop();
  });
}

void ThreadEngine::Break(const std::string& reason) noexcept {
  {
    const std::lock_guard lock(state_mutex_);
    if (!broken_.empty()) return;
    broken_ = "the thread pool is broken: " + reason;
  }
  LogLine(broken_);
  Close();
  DrainQueues([this](Runnable& task) {
    // Each future has an exception object of its own.
    if (task.Abandon(std::make_exception_ptr(BrokenThreadPool(broken_)))) {
      abandoned_.fetch_add(1, std::memory_order_relaxed);
      GiveRoom();
    }
    task.Drop();
  });
}

void ThreadEngine::Shutdown(ShutdownOptions options) {
  if (InForkedChild()) return;
  Close();
  if (options.cancel_futures) {
    DiscardQueued();
    stop_source_.request_stop();
    WakeAll();
  }
  // One of its own threads cannot wait for itself.
  if (options.wait && Worker::CurrentOf(*this) == nullptr) JoinAll();
}

void ThreadEngine::JoinAll() {
  const BlockingScope blocking(Deadline::never());
  const std::lock_guard joining(join_mutex_);
  for (;;) {
    std::vector<std::thread> handles;
    {
      const std::lock_guard lock(threads_mutex_);
      handles.swap(handles_);
    }
    if (handles.empty()) {
      if (!HasWork()) return;
      Notify();  // as whoever has just added that is about to do
      sched_yield();
      continue;
    }
    // A thread that one of these starts meanwhile is found in the next round.
    for (std::thread& handle : handles) handle.join();
  }
}

void ThreadEngine::DetachAll() {
  const std::lock_guard lock(threads_mutex_);
  detached_ = true;
  for (std::thread& handle : handles_) handle.detach();
  handles_.clear();
}

void ThreadEngine::Release() {
  if (InForkedChild()) {
    // The threads are the parent's, and may have held any lock: leave all as it is.
    new std::shared_ptr<ThreadEngine>(shared_from_this());
    return;
  }
  Shutdown({});
  // Those of the other threads, on one of its own. Else there is none left; but a map range may, in
  // another thread, have added a task just before the end and start a thread for it only now.
  DetachAll();
}

PoolStats ThreadEngine::Stats() const {
  PoolStats stats;
  stats.cancelled = cancelled_.load(std::memory_order_relaxed);
  stats.failed = abandoned_.load(std::memory_order_relaxed);
  uint64_t gone = stats.cancelled + stats.failed;
  uint64_t submitted = 0;
  const std::size_t count = workers_->size();
  for (std::size_t i = 0; i < count; ++i) {
    const Worker& worker = (*workers_)[i];
    // In the order in which they grow, so that no difference is negative.
    const uint64_t ended = worker.succeeded() + worker.failed();
    const uint64_t started = worker.started();
    stats.succeeded += worker.succeeded();
    stats.failed += worker.failed();
    stats.running += started - std::min(started, ended);
    gone += started;
    submitted += worker.pushed();
  }
  submitted += injected_.pushes() + prioritized_.pushes();
  stats.queued = submitted - std::min(submitted, gone);
  stats.workers = threads_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace cohort::internal
