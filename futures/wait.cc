#include "futures/wait.h"

#include <string>

namespace cohort::internal {
namespace {

// Executors begin their tasks in order, so that the last future is likely to be done last, and the
// others then need no wait at all: one sleep instead of many.
Waited WaitForAll(const std::vector<CoreBase*>& cores, Deadline deadline) {
  for (std::size_t i = cores.size(); i-- > 0;) {
    if (i >= kPrefetchAhead) __builtin_prefetch(cores[i - kPrefetchAhead]);
    if (!cores[i]->Wait(deadline)) return Waited::kLookAtEach;
  }
  return Waited::kAllAreDone;
}

bool HasFailed(const CoreBase& core) { return core.state() == CoreState::kException; }

bool AnyIsEnough(const std::vector<CoreBase*>& cores, ReturnWhen return_when) {
  for (const CoreBase* core : cores) {
    if (return_when == ReturnWhen::kFirstCompleted ? core->done() : HasFailed(*core)) return true;
  }
  return false;
}

void WaitForFirst(const std::vector<CoreBase*>& cores, ReturnWhen return_when, Deadline deadline) {
  CompletionSet set;
  set.Reserve(cores.size());
  for (CoreBase* core : cores) set.AddUnwatched(CoreRef<CoreBase>::Share(*core));
  while (set.size() > 0) {
    const CoreRef<CoreBase> core = set.Take();
    if (!core) {
      if (!set.WaitForArrival(deadline)) return;
    } else if (return_when == ReturnWhen::kFirstCompleted || HasFailed(*core)) {
      return;
    }
  }
}

}  // namespace

Waited WaitFor(const std::vector<CoreBase*>& cores, ReturnWhen return_when, Deadline deadline) {
  switch (return_when) {
    case ReturnWhen::kAllCompleted:
      return WaitForAll(cores, deadline);
    case ReturnWhen::kFirstCompleted:
    case ReturnWhen::kFirstException:
      if (!AnyIsEnough(cores, return_when)) WaitForFirst(cores, return_when, deadline);
      return Waited::kLookAtEach;
  }
  throw std::invalid_argument("wait: return_when is no ReturnWhen: " +
                              std::to_string(static_cast<int>(return_when)));
}

void ThrowUnfinished(std::size_t unfinished, std::size_t total) {
  throw TimeoutError(std::to_string(unfinished) + " (of " + std::to_string(total) +
                     ") futures unfinished");
}

void ThrowNothingToWaitFor() {
  throw InvalidStateError("CompletionQueue::next: the queue is empty; nothing would ever come");
}

}  // namespace cohort::internal
