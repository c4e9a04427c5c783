// How many CPUs this process may use.

#ifndef COHORT_POOLS_INTERNAL_USABLE_CPUS_H_
#define COHORT_POOLS_INTERNAL_USABLE_CPUS_H_

#include <optional>
#include <string>

namespace cohort::internal {

// By the affinity mask and the quota of the control group (version 1 or 2), whichever is less, and
// at least 1. std::thread::hardware_concurrency knows of the first only.
int UsableCpus();

// The quota in CPUs, rounded up, that the control group of this process has; none where there is no
// limit. That of an enclosing group counts too. Read from proc/self/cgroup and sys/fs/cgroup below
// `root`, which is "/" but for tests.
std::optional<int> CgroupQuota(const std::string& root);

}  // namespace cohort::internal

#endif  // COHORT_POOLS_INTERNAL_USABLE_CPUS_H_
