#include "testing/executor_conformance.h"

#include <memory>

#include "pools/process_pool_executor.h"
#include "pools/rate_limited_executor.h"
#include "pools/thread_pool_executor.h"
#include "testing/manual_executor.h"

namespace cohort {
namespace {

template <int kWorkers>
struct ThreadPools {
  static auto Make() { return std::make_unique<ThreadPoolExecutor>(kWorkers); }
};

template <int kWorkers>
struct ProcessPools {
  static auto Make() { return std::make_unique<ProcessPoolExecutor>(kWorkers); }
};

// Its waits run what they wait for, so that the suite needs no steps.
struct ManualExecutors {
  static auto Make() { return std::make_unique<ManualExecutor>(); }
};

// On an executor of its own.
template <typename E>
struct Below {
  E executor;
};
template <typename E, int kWorkers>
class Limited : Below<E>, public RateLimitedExecutor<E> {
 public:
  explicit Limited(RateLimitOptions options)
      : Below<E>{E(kWorkers)}, RateLimitedExecutor<E>(Below<E>::executor, options) {}
};

// Fast enough for a test, and slow enough that calls do wait.
template <typename E, int kWorkers>
struct LimitedRates {
  static auto Make() {
    return std::make_unique<Limited<E, kWorkers>>(
        RateLimitOptions{.calls_per_second = 20'000, .burst = 4});
  }
};
template <typename E, int kWorkers>
struct OneAtATime {
  static auto Make() {
    return std::make_unique<Limited<E, kWorkers>>(RateLimitOptions{.max_concurrent = 1});
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(OneThread, ExecutorConformance, ThreadPools<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(ThreeThreads, ExecutorConformance, ThreadPools<3>);
INSTANTIATE_TYPED_TEST_SUITE_P(OneProcess, ExecutorConformance, ProcessPools<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(ThreeProcesses, ExecutorConformance, ProcessPools<3>);
INSTANTIATE_TYPED_TEST_SUITE_P(ByHand, ExecutorConformance, ManualExecutors);
using ThreadsAtARate = LimitedRates<ThreadPoolExecutor, 2>;
INSTANTIATE_TYPED_TEST_SUITE_P(ThreadsAtARate, ExecutorConformance, ThreadsAtARate);
using ProcessesAtARate = LimitedRates<ProcessPoolExecutor, 2>;
INSTANTIATE_TYPED_TEST_SUITE_P(ProcessesAtARate, ExecutorConformance, ProcessesAtARate);
using OneOfThreads = OneAtATime<ThreadPoolExecutor, 2>;
INSTANTIATE_TYPED_TEST_SUITE_P(OneOfThreads, ExecutorConformance, OneOfThreads);
using OneOfProcesses = OneAtATime<ProcessPoolExecutor, 2>;
INSTANTIATE_TYPED_TEST_SUITE_P(OneOfProcesses, ExecutorConformance, OneOfProcesses);

}  // namespace
}  // namespace cohort
