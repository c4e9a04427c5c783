#include "testing/manual_executor.h"

#include <limits>
#include <stdexcept>
#include <string>

#include "testing/internal/manual_waits.h"

namespace cohort {

ManualExecutor::ManualExecutor(ManualExecutorOptions options)
    : engine_(std::make_shared<internal::ManualEngine>(options.max_workers)) {
  if (options.max_workers < 1) {
    throw std::invalid_argument("ManualExecutorOptions::max_workers must be 1 or more, not " +
                                std::to_string(options.max_workers));
  }
  if (options.wait_policy == ManualExecutorOptions::WaitPolicy::kRunAwaited) {
    internal::ManualWaits::OfThisThread().Add(*engine_);
  }
}

ManualExecutor::~ManualExecutor() {
  engine_->Shutdown({.wait = false, .cancel_futures = true});
  internal::ManualWaits::OfThisThread().Remove(*engine_);
}

bool ManualExecutor::run_one() { return engine_->RunOne(); }

std::size_t ManualExecutor::run(std::size_t limit) {
  std::size_t ran = 0;
  while (ran < limit && run_one()) ++ran;
  return ran;
}

std::size_t ManualExecutor::run_all() { return run(std::numeric_limits<std::size_t>::max()); }

std::size_t ManualExecutor::pending() const { return engine_->Stats().queued; }

void ManualExecutor::shutdown(ShutdownOptions options) { engine_->Shutdown(options); }

int ManualExecutor::max_workers() const { return engine_->max_workers(); }

PoolStats ManualExecutor::stats() const { return engine_->Stats(); }

}  // namespace cohort
