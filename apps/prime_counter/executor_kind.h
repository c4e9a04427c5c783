// Where the work runs.

#ifndef COHORT_APPS_PRIME_COUNTER_EXECUTOR_KIND_H_
#define COHORT_APPS_PRIME_COUNTER_EXECUTOR_KIND_H_

namespace cohort::prime_counter {

enum class ExecutorKind { kProcess, kThread };

inline constexpr ExecutorKind kDefaultExecutor = ExecutorKind::kProcess;

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_EXECUTOR_KIND_H_
