// Works for Cohort's process pool. `python_pools.py` does most of them with CPython's.
//
//   process_round_trip   one call after the other on one worker: the median
//   process_after_pause  the same after 1 ms in which all have gone to sleep
//   process_tiny         calls that each have a future, then all results: wall time for each
//   process_map          a map in chunks of one
//   process_map_64       a map in chunks of 64
//   process_map_auto     a map in chunks that the pool chooses
//   process_echo         1 MiB there and back: the median
//   process_argument     a string of 64 MiB, given away: the median
//   process_result       the same the other way
//   process_shared       the same in a SharedBuffer, filled here and read there
//   process_start        from no pool to the first result: the median
//   process_recovery     from the worker's SIGKILL to the next result: the median
//
// `count`: of calls or elements.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_PROCESS_WORKS_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_PROCESS_WORKS_H_

#include "testing/benchmarks/works/peer_main.h"

namespace cohort::benchmarks {

Works ProcessWorks();

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_PROCESS_WORKS_H_
