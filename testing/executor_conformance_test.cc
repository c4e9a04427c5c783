#include "testing/executor_conformance.h"

#include <memory>

#include "pools/process_pool_executor.h"
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

INSTANTIATE_TYPED_TEST_SUITE_P(OneThread, ExecutorConformance, ThreadPools<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(ThreeThreads, ExecutorConformance, ThreadPools<3>);
INSTANTIATE_TYPED_TEST_SUITE_P(OneProcess, ExecutorConformance, ProcessPools<1>);
INSTANTIATE_TYPED_TEST_SUITE_P(ThreeProcesses, ExecutorConformance, ProcessPools<3>);
INSTANTIATE_TYPED_TEST_SUITE_P(ByHand, ExecutorConformance, ManualExecutors);

}  // namespace
}  // namespace cohort
