#include "apps/log_summarizer/options.h"

#include <map>

#include "CLI/CLI.hpp"
#include "apps/common/command_line.h"

namespace cohort::log_summarizer {
namespace {

constexpr char kDescription[] =
    "Counts lines, errors and warnings of log files, on all processors.\n"
    "A line counts by the level of its event, not by the words in it.";

constexpr char kExamples[] = R"(
Examples:
  log_summarizer /var/log                     every *.log in there, rotated and compressed ones too
  log_summarizer -r --ext log,txt services    subdirectories too, and *.txt
  log_summarizer 'app-2026-*.log.gz' --top 5  the five files with the most errors
  kubectl logs deploy/shop | log_summarizer -
  log_summarizer build.log --fail-on errors   in CI: exit status 3 if there is an error
  log_summarizer logs --format json | jq '.files[] | select(.errors > 0).file'

What counts as an error (a warning):
  2026-03-12 08:15:00 ERROR ...   the first level word that stands on its own near the start of the
                                  line, in any case: ERROR ERR FATAL SEVERE CRIT CRITICAL ALERT
                                  EMERG PANIC (WARN WARNING); not "0 errors", not ERROR_TIMEOUT
  {"level":"error", ...}          JSON: level, severity, lvl, log.level; words, and the numbers of
                                  bunyan and pino: 50 and up (40)
  ts=... level=error ...          logfmt
  <11>Mar 12 ...                  syslog: severity 0 to 3 (4)
  E0312 08:15:00.000 ...          glog, klog, logcat: E and F (W)
Indented lines and stack traces belong to the event above: they are counted as lines only.
With --rule substring a line counts that has ERROR (otherwise WARN) anywhere in it.

Exit status: 0 all was read; 1 some file was not; 2 the command line is wrong; 3 --fail-on,
--max-errors or --max-warnings says so; 4 the report could not be written; 130 interrupted.)";

const std::map<std::string, Rule> kRules = {{"level", Rule::kLevel},
                                            {"substring", Rule::kSubstring}};
const std::map<std::string, Format> kFormats = {{"table", Format::kTable},
                                                {"json", Format::kJson},
                                                {"jsonl", Format::kJsonLines},
                                                {"csv", Format::kCsv}};
const std::map<std::string, FailOn> kFailOns = {
    {"never", FailOn::kNever}, {"errors", FailOn::kErrors}, {"warnings", FailOn::kWarnings}};
const std::map<std::string, SortKey> kSortKeys = {{"errors", SortKey::kErrors},
                                                  {"warnings", SortKey::kWarnings},
                                                  {"lines", SortKey::kLines},
                                                  {"bytes", SortKey::kBytes},
                                                  {"name", SortKey::kName}};

// An option whose value is a number from 0 on.
template <typename T>
void AddNumber(CLI::App& app, const std::string& name, T& value, const std::string& description) {
  app.add_option(name, value, description)
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("N");
}

void AddInputOptions(CLI::App& app, Options& options) {
  app.add_option("PATH", options.paths, "Files, directories, patterns; - for standard input")
      ->required()
      ->type_name("");
  app.add_flag("-r,--recursive", options.discover.recursive, "Look into subdirectories");
  app.add_option("--ext", options.discover.extensions,
                 "What names in directories end with; default log, '*' for all")
      ->delimiter(',')
      ->type_name("EXT[,EXT]")
      ->allow_extra_args(false);
  app.add_flag("--hidden", options.discover.hidden, "Files and directories named .* as well");
  app.add_flag("-L,--follow", options.discover.follow_symlinks,
               "Symbolic links in directories as well");
}

void AddReportOptions(CLI::App& app, Options& options) {
  apps::AddChoice(app, "--rule", options.rule, kRules, "What makes a line an error; default level");
  apps::AddChoice(app, "-f,--format", options.format, kFormats, "Default table");
  apps::AddChoice(app, "--sort", options.selection.sort, kSortKeys,
                  "Highest first, names by alphabet; default errors");
  AddNumber(app, "--top", options.selection.top, "Only the first N files; the total is of all");
  AddNumber(app, "--min-errors", options.selection.min_errors, "Only files with N errors or more");
}

void AddRunOptions(CLI::App& app, Options& options) {
  apps::AddChoice(app, "--fail-on", options.fail_on, kFailOns,
                  "Exit with 3 if there are errors, or even warnings");
  AddNumber(app, "--max-errors", options.max_errors, "Exit with 3 if there are more than N errors");
  AddNumber(app, "--max-warnings", options.max_warnings,
            "Exit with 3 if there are more than N warnings");
  app.add_option("-j,--jobs", options.jobs, "Threads; default one for each processor")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  app.add_flag("-q,--quiet", options.quiet, "No progress and no notes, only errors");
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  Options options;
  CLI::App app(kDescription, "log_summarizer");
  app.footer(kExamples);
  app.get_formatter()->column_width(30);
  AddInputOptions(app, options);
  AddReportOptions(app, options);
  AddRunOptions(app, options);
  if (const auto status = apps::ParseCommandLine(app, argc, argv)) return {std::nullopt, *status};
  return {std::move(options)};
}

}  // namespace cohort::log_summarizer
