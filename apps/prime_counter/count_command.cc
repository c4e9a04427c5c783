#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "apps/common/exit_code.h"
#include "apps/common/interrupt.h"
#include "apps/common/output.h"
#include "apps/common/progress.h"
#include "apps/common/stopwatch.h"
#include "apps/common/terminal.h"
#include "apps/prime_counter/command.h"
#include "apps/prime_counter/count_limits.h"
#include "apps/prime_counter/known_counts.h"
#include "apps/prime_counter/report.h"
#include "apps/prime_counter/with_executor.h"
#include "pools/usable_cpus.h"

namespace cohort::prime_counter {
namespace {

// Fewer numbers than this are not worth another worker.
constexpr std::uint64_t kNumbersPerWorker = 1'000'000;

CountRequest RequestOf(const Options& options) {
  CountRequest request = {options.kind, options.from, {}};
  for (const Limit& limit : options.limits) request.limits.push_back(limit.number);
  std::sort(request.limits.begin(), request.limits.end());
  const auto end = std::unique(request.limits.begin(), request.limits.end());
  request.limits.erase(end, request.limits.end());
  return request;
}

int WorkersFor(const Options& options, std::uint64_t numbers) {
  const int workers = options.workers > 0 ? options.workers : usable_cpus();
  const std::uint64_t useful = std::min<std::uint64_t>(numbers / kNumbersPerWorker, 1024);
  return std::clamp(static_cast<int>(useful), 1, workers);
}

// In the order in which the user gave the limits.
std::vector<CountRow> Rows(const Options& options, const std::vector<LimitCount>& counts) {
  std::vector<CountRow> rows;
  for (const Limit& limit : options.limits) {
    const auto count =
        std::lower_bound(counts.begin(), counts.end(), limit.number,
                         [](const LimitCount& a, std::uint64_t b) { return a.limit < b; });
    rows.push_back({limit.text, *count, {}});
    if (options.verify) rows.back().known = KnownCount(options.kind, limit.number);
  }
  return rows;
}

template <Executor E>
CountResult CountWithProgress(E& executor, const CountRequest& request, bool quiet) {
  apps::ProgressLine line(!quiet);
  const apps::Stopwatch time;
  const auto all = static_cast<double>(request.limits.back() - request.from);
  return CountLimits(executor, request, [&](std::uint64_t numbers) {
    if (line.Due()) line.Show(ProgressText(static_cast<double>(numbers), all, time.Seconds()));
    return !apps::InterruptRequested();
  });
}

std::string Report(const CountSummary& summary, const Options& options) {
  if (options.json) return CountJson(summary);
  if (options.plain) return PlainCounts(summary);
  return CountTable(summary, {.colour = apps::UseColour(STDOUT_FILENO),
                              .thousands = apps::IsTerminal(STDOUT_FILENO)});
}

void SayNotes(const CountSummary& summary, const Options& options) {
  if (!summary.error.empty()) apps::Say(kName, summary.error);
  if (options.quiet) return;
  if (summary.worker_deaths > 0) {
    apps::Say(kName, absl::StrCat(summary.worker_deaths,
                                  " worker(s) died; what they were at was counted again"));
  }
  if (apps::IsTerminal(STDERR_FILENO)) {
    apps::Say(kName, absl::StrFormat("%.2f s, %d worker(s)", summary.seconds, summary.workers));
  }
}

int ExitStatus(const CountSummary& summary) {
  if (summary.interrupted) return apps::kInterrupted;
  const bool wrong = std::any_of(summary.rows.begin(), summary.rows.end(), IsWrong);
  return wrong || !summary.error.empty() ? apps::kSomeFailed : apps::kSuccess;
}

}  // namespace

Outcome RunCount(const Options& options) {
  const CountRequest request = RequestOf(options);
  CountSummary summary = {.kind = options.kind, .from = options.from, .verify = options.verify};
  summary.workers = WorkersFor(options, request.limits.back() - request.from);
  const apps::Stopwatch time;
  const bool threads_left = WithExecutor(options.executor, summary.workers, [&](auto& executor) {
    const CountResult result = CountWithProgress(executor, request, options.quiet);
    summary.seconds = time.Seconds();
    summary.rows = Rows(options, result.counts);
    summary.error = result.error;
    summary.worker_deaths = executor.stats().worker_deaths;
    return IsComplete(summary) ? Leave::kDone : Leave::kAbandon;
  });
  summary.interrupted = !IsComplete(summary) && summary.error.empty();
  SayNotes(summary, options);
  const bool written = apps::WriteReport(kName, Report(summary, options));
  return {written ? ExitStatus(summary) : apps::kNotWritten, threads_left};
}

}  // namespace cohort::prime_counter
