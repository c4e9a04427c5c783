// How long something takes.

#ifndef COHORT_APPS_COMMON_STOPWATCH_H_
#define COHORT_APPS_COMMON_STOPWATCH_H_

#include <chrono>

namespace cohort::apps {

// Runs from its construction on.
class Stopwatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_STOPWATCH_H_
