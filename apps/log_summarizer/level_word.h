// Level words within a line of text.

#ifndef COHORT_APPS_LOG_SUMMARIZER_LEVEL_WORD_H_
#define COHORT_APPS_LOG_SUMMARIZER_LEVEL_WORD_H_

#include <string_view>

#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

// The level that stands at `at` in the line [line, end), where `at` begins a word: a level word, a
// `level=` field, or the letter of glog and logcat; otherwise kNone. Reads eight bytes from `at`
// on, also past `end`.
Level LevelAt(const char* at, const char* line, const char* end);

inline bool StartsWithDigit(const char* line) { return *line >= '0' && *line <= '9'; }

// Whether glog's and klog's letter stands at `at`, whichever it is: "E0312 08:15:00", or with a
// year "E20260312 08:15:00".
bool IsGlog(const char* at, const char* end);

// Whether the line, whose level stands at `at`, is surely the start of an event.
bool IsFirm(const char* at, const char* line, const char* end);

// Whether a line begins as those of stack traces do that are not indented.
bool IsTraceLine(std::string_view line);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_LEVEL_WORD_H_
