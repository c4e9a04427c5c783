// For tests: looks at processes from outside, by /proc.

#ifndef COHORT_APPS_COMMON_PROCESSES_H_
#define COHORT_APPS_COMMON_PROCESSES_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <vector>

namespace cohort::apps {

// Those that have not ended.
std::vector<pid_t> ChildrenOf(pid_t parent);

// The first `count` children of `parent` that have each used that much processor time, which says
// that they are past their start and at work. Waits for them; fewer when there were not so many
// within a minute.
std::vector<pid_t> BusyChildrenOf(pid_t parent, std::size_t count,
                                  std::chrono::milliseconds processor_time);

// Waits until all of them have ended. False when some have not within a minute.
bool HaveEnded(const std::vector<pid_t>& pids);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_PROCESSES_H_
