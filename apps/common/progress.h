// A line on the terminal that says how far the work is.

#ifndef COHORT_APPS_COMMON_PROGRESS_H_
#define COHORT_APPS_COMMON_PROGRESS_H_

#include <chrono>
#include <string_view>

namespace cohort::apps {

// Writes to standard error where that is a terminal, and nothing otherwise. The line is gone when
// the object is. For one thread.
class ProgressLine {
 public:
  explicit ProgressLine(bool enabled);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  // Whether it is time for an update: at most ten a second, the first after half a second, so that
  // short work shows nothing.
  bool Due();

  // `text` is shown in place of what was.
  void Show(std::string_view text);

 private:
  using Clock = std::chrono::steady_clock;

  bool enabled_;
  bool shown_ = false;
  Clock::time_point next_;
};

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_PROGRESS_H_
