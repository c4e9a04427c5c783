// How the work is cut into tasks.

#ifndef COHORT_APPS_LOG_SUMMARIZER_PLAN_H_
#define COHORT_APPS_LOG_SUMMARIZER_PLAN_H_

#include <cstdint>
#include <vector>

#include "apps/log_summarizer/discover.h"
#include "apps/log_summarizer/part.h"

namespace cohort::log_summarizer {

// One task's work.
using Batch = std::vector<Part>;

// Large plain files in pieces, small files many together, in the order to be started: the biggest
// first, streams before all. So workers end at about the same time, whatever the files' sizes.
// `workers`: how many there will be at most.
std::vector<Batch> Plan(const std::vector<FoundFile>& files, int workers);

// A file larger than this is cut at multiples of it.
inline constexpr std::uint64_t kPieceSize = 4 << 20;

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_PLAN_H_
