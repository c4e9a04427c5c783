#include "testing/benchmarks/works/measuring.h"

#include <time.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>

namespace cohort::benchmarks {
namespace {

double ProcessorTime() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

}  // namespace

Stopwatch::Stopwatch() : begin_(Clock::now()), processor_(ProcessorTime()) {}

double Stopwatch::Nanoseconds() const {
  return std::chrono::duration<double, std::nano>(Clock::now() - begin_).count();
}

double Stopwatch::ProcessorNanoseconds() const { return ProcessorTime() - processor_; }

double PeakResident() {
  std::ifstream status("/proc/self/status");
  double kibibytes = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kibibytes;
  }
  return kibibytes * 1024;
}

double Percentile(std::vector<double> values, double part) {
  const auto index = static_cast<std::size_t>(part * static_cast<double>(values.size() - 1));
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(index);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

void BeBusy(std::chrono::microseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (Clock::now() < end) {
  }
}

}  // namespace cohort::benchmarks
