// What a RateLimitedExecutor limits.

#ifndef COHORT_POOLS_RATE_LIMIT_OPTIONS_H_
#define COHORT_POOLS_RATE_LIMIT_OPTIONS_H_

#include "pools/timer.h"

namespace cohort {

struct RateLimitOptions {
  // Starts per second, evenly spaced; 0.1 is one in ten seconds. 0: no limit. Negative or not a
  // number: std::invalid_argument. Default: no limit.
  double calls_per_second = 0;

  // How many may start at once after a pause: the size of the bucket. Within any second no more
  // than this plus calls_per_second start, or what is due in a millisecond more: see the header of
  // RateLimitedExecutor. Default: 1. Less: std::invalid_argument.
  int burst = 1;

  // How many calls may be under way, from start to end, without those that wait for a future in a
  // wait of this library. 0: no limit. Negative: std::invalid_argument. Default: no limit.
  int max_concurrent = 0;

  // The clock, which must outlive the executor. Null: the system's monotonic one.
  Timer* timer = nullptr;
};

}  // namespace cohort

#endif  // COHORT_POOLS_RATE_LIMIT_OPTIONS_H_
