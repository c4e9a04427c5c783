// The loops that touch every byte, compiled for each instruction set and chosen at run time.

#ifndef COHORT_APPS_LOG_SUMMARIZER_SCAN_KERNELS_H_
#define COHORT_APPS_LOG_SUMMARIZER_SCAN_KERNELS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

// What these loops may read before the first and past the last byte they are given. It must be
// there, with any content.
inline constexpr std::size_t kScanPadding = 256;

// How many lines had each verdict, at [footing][level].
using VerdictCounts = std::array<std::array<std::uint64_t, 4>, 2>;

// The plain rule's state within a line that is not yet at its end.
struct SubstringState {
  bool error = false;
  bool warning = false;
};

// The functions for one instruction set.
struct Kernels {
  const char* name;

  // Adds the verdicts of the lines that end within [begin, end), where `begin` begins a line, and
  // returns the start of the line that does not.
  const char* (*scan_levels)(const char* begin, const char* end, VerdictCounts& counts);

  // Adds the lines that end within [begin, end) by the plain rule: one with "ERROR" is an error,
  // any other with "WARN" a warning. `state` is of the line at `begin`, and then of the one at
  // `end`. Returns where the line that does not end begins, or `begin` where none ends.
  const char* (*scan_substrings)(const char* begin, const char* end, SubstringState& state,
                                 VerdictCounts& counts);

  // The verdict on one line, given without its newline.
  Verdict (*judge_line)(const char* line, const char* end);
};

// The fastest for this processor.
const Kernels& BestKernels();

// All that this processor can run, the fastest first. They differ in nothing else.
std::vector<Kernels> UsableKernels();

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_SCAN_KERNELS_H_
