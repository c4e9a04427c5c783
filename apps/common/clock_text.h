// Times as people read them.

#ifndef COHORT_APPS_COMMON_CLOCK_TEXT_H_
#define COHORT_APPS_COMMON_CLOCK_TEXT_H_

#include <string>

namespace cohort::apps {

// 75.2 as "1:15", 3700 as "1:01:40".
std::string ClockText(double seconds);

// For the end of a progress line: "  0:35 left" when `part` of the work, from 0 to 1, has taken so
// many seconds. Empty at the beginning, when nobody can tell.
std::string TimeLeftText(double part, double seconds);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_CLOCK_TEXT_H_
