#include "testing/internal/manual_waits.h"

#include <utility>

namespace cohort::internal {

ManualWaits& ManualWaits::OfThisThread() {
  static thread_local ManualWaits waits;
  return waits;
}

void ManualWaits::Add(ManualEngine& engine) {
  if (engines_.empty()) before_ = std::exchange(WaitScheduler::Current(), this);
  engines_.push_back(&engine);
}

void ManualWaits::Remove(ManualEngine& engine) noexcept {
  if (std::erase(engines_, &engine) > 0 && engines_.empty()) WaitScheduler::Current() = before_;
}

bool ManualWaits::RunAwaited(CoreBase& awaited) {
  for (ManualEngine* const engine : std::vector(engines_)) {
    if (engine->RunAwaited(awaited)) return true;
  }
  return before_ != nullptr && before_->RunAwaited(awaited);
}

// Nobody says which task would end this wait, and no other thread is there to run it.
void ManualWaits::BeginBlocking(Deadline deadline) {
  if (deadline.is_never()) {
    for (ManualEngine* const engine : std::vector(engines_)) {
      while (engine->RunOne()) {
      }
    }
  }
  if (before_ != nullptr) before_->BeginBlocking(deadline);
}

void ManualWaits::EndBlocking() noexcept {
  if (before_ != nullptr) before_->EndBlocking();
}

}  // namespace cohort::internal
