// The command line.

#ifndef COHORT_APPS_LOG_SUMMARIZER_OPTIONS_H_
#define COHORT_APPS_LOG_SUMMARIZER_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/log_summarizer/discover.h"
#include "apps/log_summarizer/line_scanner.h"
#include "apps/log_summarizer/summary.h"

namespace cohort::log_summarizer {

enum class Format { kTable, kJson, kJsonLines, kCsv };
enum class FailOn { kNever, kErrors, kWarnings };

struct Options {
  std::vector<std::string> paths;
  DiscoverOptions discover;
  Rule rule = Rule::kLevel;
  Format format = Format::kTable;
  Selection selection;
  int jobs = 0;  // 0: one for each processor
  FailOn fail_on = FailOn::kNever;
  std::optional<std::uint64_t> max_errors;
  std::optional<std::uint64_t> max_warnings;
  bool quiet = false;
};

// The options, or the exit status where there is nothing more to do: after --help, and after a
// message on standard error about a command line that is wrong.
struct ParsedOptions {
  std::optional<Options> options;
  int exit_status = 0;
};
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_OPTIONS_H_
