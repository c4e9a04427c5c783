// How far a run is, on standard error: a line that changes on a terminal, or a line now and then.

#ifndef COHORT_APPS_API_FETCHER_PROGRESS_REPORT_H_
#define COHORT_APPS_API_FETCHER_PROGRESS_REPORT_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/runner.h"
#include "apps/common/progress.h"

namespace cohort::api_fetcher {

// "1,234 of 20,000 (6 %), 3 failed, 1,180/s, 12.3 MB". `total`: nothing where it is not known.
std::string ProgressText(const RunState& state, std::optional<std::uint64_t> total);

// For one thread.
class ProgressReport {
 public:
  explicit ProgressReport(Progress kind);

  void Show(const RunState& state, std::optional<std::uint64_t> total);

 private:
  const Progress kind_;
  apps::ProgressLine line_;
  double next_plain_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_PROGRESS_REPORT_H_
