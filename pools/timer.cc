#include "pools/timer.h"

#include <atomic>
#include <memory>

#include "pools/internal/fork_generation.h"
#include "pools/internal/timer_queue.h"

namespace cohort {
namespace {

class SystemTimer final : public Timer {
 public:
  TimePoint now() const override { return Clock::now(); }

  Id call_at(TimePoint when, std::function<void()> function) override {
    const auto moment = when == TimePoint::max()
                            ? Deadline::never()
                            : Deadline::at(when.time_since_epoch() / std::chrono::nanoseconds(1));
    const auto [at, number] = queue_.Add(moment, std::move(function));
    return {at, number};
  }

  bool remove(Id id) override { return IsOfThisProcess() && queue_.Remove({id.when, id.number}); }

  // A forked child finds its parent's, whose thread and locks are not to be used.
  bool IsOfThisProcess() const { return generation_ == internal::ForkGeneration(); }

 private:
  internal::TimerQueue queue_;
  const uint64_t generation_ = internal::ForkGeneration();
};

}  // namespace

// Never destroyed: its thread may be at work when main has ended. A forked child gets one of its
// own.
Timer& Timer::system() {
  static std::atomic<SystemTimer*> current{nullptr};
  SystemTimer* timer = current.load(std::memory_order_acquire);
  if (timer != nullptr && timer->IsOfThisProcess()) return *timer;
  auto made = std::make_unique<SystemTimer>();
  // Release: who finds it finds it whole. Acquire: as does who comes too late.
  if (current.compare_exchange_strong(timer, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *timer;
}

}  // namespace cohort
