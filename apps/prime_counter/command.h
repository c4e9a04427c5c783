// What the program does, from options to exit status.

#ifndef COHORT_APPS_PRIME_COUNTER_COMMAND_H_
#define COHORT_APPS_PRIME_COUNTER_COMMAND_H_

#include "apps/prime_counter/options.h"

namespace cohort::prime_counter {

inline constexpr char kName[] = "prime_counter";

struct Outcome {
  int exit_status = 0;
  // Threads still compute what nobody wants: the process must end by std::_Exit.
  bool threads_left = false;
};

// `prime_counter LIMIT...`
Outcome RunCount(const Options& options);

// `prime_counter is NUMBER...`. Throws BrokenExecutor where there can be no workers.
Outcome RunIs(const Options& options);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_COMMAND_H_
