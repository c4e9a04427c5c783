// The severity of one line of a log, by the line's structure.
//
// The rule, in short (docs/apps/log_summarizer.md has it with examples):
//
//   {"level":"error",...}       JSON: the level field, a word or a number
//   ts=... level=warn msg=...   logfmt: the level key, outside quotes
//   <11>Jan  2 ...              syslog: the severity within <PRI>
//   E0102 03:04:05.678 ...      glog, klog, logcat: the letter
//   2026-01-02 03:04:05 ERROR   otherwise the first level word that stands on its own near the
//   start
//
// An indented line, and a line of a stack trace, has no level: it belongs to the event above it.

#ifndef COHORT_APPS_LOG_SUMMARIZER_LEVEL_H_
#define COHORT_APPS_LOG_SUMMARIZER_LEVEL_H_

#include <string_view>

#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

// The verdict on one line, given without its newline. Any bytes are fine.
Verdict LevelOf(std::string_view line);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_LEVEL_H_
