// For the works: what a run is told to do, what it says at the end, clocks and counters.

#ifndef COHORT_TESTING_BENCHMARKS_WORKS_MEASURING_H_
#define COHORT_TESTING_BENCHMARKS_WORKS_MEASURING_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cohort::benchmarks {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::string work;
  int threads = 2;
  std::int64_t count = 1000;  // of tasks, elements, rounds: see each work
};

// What a work has measured. Of `value`, less is better.
struct Figures {
  std::string unit;
  double value = 0;
  std::vector<std::pair<std::string, double>> others = {};
};

// Wall time and processor time of all threads, from its construction on.
class Stopwatch {
 public:
  Stopwatch();
  double Nanoseconds() const;
  double ProcessorNanoseconds() const;

 private:
  Clock::time_point begin_;
  double processor_;
};

// The most memory that this program has had resident so far, in bytes. (Not getrusage's figure,
// which counts that of the process before it became this program.)
double PeakResident();

// Of values in any order, at least one. `part`: 0.5 for the median.
double Percentile(std::vector<double> values, double part);

// Keeps this thread busy until so much wall time is over.
void BeBusy(std::chrono::microseconds time);

// Keeps the compiler from leaving out what makes `value`.
template <typename T>
void Keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace cohort::benchmarks

#endif  // COHORT_TESTING_BENCHMARKS_WORKS_MEASURING_H_
