// Works for Cohort's process pool. `python_pools.py` does the same with CPython's.
//
//   process_round_trip  one call after the other on one worker, `count` times: the median
//   process_tiny        `count` calls, each with a future, then all results: wall time for each
//   process_echo        1 MiB there and back, `count` times: the median
//   process_start       from no pool to the first result, `count` times: the median

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_PROCESS_WORKS_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_PROCESS_WORKS_H_

#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

Works ProcessWorks();

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_PROCESS_WORKS_H_
