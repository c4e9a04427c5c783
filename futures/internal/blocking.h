// The seam between a wait in this layer and the executor whose thread waits.
//
// A pool must not lose a worker for as long as one of its tasks waits for another. A pool therefore
// makes itself known on each of its threads as the thread's `WaitScheduler`, and every wait of this
// library tells it what goes on. This layer knows nothing more of pools.

#ifndef COHORT_FUTURES_INTERNAL_BLOCKING_H_
#define COHORT_FUTURES_INTERNAL_BLOCKING_H_

#include "futures/timeout.h"

namespace cohort::internal {

class CoreBase;

class WaitScheduler {
 public:
  // The calling thread cannot go on before `awaited` is done, whatever else happens. Runs it to its
  // end here and now, if it is a task of this executor that nobody has begun, and returns true;
  // else returns false. Never runs anything else: what stands on a thread's stack is then always a
  // chain of tasks of which each waits for the one above it, so that running a task here can never
  // block one that it needs.
  virtual bool RunAwaited(CoreBase& awaited) = 0;

  // The calling thread is about to sleep until `deadline`, and after it has slept. The executor may
  // put another thread in its place meanwhile. Begin throws where it would have to and cannot.
  // Whoever waits looks once more between Begin and the sleep.
  virtual void BeginBlocking(Deadline deadline) = 0;
  virtual void EndBlocking() noexcept = 0;

  // The calling thread's, or null where it belongs to no executor.
  static WaitScheduler*& Current() noexcept {
    static thread_local WaitScheduler* current = nullptr;
    return current;
  }

 protected:
  ~WaitScheduler() = default;
};

// Stands around every sleep.
class BlockingScope {
 public:
  explicit BlockingScope(Deadline deadline) : scheduler_(WaitScheduler::Current()) {
    if (scheduler_ != nullptr) scheduler_->BeginBlocking(deadline);
  }
  ~BlockingScope() {
    if (scheduler_ != nullptr) scheduler_->EndBlocking();
  }
  BlockingScope(const BlockingScope&) = delete;
  BlockingScope& operator=(const BlockingScope&) = delete;

 private:
  WaitScheduler* const scheduler_;
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_BLOCKING_H_
