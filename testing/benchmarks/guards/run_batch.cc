// For guards that count from outside.
//
//   run_batch BATCH TASKS
//   run_batch --made-by      processor and compiler, such as "x86_64 GCC 12"
//
// Ends with the exit status 77 where the compiler was not told to optimise: counts then say
// nothing.

#include <sys/utsname.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "testing/benchmarks/guards/batches.h"

namespace {

#ifdef __clang__
constexpr const char* kCompiler = "Clang";
constexpr int kMajor = __clang_major__;
#else
constexpr const char* kCompiler = "GCC";
constexpr int kMajor = __GNUC__;
#endif

int PrintMadeBy() {
  utsname system;
  if (uname(&system) != 0) return 1;
  std::cout << system.machine << ' ' << kCompiler << ' ' << kMajor << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
#ifndef __OPTIMIZE__
  return 77;
#endif
  if (argc == 2 && std::string_view(argv[1]) == "--made-by") return PrintMadeBy();
  const auto& batches = cohort::benchmarks::Batches();
  const auto batch = argc == 3 ? batches.find(argv[1]) : batches.end();
  if (batch == batches.end()) {
    std::cerr << "usage: run_batch BATCH TASKS\n";
    return 2;
  }
  batch->second(std::atoi(argv[2]));
}
