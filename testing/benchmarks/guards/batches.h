// Batches of tasks that take the same path each time, for guards that count. All tasks are
// submitted while the only worker is held up, and it then finds them all: how fast either side is
// makes no difference.

#ifndef COHORT_TESTING_BENCHMARKS_GUARDS_BATCHES_H_
#define COHORT_TESTING_BENCHMARKS_GUARDS_BATCHES_H_

#include <map>
#include <string>

namespace cohort::benchmarks {

// Does so many tasks.
using Batch = void (*)(int tasks);

// "submit", "post", "map" and so on: see batches.cc.
const std::map<std::string, Batch>& Batches();

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_GUARDS_BATCHES_H_
