// What the applications' exit statuses mean.

#ifndef COHORT_APPS_COMMON_EXIT_CODE_H_
#define COHORT_APPS_COMMON_EXIT_CODE_H_

namespace cohort::apps {

enum ExitCode : int {
  kSuccess = 0,
  kSomeFailed = 1,     // one of many could not be done; the others were
  kUsage = 2,          // the command line is wrong; nothing was done
  kThreshold = 3,      // all went well, and the result is what the user said is a failure
  kNothingToDo = 3,    // nothing was asked for
  kNotWritten = 4,     // the result could not be written
  kInterrupted = 130,  // Ctrl-C; what there is has been written
};

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_EXIT_CODE_H_
