#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "apps/common/clock_text.h"
#include "apps/common/terminal.h"
#include "apps/image_resizer/report.h"

namespace cohort::image_resizer {
namespace {

void Count(Totals& totals, const FileResult& file) {
  ++totals.files;
  switch (file.outcome) {
    case Outcome::kNotDone:
      ++totals.not_done;
      break;
    case Outcome::kResized:
      ++totals.resized;
      totals.source_bytes += file.source_bytes;
      totals.target_bytes += file.target_bytes;
      if (!file.warnings.empty()) ++totals.with_warnings;
      break;
    case Outcome::kUpToDate:
      ++totals.up_to_date;
      break;
    case Outcome::kFailed:
      ++totals.failed;
      break;
  }
}

std::string BytesText(std::uint64_t bytes) {
  return apps::WithByteUnit(static_cast<double>(bytes));
}

double PerSecond(std::size_t images, double seconds) {
  return seconds > 0 ? static_cast<double>(images) / seconds : 0;
}

void AppendCount(std::string& line, std::size_t count, const char* what) {
  if (count > 0) absl::StrAppend(&line, "; ", count, " ", what);
}

}  // namespace

Totals TotalsOf(const std::vector<FileResult>& files) {
  Totals totals;
  for (const FileResult& file : files) Count(totals, file);
  return totals;
}

std::string SummaryLine(const RunReport& report) {
  const Totals totals = TotalsOf(report.files);
  std::string line = report.interrupted ? "INTERRUPTED: " : "";
  absl::StrAppendFormat(&line, "%d resized in %.2f s", totals.resized, report.seconds);
  if (totals.resized > 0) {
    absl::StrAppendFormat(&line, " (%.1f images/s), %s -> %s",
                          PerSecond(totals.resized, report.seconds), BytesText(totals.source_bytes),
                          BytesText(totals.target_bytes));
  }
  AppendCount(line, totals.up_to_date, "up to date");
  AppendCount(line, totals.with_warnings, "with warnings");
  AppendCount(line, totals.failed, "failed");
  AppendCount(line, totals.not_done, "not done");
  return line + "\n";
}

std::vector<std::string> FailureLines(const std::vector<FileResult>& files) {
  std::vector<std::string> lines;
  for (const FileResult& file : files) {
    if (file.outcome != Outcome::kFailed) continue;
    lines.push_back(apps::Printable(absl::StrCat(file.source, ": ", file.error)));
  }
  return lines;
}

std::vector<std::string> WarningLines(const std::vector<FileResult>& files) {
  std::vector<std::string> lines;
  for (const FileResult& file : files) {
    if (file.outcome != Outcome::kResized || file.warnings.empty()) continue;
    const std::string warnings = absl::StrJoin(file.warnings, "; ");
    lines.push_back(apps::Printable(absl::StrCat(file.source, ": warning: ", warnings)));
  }
  return lines;
}

std::string DryRunLines(const std::vector<FileResult>& files) {
  std::string lines;
  for (const FileResult& file : files) {
    if (file.outcome != Outcome::kNotDone) continue;
    absl::StrAppend(&lines, apps::Printable(file.source), " -> ", apps::Printable(file.target),
                    "\n");
  }
  return lines;
}

// The share is that of the bytes: large images come first.
std::string ProgressText(const Batch& batch, double seconds) {
  const auto all = static_cast<double>(batch.all_bytes());
  const double part = all > 0 ? static_cast<double>(batch.done_bytes()) / all : 0;
  return absl::StrFormat("%d of %d  %.1f images/s", batch.done(), batch.results().size(),
                         PerSecond(batch.done(), seconds)) +
         apps::TimeLeftText(part, seconds);
}

}  // namespace cohort::image_resizer
