// What a wait does on a thread that steps ManualExecutors by hand.

#ifndef COHORT_TESTING_INTERNAL_MANUAL_WAITS_H_
#define COHORT_TESTING_INTERNAL_MANUAL_WAITS_H_

#include <vector>

#include "futures/internal/blocking.h"
#include "futures/internal/core.h"
#include "futures/timeout.h"
#include "testing/internal/manual_engine.h"

namespace cohort::internal {

// One for each thread: the engines that were made there. In front of whatever the thread's waits
// were told to before.
class ManualWaits final : public WaitScheduler {
 public:
  static ManualWaits& OfThisThread();

  void Add(ManualEngine& engine);
  void Remove(ManualEngine& engine) noexcept;

  // WaitScheduler
  bool RunAwaited(CoreBase& awaited) override;
  void BeginBlocking(Deadline deadline) override;
  void EndBlocking() noexcept override;

 private:
  std::vector<ManualEngine*> engines_;
  WaitScheduler* before_ = nullptr;
};

}  // namespace cohort::internal

#endif  // COHORT_TESTING_INTERNAL_MANUAL_WAITS_H_
