#include "futures/internal/core.h"

#include <sched.h>

#include <cassert>

#include "futures/internal/blocking.h"
#include "futures/internal/futex.h"

#if defined(__SANITIZE_THREAD__)
#define COHORT_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COHORT_THREAD_SANITIZER 1
#endif
#endif

#ifdef COHORT_THREAD_SANITIZER
// ThreadSanitizer's own: between the two it does not look at what the thread writes or frees.
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace cohort::internal {

void DestroyException(std::exception_ptr& error) noexcept {
#ifdef COHORT_THREAD_SANITIZER
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  std::destroy_at(&error);
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
#else
  std::destroy_at(&error);
#endif
}

// The word once nobody holds its lock (invariant 4). The holder may have lost its CPU: give way.
uint64_t CoreBase::LoadUnlocked() const noexcept {
  uint64_t word = word_.load(std::memory_order_acquire);
  while ((word & kLocked) != 0) {
    sched_yield();
    word = word_.load(std::memory_order_acquire);
  }
  return word;
}

// One step of the state machine; on failure `expected` is what an unlocked word holds now.
bool CoreBase::Replace(uint64_t& expected, uint64_t desired) noexcept {
  if (word_.compare_exchange_weak(expected, desired, std::memory_order_acq_rel,
                                  std::memory_order_acquire)) {
    return true;
  }
  if ((expected & kLocked) != 0) expected = LoadUnlocked();
  return false;
}

bool CoreBase::Change(CoreState from, CoreState to) noexcept {
  uint64_t word = LoadUnlocked();
  do {
    if (StateOf(word) != from) return false;
  } while (!Replace(word, WithState(word, to)));
  return true;
}

bool CoreBase::TryStart() noexcept { return Change(CoreState::kPending, CoreState::kRunning); }
bool CoreBase::TryTake() noexcept { return Change(CoreState::kValue, CoreState::kTaken); }
bool CoreBase::TryOffer() noexcept { return Change(CoreState::kPending, CoreState::kOffered); }
// Also a task that had begun, in a process that died, and that is to begin anew.
bool CoreBase::TryTakeBack() noexcept {
  return Change(CoreState::kOffered, CoreState::kPending) ||
         Change(CoreState::kRunning, CoreState::kPending);
}
bool CoreBase::TryStartOffered() noexcept {
  return Change(CoreState::kOffered, CoreState::kRunning);
}

CoreState CoreBase::KnownState() noexcept {
  if (state() == CoreState::kOffered) AskWhetherBegun();
  const CoreState known = state();
  return known == CoreState::kOffered ? CoreState::kPending : known;
}

bool CoreBase::TryClaim() noexcept {
  uint64_t word = LoadUnlocked();
  do {
    const CoreState state = StateOf(word);
    if (state != CoreState::kPending && state != CoreState::kRunning) return false;
  } while (!Replace(word, WithState(word, CoreState::kSetting)));
  return true;
}

bool CoreBase::Cancel() noexcept {
  uint64_t word = LoadUnlocked();
  do {
    while (StateOf(word) == CoreState::kOffered) {
      if (!AskBack()) return false;
      word = LoadUnlocked();  // it may have been offered anew
    }
    if (StateOf(word) != CoreState::kPending) return StateOf(word) == CoreState::kCancelled;
  } while (!Replace(word, WithState(word, CoreState::kCancelled) & ~(kListMask | kParked)));

  // The caller's reference keeps this alive, whatever the continuations drop.
  if ((word & kParked) != 0) FutexWake(FutexHalf(word_), kWakeAll);
  Continuation* rest = NotifyWaiters(ListOf(word));
  OnCancelled();
  if (rest != nullptr) {
    word_.fetch_or(reinterpret_cast<uint64_t>(rest), std::memory_order_relaxed);
    RunContinuations();
  }
  return true;
}

bool CoreBase::Publish(CoreState final_state) noexcept {
  uint64_t word = LoadUnlocked();
  while (!Replace(word, WithState(word, final_state) & ~(kListMask | kParked))) {
  }
  if ((word & kParked) != 0) FutexWake(FutexHalf(word_), kWakeAll);
  Continuation* rest = NotifyWaiters(ListOf(word));
  if (rest == nullptr) return false;
  // Back into the word, where nobody else looks at it now that the state is final, until
  // RunContinuations().
  word_.fetch_or(reinterpret_cast<uint64_t>(rest), std::memory_order_relaxed);
  return true;
}

// Tells the waiters among them; returns the rest, oldest first.
Continuation* CoreBase::NotifyWaiters(Continuation* newest) noexcept {
  Continuation* rest = nullptr;
  while (newest != nullptr) {
    Continuation* const each = newest;
    newest = each->next;  // before Notify(), after which it may be gone
    if (each->Notify(*this)) continue;
    each->next = rest;
    rest = each;
  }
  return rest;
}

// What a continuation completes is gone through before the next continuation is, so that a callback
// finds the chains that were set up before it run to their ends, and may wait for them. But the
// stack bounds that: what is deeper is put off, to a list that one loop goes through.
static constexpr int kMaxDepth = 32;

// Cores that are final and whose continuations are still to be run, in order, linked through
// `link`. Owns a reference to each.
class CoreBase::FinishedList {
 public:
  void Append(CoreBase& core) noexcept {
    core.link.store(nullptr, std::memory_order_relaxed);  // a queue may have left something there
    (last_ != nullptr ? last_->link : first_).store(&core, std::memory_order_relaxed);
    last_ = &core;
  }

  CoreBase* Pop() noexcept {
    auto* const core = static_cast<CoreBase*>(first_.load(std::memory_order_relaxed));
    if (core == nullptr) return nullptr;
    first_.store(core->link.load(std::memory_order_relaxed), std::memory_order_relaxed);
    if (core == last_) last_ = nullptr;
    return core;
  }

 private:
  std::atomic<Runnable*> first_{nullptr};
  CoreBase* last_ = nullptr;
};

void CoreBase::RunContinuations() noexcept {
  FinishedList finished;
  RunOwn(finished, kMaxDepth);
  while (CoreBase* const core = finished.Pop()) {
    core->RunOwn(finished, kMaxDepth);
    core->Release();
  }
}

void CoreBase::RunOwn(FinishedList& finished, int depth) noexcept {
  Continuation* each = ListOf(word_.fetch_and(~kListMask, std::memory_order_relaxed));
  while (each != nullptr) {
    Continuation* const next = each->next;  // before Run(), after which it may be gone
    if (CoreBase* const core = each->Run(*this)) {
      if (depth == 0) {
        finished.Append(*core);
      } else {
        core->RunOwn(finished, depth - 1);
        core->Release();
      }
    }
    each = next;
  }
}

bool CoreBase::Add(Continuation& continuation) noexcept {
  const uint64_t node = reinterpret_cast<uint64_t>(&continuation);
  assert((node & ~kListMask) == 0);
  uint64_t word = LoadUnlocked();
  do {
    if (IsFinal(StateOf(word))) return false;
    continuation.next = ListOf(word);
  } while (!Replace(word, (word & ~kListMask) | node));
  return true;
}

bool CoreBase::Remove(Continuation& continuation) noexcept {
  uint64_t word = LoadUnlocked();
  do {
    if (IsFinal(StateOf(word))) return false;
  } while (!Replace(word, word | kLocked));
  Unlink(continuation, word);
  return true;
}

// Under the lock; `word` is its value without it.
void CoreBase::Unlink(Continuation& continuation, uint64_t word) noexcept {
  Continuation* each = ListOf(word);
  if (each == &continuation) {
    word = (word & ~kListMask) | reinterpret_cast<uint64_t>(continuation.next);
  } else {
    while (each->next != &continuation) each = each->next;
    each->next = continuation.next;
  }
  word_.store(word, std::memory_order_release);
}

bool CoreBase::Wait(Deadline deadline) {
  if (done()) return true;
  if (deadline.has_passed()) return false;
  if (deadline.is_never()) {
    WaitScheduler* const scheduler = WaitScheduler::Current();
    if (scheduler != nullptr && scheduler->RunAwaited(*this)) return Wait(deadline);
  }
  if (SpinUntilDone()) return true;
  const BlockingScope blocking(deadline);
  HelpUntilDone(deadline);
  return Park(deadline);
}

// A task that has begun may end at any moment. One that has not after a quarter of the time waits
// for a thread to wake up, maybe on this very processor, which is then better given away. (Of a
// future that is no task's, nobody can tell.)
bool CoreBase::SpinUntilDone() const noexcept {
  const int limit = SpinLimit();
  const bool is_task = executor_id() != 0;
  for (int looks = 0; looks < limit; ++looks) {
    const CoreState now = state();
    if (IsFinal(now)) return true;
    if (is_task && now == CoreState::kPending && looks >= limit / 4) return false;
    CpuRelax();
  }
  return done();
}

bool CoreBase::Park(Deadline deadline) {
  uint64_t word = LoadUnlocked();
  for (;;) {
    if (IsFinal(StateOf(word))) return true;
    if ((word & kParked) == 0 && !Replace(word, word | kParked)) continue;
    word |= kParked;
    // Whatever changes in the low half meanwhile, the state or the list, ends the sleep.
    const bool in_time = FutexWait(FutexHalf(word_), static_cast<uint32_t>(word), deadline);
    word = LoadUnlocked();
    if (!in_time) return IsFinal(StateOf(word));
  }
}

void CoreBase::MarkObserved() noexcept {
  if (!WasObserved()) word_.fetch_or(kObserved, std::memory_order_relaxed);
}

void* CoreBase::TryTakeSlot() noexcept {
  uint64_t word = LoadUnlocked();
  do {
    if ((word & kSlotUsed) != 0) return nullptr;
  } while (!Replace(word, word | kSlotUsed));
  return slot_;
}

}  // namespace cohort::internal
