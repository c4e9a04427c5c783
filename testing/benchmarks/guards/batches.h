// Batches of tasks that take the same path each time, for guards that count. They are submitted
// while the only worker is held up, and it then finds them all: how fast either side is makes no
// difference.
//
// For "process_submit" it still makes some: what does not fit in the rings between the processes
// waits in the parent, and how often one side then waits for the other depends on the machine. Its
// limits need room for that.

#ifndef COHORT_TESTING_BENCHMARKS_GUARDS_BATCHES_H_
#define COHORT_TESTING_BENCHMARKS_GUARDS_BATCHES_H_

#include <map>
#include <string>

namespace cohort::benchmarks {

// Does so many tasks.
using Batch = void (*)(int tasks);

// "submit", "post", "map" and so on: see batches.cc. The number of tasks is to be a multiple of
// 1,000: some do them in rounds of so many.
const std::map<std::string, Batch>& Batches();

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_GUARDS_BATCHES_H_
