#include "apps/api_fetcher/progress_report.h"

#include <unistd.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/bounded_write.h"
#include "apps/api_fetcher/program_name.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

constexpr double kPlainSeconds = 5;

std::string OfTotal(std::uint64_t done, std::uint64_t total) {
  const std::uint64_t percent = total == 0 ? 100 : 100 * done / total;
  return absl::StrCat(" of ", apps::WithThousands(total), " (", percent, " %)");
}

}  // namespace

std::string ProgressText(const RunState& state, std::optional<std::uint64_t> total) {
  std::string text = apps::WithThousands(state.done);
  if (total) absl::StrAppend(&text, OfTotal(state.done, *total));
  if (state.failed > 0) absl::StrAppend(&text, ", ", apps::WithThousands(state.failed), " failed");
  const double rate = state.seconds > 0 ? static_cast<double>(state.done) / state.seconds : 0;
  absl::StrAppend(&text, ", ", apps::WithThousands(static_cast<std::uint64_t>(rate)), "/s, ",
                  apps::WithByteUnit(static_cast<double>(state.bytes)));
  return text;
}

ProgressReport::ProgressReport(Progress kind)
    : kind_(kind), line_(kind == Progress::kAuto), next_plain_(kPlainSeconds) {}

void ProgressReport::Show(const RunState& state, std::optional<std::uint64_t> total) {
  if (line_.Due()) line_.Show(ProgressText(state, total));
  if (kind_ != Progress::kPlain || state.seconds < next_plain_) return;
  // Left out where it would block: the run must not wait for whoever reads this.
  WriteUntil(STDERR_FILENO, absl::StrCat(kName, ": ", ProgressText(state, total), "\n"),
             std::chrono::steady_clock::now());
  next_plain_ = state.seconds + kPlainSeconds;
}

}  // namespace cohort::api_fetcher
