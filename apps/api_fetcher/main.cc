// api_fetcher: fetches many URLs at a time. See --help and docs/apps/api_fetcher.md.

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/bounded_write.h"
#include "apps/api_fetcher/descriptors.h"
#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/program_name.h"
#include "apps/api_fetcher/progress_report.h"
#include "apps/api_fetcher/request_source.h"
#include "apps/api_fetcher/results.h"
#include "apps/api_fetcher/resume.h"
#include "apps/api_fetcher/runner.h"
#include "apps/api_fetcher/summary.h"
#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/common/terminal.h"
#include "apps/common/users_directory.h"

namespace cohort::api_fetcher {
namespace {

using Clock = std::chrono::steady_clock;

// How long a signal may wait for a reader who does not read.
constexpr std::chrono::milliseconds kPatience(50);

void Say(std::string_view message) { apps::Say(kName, message); }

int UsageError(std::string_view message) {
  Say(message);
  return apps::kUsage;
}

// What is wrong with a line of the input.
void Note(const std::string& text) { Say(text); }

// Waits for a slow reader, but not after a signal. False after an error, of which the user has been
// told unless the reader has just seen enough.
bool WriteUrls(std::string_view text) {
  while (!text.empty() && !apps::InterruptRequested()) {
    const Written written = WriteUntil(STDOUT_FILENO, text, Clock::now() + kPatience);
    if (written.error && written.error != std::errc::broken_pipe) {
      Say("the URLs cannot be written: " + written.error.message());
    }
    if (written.error) return false;
    text.remove_prefix(written.bytes);
  }
  return true;
}

int DryRun(RequestSource& source, const Resume& resume) {
  std::string text;
  while (!apps::InterruptRequested()) {
    const std::optional<Request> request = source.Next();
    if (!request) break;
    if (resume.IsDone(*request)) continue;
    absl::StrAppend(&text, request->url, "\n");
    if (text.size() < 64 << 10) continue;
    if (!WriteUrls(text)) return apps::kNotWritten;
    text.clear();
  }
  if (!WriteUrls(text)) return apps::kNotWritten;
  if (apps::InterruptRequested()) return apps::kInterrupted;
  return source.rejected() > 0 ? apps::kSomeFailed : apps::kSuccess;
}

std::string SummaryText(const Summary& summary, const RunFacts& facts, SummaryFormat format) {
  if (format == SummaryFormat::kNone) return "";
  return format == SummaryFormat::kJson ? JsonOf(summary, facts) : TextOf(summary, facts);
}

std::string Line(std::string_view message) { return absl::StrCat(kName, ": ", message, "\n"); }

// What the user has to be told of the end of a run, before its summary.
std::string NotesOn(const RunEnd& end, std::error_code error, int status) {
  std::string notes;
  if (!end.source_error.empty()) notes += Line(end.source_error);
  if (error && error != std::errc::broken_pipe) {
    notes += Line("the records cannot be written: " + error.message());
  }
  if (end.unwritten > 0) {
    notes += Line(absl::StrCat(apps::WithThousands(end.unwritten),
                               " records are lost: their reader does not read, and the run had to "
                               "end (--resume fetches them again)"));
  }
  if (status == apps::kNothingToDo) {
    notes += Line("nothing was asked for: the input has no URLs");
  }
  return notes;
}

int ExitStatus(const RunEnd& end, const Summary& summary) {
  if (!end.written) return apps::kNotWritten;
  if (end.interrupted) return apps::kInterrupted;
  if (!end.source_error.empty()) return apps::kUsage;
  if (summary.failed() > 0 || end.facts.rejected > 0 || !end.facts.complete) {
    return apps::kSomeFailed;
  }
  const bool nothing = summary.done() == 0 && end.facts.skipped == 0;
  return nothing ? apps::kNothingToDo : apps::kSuccess;
}

int Report(const Options& options, const Results& results, const RunEnd& end) {
  const Summary summary = results.summary();
  const int status = ExitStatus(end, summary);
  const std::string text = NotesOn(end, results.error(), status) +
                           SummaryText(summary, end.facts, options.output.summary);
  if (end.unwritten > 0) {
    // Who does not read the records may be the one who does not read this either.
    WriteUntil(STDERR_FILENO, text, Clock::now() + kPatience);
  } else {
    apps::WriteAll(STDERR_FILENO, text);
  }
  return status;
}

int Fetch(const Options& options, RequestSource& source, const Resume& resume) {
  const Descriptors descriptors = ReserveDescriptors(options.pace.concurrency);
  if (!descriptors.problem.empty()) return UsageError(descriptors.problem);
  if (resume.IsTornFile(STDOUT_FILENO)) apps::WriteAll(STDOUT_FILENO, "\n");
  Results results(options.output.format, options.output.ordered, STDOUT_FILENO);
  Runner runner(options, source, resume, results, descriptors.idle_connections);
  RunEnd end;
  {
    const std::optional<std::uint64_t> total = source.total();
    ProgressReport progress(options.output.progress);
    end = runner.Run([&](const RunState& state) { progress.Show(state, total); });
  }
  const int status = Report(options, results, end);
  if (end.threads_left) std::_Exit(status);
  return status;
}

// "" or what is wrong.
std::string MakeDirectory(const std::string& directory) {
  std::error_code error;
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  return error ? absl::StrCat("-o ", directory, ": ", error.message()) : "";
}

Resume ReadResume(const Options& options) {
  if (options.resume_file.empty()) return {};
  Resume resume(options.resume_file);
  if (resume.is_missing() && !options.output.quiet) {
    Say(absl::StrCat("--resume ", apps::Printable(options.resume_file),
                     ": there is no such file yet, so everything is fetched"));
  }
  return resume;
}

int Run(const Options& options) try {
  const Resume resume = ReadResume(options);
  RequestSource source(options.source, Note);
  if (options.dry_run) return DryRun(source, resume);
  if (options.answers.overwrite && source.repeats_ids()) {
    return UsageError(
        "--overwrite: several URLs have the same id, and so the same file; leave it out, and the "
        "files are numbered, or fetch each URL by a run with a directory of its own");
  }
  const std::string problem = MakeDirectory(options.answers.directory);
  if (!problem.empty()) return UsageError(problem);
  if (options.send.insecure && !options.output.quiet) Say("-k: certificates are not verified");
  return Fetch(options, source, resume);
} catch (const std::exception& error) {
  return UsageError(error.what());
}

}  // namespace
}  // namespace cohort::api_fetcher

int main(int argc, char** argv) {
  namespace apps = cohort::apps;
  namespace api_fetcher = cohort::api_fetcher;
  apps::IgnoreBrokenPipes();
  apps::EnterUsersDirectory();
  const api_fetcher::ParsedOptions parsed = api_fetcher::ParseOptions(argc, argv);
  if (!parsed.options) return parsed.exit_status;
  apps::CatchInterrupts(2);
  return api_fetcher::Run(*parsed.options);
}
