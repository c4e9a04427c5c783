// The result: what is reported of each file and of all.

#ifndef COHORT_APPS_LOG_SUMMARIZER_SUMMARY_H_
#define COHORT_APPS_LOG_SUMMARIZER_SUMMARY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/log_summarizer/content.h"

namespace cohort::log_summarizer {

struct Totals {
  std::uint64_t lines = 0;
  std::uint64_t errors = 0;
  std::uint64_t warnings = 0;
  std::uint64_t bytes = 0;
  Totals& operator+=(const Totals& other);
  friend bool operator==(const Totals&, const Totals&) = default;
};

struct FileSummary {
  std::string name;
  Totals totals = {};  // of what could be read
  Content content = {};
  std::string error = {};    // why it could not be read (to its end), or ""
  bool interrupted = false;  // the user ended it before its end, or before its start
};

struct Summary {
  std::vector<FileSummary> files;
  Totals total;              // of all files, also when `files` is cut to the top ones
  std::size_t left_out = 0;  // files that Select() took out
  bool interrupted = false;  // some file was
  bool failed = false;       // some file could not be read (to its end)
};

enum class SortKey { kErrors, kWarnings, kLines, kBytes, kName };

struct Selection {
  SortKey sort = SortKey::kErrors;
  std::size_t top = 0;  // 0: all
  std::uint64_t min_errors = 0;
};

// Sorts the files, the highest numbers first and equal ones by name, and leaves out those that are
// not wanted. A file that could not be read is never left out.
void Select(Summary& summary, const Selection& selection);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_SUMMARY_H_
