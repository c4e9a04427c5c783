// How many CPUs this process may use: what to size a pool by when its tasks compute.

#ifndef COHORT_POOLS_USABLE_CPUS_H_
#define COHORT_POOLS_USABLE_CPUS_H_

namespace cohort {

// By the affinity mask and the CPU quota of the control group (version 1 or 2, rounded up),
// whichever is less, and at least 1. (std::thread::hardware_concurrency does not know the quota.)
// Reads files: call it once, not for each task.
int usable_cpus();

}  // namespace cohort

#endif  // COHORT_POOLS_USABLE_CPUS_H_
