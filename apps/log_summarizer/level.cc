#include "apps/log_summarizer/level.h"

#include <string>

#include "apps/log_summarizer/scan_kernels.h"

namespace cohort::log_summarizer {

Verdict LevelOf(std::string_view line) {
  std::string padded(kScanPadding, '\0');
  padded.append(line).append(kScanPadding, '\0');
  const char* begin = padded.data() + kScanPadding;
  return BestKernels().judge_line(begin, begin + line.size());
}

}  // namespace cohort::log_summarizer
