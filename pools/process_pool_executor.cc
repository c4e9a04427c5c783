#include "pools/process_pool_executor.h"

#include <signal.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "pools/usable_cpus.h"

namespace cohort {
namespace {

void CheckNotNegative(int value, const std::string& option, const std::string& zero) {
  if (value >= 0) return;
  throw std::invalid_argument("ProcessPoolOptions::" + option + " must be above 0, or 0 for " +
                              zero + ", not " + std::to_string(value));
}

}  // namespace

internal::ProcessEngineOptions ProcessPoolExecutor::Checked(ProcessPoolOptions options) {
  CheckNotNegative(options.max_workers, "max_workers", "the default");
  CheckNotNegative(options.max_tasks_per_child, "max_tasks_per_child", "no limit");
  if (options.initializer) internal::ProcessEngine::CheckSendable(*options.initializer.message_);
  internal::ProcessEngineOptions checked;
  checked.max_workers = options.max_workers == 0 ? usable_cpus() : options.max_workers;
  checked.max_tasks_per_child = options.max_tasks_per_child;
  checked.initializer = std::move(options.initializer.message_);
  checked.grace = options.grace.duration();
  checked.worker.settings.name = "cohort-worker";
  if (options.max_tasks_per_child > 0) {
    // For the worker the initializer is one more.
    checked.worker.settings.max_tasks = static_cast<uint64_t>(options.max_tasks_per_child) +
                                        (checked.initializer != nullptr ? 1 : 0);
  }
  checked.worker.settings.memory_limit = options.worker_memory_limit;
  checked.max_answer_bytes = options.max_answer_bytes;
  checked.worker.settings.sandbox = std::move(options.sandbox);
  checked.worker.settings.starting_thread = ipc::StartingThread::kOutlivesWorker;
  checked.observer = std::move(options.observer);
  return checked;
}

ProcessPoolExecutor::ProcessPoolExecutor(int max_workers)
    : ProcessPoolExecutor(ProcessPoolOptions{.max_workers = max_workers}) {}

ProcessPoolExecutor::ProcessPoolExecutor(ProcessPoolOptions options)
    : engine_(std::make_shared<internal::ProcessEngine>(Checked(std::move(options)))) {}

ProcessPoolExecutor::~ProcessPoolExecutor() { engine_->Release(); }

void ProcessPoolExecutor::shutdown(ShutdownOptions options) { engine_->Shutdown(options); }

void ProcessPoolExecutor::terminate_workers() { engine_->KillWorkers(SIGTERM); }

void ProcessPoolExecutor::kill_workers() { engine_->KillWorkers(SIGKILL); }

}  // namespace cohort
