// For benchmarks: what a run of a program costs.

#ifndef COHORT_APPS_COMMON_MEASURE_H_
#define COHORT_APPS_COMMON_MEASURE_H_

#include <string>
#include <vector>

namespace cohort::apps {

struct Cost {
  double wall = 0;       // seconds
  double processor = 0;  // seconds, of all threads, in the program and in the kernel for it
  double memory = 0;     // resident, at most, in bytes; at least this program's own
};

// Runs `command`, whose output goes nowhere. Ends this program where it cannot be run.
Cost Measure(const std::vector<std::string>& command);

// Runs `command` and returns its output.
std::string OutputOf(const std::vector<std::string>& command);

// Each number's median.
Cost MedianOf(std::vector<Cost> costs);

// Whether PATH has the program.
bool IsInstalled(const std::string& program);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_MEASURE_H_
