#include "pools/thread_pool_executor.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <utility>

#include "pools/usable_cpus.h"

namespace cohort {
namespace {

int DefaultWorkers() { return std::min(32, usable_cpus() + 4); }

std::string DefaultPrefix() {
  static std::atomic<unsigned> pools{0};
  return "ThreadPool-" + std::to_string(pools.fetch_add(1, std::memory_order_relaxed));
}

internal::ThreadEngineOptions Checked(ThreadPoolOptions options) {
  if (options.max_workers < 0) {
    throw std::invalid_argument(
        "ThreadPoolOptions::max_workers must be above 0, or 0 for the default, not " +
        std::to_string(options.max_workers));
  }
  if (options.max_queued == 0) {
    throw std::invalid_argument(
        "ThreadPoolOptions::max_queued must be above 0, not 0: no task could ever be submitted");
  }
  internal::ThreadEngineOptions checked;
  checked.max_workers = options.max_workers == 0 ? DefaultWorkers() : options.max_workers;
  checked.thread_name_prefix =
      options.thread_name_prefix.empty() ? DefaultPrefix() : std::move(options.thread_name_prefix);
  checked.initializer = std::move(options.initializer);
  checked.max_queued = options.max_queued == unbounded ? 0 : options.max_queued;
  checked.observer = std::move(options.observer);
  return checked;
}

}  // namespace

ThreadPoolExecutor::ThreadPoolExecutor(int max_workers)
    : ThreadPoolExecutor(ThreadPoolOptions{.max_workers = max_workers}) {}

ThreadPoolExecutor::ThreadPoolExecutor(ThreadPoolOptions options)
    : engine_(std::make_shared<internal::ThreadEngine>(Checked(std::move(options)))) {}

ThreadPoolExecutor::~ThreadPoolExecutor() { engine_->Release(); }

void ThreadPoolExecutor::shutdown(ShutdownOptions options) { engine_->Shutdown(options); }

}  // namespace cohort
