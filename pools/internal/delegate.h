// A future whose work is another one's: whoever waits for the first may as well run the second.

#ifndef COHORT_POOLS_INTERNAL_DELEGATE_H_
#define COHORT_POOLS_INTERNAL_DELEGATE_H_

#include <cstdint>

#include "futures/internal/core.h"

namespace cohort::internal {

// The executor_id() of cores that are Delegates. No executor's.
inline constexpr std::uint32_t kDelegatesId = 0xffff'ffff;

class Delegate {
 public:
  // Null: there is none yet.
  virtual CoreBase* behind() noexcept = 0;

 protected:
  ~Delegate() = default;
};

// The task that is to run for `awaited` to be done: itself, unless it is a Delegate.
inline CoreBase& TaskBehind(CoreBase& awaited) noexcept {
  CoreBase* task = &awaited;
  while (task->executor_id() == kDelegatesId) {
    CoreBase* const behind = dynamic_cast<Delegate&>(*task).behind();
    if (behind == nullptr) break;
    task = behind;
  }
  return *task;
}

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_DELEGATE_H_
