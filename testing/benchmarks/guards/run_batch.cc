// For guards that count from outside: run_batch BATCH TASKS. Ends with the exit status 77 where the
// compiler was not told to optimise: counts then say nothing.

#include <cstdlib>
#include <iostream>

#include "testing/benchmarks/guards/batches.h"

int main(int argc, char** argv) {
#ifndef __OPTIMIZE__
  return 77;
#endif
  const auto& batches = cohort::benchmarks::Batches();
  const auto batch = argc == 3 ? batches.find(argv[1]) : batches.end();
  if (batch == batches.end()) {
    std::cerr << "usage: run_batch BATCH TASKS\n";
    return 2;
  }
  batch->second(std::atoi(argv[2]));
}
