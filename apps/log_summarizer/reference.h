// The rules once more, byte by byte and without regard to speed, to compare with.

#ifndef COHORT_APPS_LOG_SUMMARIZER_REFERENCE_H_
#define COHORT_APPS_LOG_SUMMARIZER_REFERENCE_H_

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

#include "apps/log_summarizer/line_scanner.h"
#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

Verdict ReferenceLevelOf(std::string_view line);

LineCounts ReferenceCount(std::string_view text, Rule rule);

// About `size` bytes of lines made of what the rules look at, and of anything.
std::string RandomLog(std::mt19937_64& random, std::size_t size);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_REFERENCE_H_
