// log_summarizer: counts lines, errors and warnings of log files. See --help and
// docs/apps/log_summarizer.md.

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/common/progress.h"
#include "apps/common/terminal.h"
#include "apps/common/users_directory.h"
#include "apps/log_summarizer/discover.h"
#include "apps/log_summarizer/options.h"
#include "apps/log_summarizer/plan.h"
#include "apps/log_summarizer/report.h"
#include "apps/log_summarizer/summarize.h"
#include "apps/log_summarizer/summary.h"
#include "pools/thread_pool_executor.h"
#include "pools/usable_cpus.h"

namespace cohort::log_summarizer {
namespace {

constexpr char kName[] = "log_summarizer";

void Say(const std::string& message) { apps::Say(kName, message); }

void ShowProgress(apps::ProgressLine& line, const Progress& progress) {
  if (!line.Due()) return;
  const std::size_t percent = 100 * progress.tasks / progress.all_tasks;
  line.Show(absl::StrCat(percent, " %  ", apps::WithByteUnit(static_cast<double>(progress.bytes)),
                         " read"));
}

Summary CountAll(const Options& options, const std::vector<FoundFile>& files) {
  const int jobs = options.jobs > 0 ? options.jobs : usable_cpus();
  std::vector<Batch> batches = Plan(files, jobs);
  const int useful = static_cast<int>(std::min<std::size_t>(batches.size(), 1024));
  ThreadPoolExecutor pool(
      {.max_workers = std::clamp(useful, 1, jobs), .thread_name_prefix = kName});
  apps::ProgressLine line(!options.quiet);
  return Summarize(pool, files, std::move(batches), options.rule,
                   [&](const Progress& progress) { ShowProgress(line, progress); });
}

std::string Report(const Summary& summary, const Options& options) {
  switch (options.format) {
    case Format::kJson:
      return JsonReport(summary, options.rule);
    case Format::kJsonLines:
      return JsonLinesReport(summary, options.rule);
    case Format::kCsv:
      return CsvReport(summary);
    default:
      return TableReport(summary, {.colour = apps::UseColour(STDOUT_FILENO),
                                   .thousands = apps::IsTerminal(STDOUT_FILENO)});
  }
}

void SayWhatFailed(const Summary& summary) {
  for (const FileSummary& file : summary.files) {
    if (!file.error.empty()) Say(absl::StrCat(apps::Printable(file.name), ": ", file.error));
  }
}

bool IsOverLimit(const Totals& total, const Options& options) {
  if (options.max_errors && total.errors > *options.max_errors) return true;
  if (options.max_warnings && total.warnings > *options.max_warnings) return true;
  if (options.fail_on == FailOn::kNever) return false;
  return total.errors > 0 || (options.fail_on == FailOn::kWarnings && total.warnings > 0);
}

int ExitStatus(const Summary& summary, const Options& options) {
  if (summary.interrupted) return apps::kInterrupted;
  if (IsOverLimit(summary.total, options)) return apps::kThreshold;
  return summary.failed ? apps::kSomeFailed : apps::kSuccess;
}

int Run(const Options& options) {
  const Discovery discovery = Discover(options.paths, options.discover);
  for (const std::string& note : discovery.notes) {
    if (!options.quiet) Say(apps::Printable(note));
  }
  Summary summary = CountAll(options, discovery.files);
  Select(summary, options.selection);
  SayWhatFailed(summary);
  if (!apps::WriteReport(kName, Report(summary, options))) return apps::kNotWritten;
  return ExitStatus(summary, options);
}

}  // namespace
}  // namespace cohort::log_summarizer

int main(int argc, char** argv) {
  namespace apps = cohort::apps;
  namespace log_summarizer = cohort::log_summarizer;
  apps::IgnoreBrokenPipes();
  const log_summarizer::ParsedOptions parsed = log_summarizer::ParseOptions(argc, argv);
  if (!parsed.options) return parsed.exit_status;
  apps::EnterUsersDirectory();
  apps::CatchInterrupts();
  return log_summarizer::Run(*parsed.options);
}
