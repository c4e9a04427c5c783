// Levels in fields: JSON, logfmt and syslog's priority. No function reads past `end`.

#ifndef COHORT_APPS_LOG_SUMMARIZER_STRUCTURED_LEVEL_H_
#define COHORT_APPS_LOG_SUMMARIZER_STRUCTURED_LEVEL_H_

#include <string_view>

#include "absl/strings/ascii.h"
#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

struct JsonLevel {
  Level level = Level::kNone;
  // Without a level: the still escaped text of a "log" field, in which container runtimes wrap the
  // line that the program wrote.
  std::string_view wrapped;
};

// The level field of the object that begins at `at`, at any place among its keys: level, severity,
// lvl, log.level and their kin, or log: {level}. What a string contains is never taken for a field.
JsonLevel LevelOfJson(const char* at, const char* end);

// The level where the text after the opening quote at `at` is a level key with its value.
Level LevelOfJsonKey(const char* at, const char* end);

// The level key of a line of key=value pairs, which blanks part. A key within quotes is none.
Level LevelOfLogfmt(const char* at, const char* end);

inline bool IsLogfmtKeyChar(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-' || c == '@' || c == '/';
}

// Whether `key` is one that logfmt and JSON use for the level.
bool IsLevelKey(std::string_view key);

// The level in a logfmt value that begins at `at`: a word, quoted or not, or a number. A value that
// is none of the known levels is kOther.
Level LevelOfLogfmtValue(const char* at, const char* end);

// The severity of "<PRI>" at the start of a line, or kNone.
Level LevelOfPriority(const char* at, const char* end);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_STRUCTURED_LEVEL_H_
