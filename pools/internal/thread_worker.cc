#include "pools/internal/thread_worker.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <string>

#include "futures/internal/futex.h"
#include "futures/internal/log.h"
#include "pools/internal/delegate.h"

namespace cohort::internal {
namespace {

// Looks at the queues cost lines of cache that others write: several pauses between two looks.
constexpr int kPausesPerLook = 8;

// Linux keeps 15 characters of a thread's name. Of a longer one the index at its end matters most.
std::string ThreadName(const std::string& prefix, int index) {
  constexpr std::size_t kLongest = 15;
  const std::string suffix = "_" + std::to_string(index);
  return prefix.substr(0, kLongest - std::min(kLongest, suffix.size())) + suffix;
}

// The middle of the calling thread's stack.
const std::byte* StackMiddle() noexcept {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return nullptr;
  void* lowest = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return static_cast<const std::byte*>(lowest) + size / 2;
}

template <typename Worker>
Worker*& CurrentWorker() noexcept {
  static thread_local Worker* current = nullptr;
  return current;
}

}  // namespace

ThreadEngine::Worker* ThreadEngine::Worker::CurrentOf(const ThreadEngine& engine) noexcept {
  Worker* const current = CurrentWorker<Worker>();
  return current != nullptr && &current->engine_ == &engine ? current : nullptr;
}

void ThreadEngine::Worker::Main() {
  SetUpThread();
  PassOn();
  if (RunInitializer()) {
    while (Runnable* const task = NextTask()) {
      Execute(*task);
      // The task forked, and its child came back from it: the queues are the parent's business, and
      // without another thread the child ends here.
      if (engine_.InForkedChild()) [[unlikely]]
        return;
      LeaveIfSurplus();
    }
  }
  CurrentWorker<Worker>() = nullptr;
  WaitScheduler::Current() = nullptr;
  engine_.active_.fetch_sub(1, std::memory_order_seq_cst);
  engine_.threads_.fetch_sub(1, std::memory_order_seq_cst);
  engine_.WakeAll();  // for those that went to sleep when there was still something to do
}

void ThreadEngine::Worker::SetUpThread() {
  CurrentWorker<Worker>() = this;
  WaitScheduler::Current() = this;
  stack_middle_ = StackMiddle();
  pthread_setname_np(pthread_self(),
                     ThreadName(engine_.options_.thread_name_prefix, index_).c_str());
}

bool ThreadEngine::Worker::RunInitializer() noexcept {
  if (!engine_.options_.initializer) return true;
  try {
    engine_.options_.initializer();
    return true;
  } catch (...) {
    engine_.Break("the initializer of a worker thread threw " + Describe(std::current_exception()));
    return false;
  }
}

Runnable* ThreadEngine::Worker::NextTask() noexcept {
  if (Runnable* const task = FindTask()) return task;
  return SearchThenSleep();
}

Runnable* ThreadEngine::Worker::FindTask() noexcept {
  if (Runnable* const task = engine_.prioritized_.PopUrgent()) return task;
  if (++looks_ % kLookOutsideEvery == 0) {
    if (Runnable* const task = TakeInjected()) return task;
  }
  if (Runnable* const task = deque_.TakeOldest()) return task;
  if (Runnable* const task = TakeInjected()) return task;
  if (Runnable* const task = Steal()) return task;
  return engine_.prioritized_.PopAny();
}

// The first of a batch; the others go to the own deque, where others can take them too. Behind what
// is there already, for that came earlier.
Runnable* ThreadEngine::Worker::TakeInjected() noexcept {
  if (engine_.injected_.Empty()) return nullptr;
  Runnable* batch[kLargestBatch];
  const auto share = static_cast<std::size_t>(2 * engine_.options_.max_workers);
  const std::size_t count = engine_.injected_.PopSome(batch, NextBatch(), share);
  if (count == 0) return nullptr;
  const bool is_first = deque_.Empty();
  const std::size_t taken = is_first ? 1 : 0;
  if (count > taken) deque_.Push(batch + taken, count - taken);
  // While it was in hand, this batch was in no queue for others to see.
  if (count > 1 || !engine_.injected_.Empty()) engine_.Notify();
  return is_first ? batch[0] : deque_.TakeOldest();
}

// Twice the last one if that was worked off quickly; one where it was not, or a while ago. One look
// at the clock a batch tells.
std::size_t ThreadEngine::Worker::NextBatch() noexcept {
  const auto now = std::chrono::steady_clock::now();
  const bool quick = now - batch_taken_ < kShortTask * batch_;
  batch_taken_ = now;
  batch_ = quick ? std::min(2 * batch_, kLargestBatch) : 1;
  return batch_;
}

// From the neighbours in turn, so that thieves spread.
Runnable* ThreadEngine::Worker::Steal() noexcept {
  const WorkerTable& workers = *engine_.workers_;
  const std::size_t count = workers.size();
  for (std::size_t i = 1; i < count; ++i) {
    Worker& victim = workers[(static_cast<std::size_t>(index_) + i) % count];
    if (Runnable* const task = victim.deque_.TakeOldest()) return task;
  }
  return nullptr;
}

Runnable* ThreadEngine::Worker::SearchThenSleep() noexcept {
  bool searching = TryStartSearching();
  for (;;) {
    if (searching) {
      if (Runnable* const task = SpinForTask()) {
        StopSearching();
        return task;
      }
    }
    EnterSleep(searching);
    Runnable* const task = FindTask();  // rule 1: the last look, after it counts as asleep
    if (task != nullptr || engine_.Finished()) {
      LeaveSleep();
      return task;
    }
    Park();
    searching = true;  // the one that woke this thread has counted it as a searcher
    if (IsSurplus()) {
      StopSearching();
      LeaveIfSurplus();
      searching = TryStartSearching();
    }
  }
}

bool ThreadEngine::Worker::IsSurplus() const noexcept {
  return engine_.active_.load(std::memory_order_relaxed) > engine_.options_.max_workers;
}

Runnable* ThreadEngine::Worker::SpinForTask() noexcept {
  const int looks = std::max(1, SpinLimit() / kPausesPerLook);
  for (int look = 0; look < looks; ++look) {
    if (Runnable* const task = FindTask()) return task;
    for (int pause = 0; pause < kPausesPerLook; ++pause) CpuRelax();
  }
  return nullptr;
}

// No more than half of the workers search at a time: the others would only take CPU from those that
// work.
bool ThreadEngine::Worker::TryStartSearching() noexcept {
  const auto limit = static_cast<uint64_t>(std::max(1, engine_.options_.max_workers / 2));
  uint64_t idle = engine_.idle_.load(std::memory_order_relaxed);
  do {
    if (Searchers(idle) >= limit) return false;
  } while (!engine_.idle_.compare_exchange_weak(idle, idle + kSearcher, std::memory_order_seq_cst,
                                                std::memory_order_relaxed));
  return true;
}

// Rule 2: the last searcher leaves a substitute where there is work for one.
void ThreadEngine::Worker::StopSearching() noexcept {
  const uint64_t before = engine_.idle_.fetch_sub(kSearcher, std::memory_order_seq_cst);
  if (Searchers(before) == 1 && engine_.HasWork()) engine_.Notify();
}

void ThreadEngine::Worker::EnterSleep(bool was_searching) noexcept {
  const std::lock_guard lock(engine_.idle_mutex_);
  engine_.sleeping_.push_back(this);
  engine_.idle_.fetch_add(kSleeper - (was_searching ? kSearcher : 0), std::memory_order_seq_cst);
}

// Found something to do before it fell asleep.
void ThreadEngine::Worker::LeaveSleep() noexcept {
  bool withdrawn = false;
  {
    const std::lock_guard lock(engine_.idle_mutex_);
    withdrawn = std::erase(engine_.sleeping_, this) > 0;
    if (withdrawn) engine_.idle_.fetch_sub(kSleeper, std::memory_order_seq_cst);
  }
  if (withdrawn) {
    if (engine_.HasWork()) engine_.Notify();
    return;
  }
  // Somebody has chosen it to be woken, and counted it as a searcher.
  Park();
  StopSearching();
}

void ThreadEngine::Worker::Wake() noexcept {
  wake_.store(1, std::memory_order_release);
  FutexWake(&wake_, 1);
}

void ThreadEngine::Worker::Park() noexcept {
  while (wake_.load(std::memory_order_acquire) == 0) FutexWait(&wake_, 0, Deadline::never());
  wake_.store(0, std::memory_order_relaxed);
}

// One place too many is taken, since somebody came back from a wait: this one's, now that it has
// nothing in hand.
void ThreadEngine::Worker::LeaveIfSurplus() noexcept {
  int active = engine_.active_.load(std::memory_order_relaxed);
  do {
    if (active <= engine_.options_.max_workers) [[likely]]
      return;
  } while (!engine_.active_.compare_exchange_weak(active, active - 1, std::memory_order_seq_cst,
                                                  std::memory_order_relaxed));
  {
    const std::lock_guard lock(engine_.idle_mutex_);
    engine_.reserve_.push_back(this);
  }
  // Its deque may hold tasks that those who were awake did not look for; and the pool may have been
  // closed a moment ago.
  if (engine_.closed_.load(std::memory_order_seq_cst)) {
    engine_.WakeAll();
  } else if (engine_.HasWork()) {
    engine_.Notify();
  }
  Park();  // whoever ends it has taken a place for this thread
  PassOn();
}

// Rule 3: a thread that was added does not count as a searcher; whoever added it may have been the
// last one, on whom all that came meanwhile relied.
void ThreadEngine::Worker::PassOn() noexcept {
  if (engine_.HasWork()) engine_.Notify();
}

void ThreadEngine::Worker::Execute(Runnable& task) noexcept {
  if (task.Begin()) Run(task);
  task.Drop();
}

// The task counts as finished before its result is public, so that who has the result and submits
// again finds a free worker instead of having a thread started; but not while it calls back, for
// that may take as long as it likes.
void ThreadEngine::Worker::Run(Runnable& task) noexcept {
  started_.Add(1);
  engine_.GiveRoom();
  const CoreState outcome = engine_.options_.observer == nullptr ? task.Invoke()  //
                                                                 : InvokeObserved(task);
  (outcome == CoreState::kValue ? succeeded_ : failed_).Add(1);
  const bool early = !task.HasListeners();
  if (early) finished_.Add(1);
  if (task.Complete(outcome)) {
    if (early) finished_.Add(-1);
    task.Settle();
    finished_.Add(1);
  } else if (!early) {
    finished_.Add(1);
  }
}

CoreState ThreadEngine::Worker::InvokeObserved(Runnable& task) noexcept {
  const TaskRecord* const record = task.record();
  if (record == nullptr) return task.Invoke();
  Observer& observer = *engine_.options_.observer;
  const auto started = std::chrono::steady_clock::now();
  observer.on_started({record->Observed(), index_, started});
  const CoreState outcome = task.Invoke();
  observer.on_finished(
      {record->Observed(), index_, started, std::chrono::steady_clock::now(),
       outcome == CoreState::kValue ? TaskOutcome::kSucceeded : TaskOutcome::kFailed});
  return outcome;
}

bool ThreadEngine::Worker::RunAwaited(CoreBase& future) {
  CoreBase& awaited = TaskBehind(future);
  if (awaited.executor_id() != engine_.id() || !StackHasRoom()) return false;
  if (engine_.InForkedChild()) [[unlikely]]
    return false;
  if (deque_.PopIfNewest(&awaited)) {
    const bool begun = awaited.Begin();
    if (begun) Run(awaited);
    awaited.Drop();
    return begun;
  }
  // Elsewhere in some queue, where its entry stays, to be dropped by whoever comes across it.
  if (!awaited.Begin()) return false;
  Run(awaited);
  return true;
}

// A task that is run on top of a waiting one still finds half of a thread's stack.
bool ThreadEngine::Worker::StackHasRoom() const noexcept {
  return static_cast<const std::byte*>(__builtin_frame_address(0)) > stack_middle_;
}

void ThreadEngine::Worker::BeginBlocking(Deadline /*deadline*/) {
  // In a child that a task forked, others may hold the locks for ever, and the parent's tasks must
  // not run a second time.
  if (engine_.InForkedChild()) [[unlikely]]
    return;
  engine_.blocked_.fetch_add(1, std::memory_order_seq_cst);
  engine_.active_.fetch_sub(1, std::memory_order_seq_cst);
  if (!engine_.HasWork()) return;
  try {
    engine_.NotifyOrThrow();
  } catch (...) {
    // Others will do the work, if there are any.
    if (engine_.active_.load(std::memory_order_seq_cst) > 0) return;
    EndBlocking();
    throw;
  }
}

void ThreadEngine::Worker::EndBlocking() noexcept {
  if (engine_.InForkedChild()) [[unlikely]]
    return;
  engine_.active_.fetch_add(1, std::memory_order_seq_cst);
  engine_.blocked_.fetch_sub(1, std::memory_order_seq_cst);
}

}  // namespace cohort::internal
