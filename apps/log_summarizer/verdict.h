// What is said of a line of a log.

#ifndef COHORT_APPS_LOG_SUMMARIZER_VERDICT_H_
#define COHORT_APPS_LOG_SUMMARIZER_VERDICT_H_

#include <cstddef>
#include <cstdint>

namespace cohort::log_summarizer {

// Only errors and warnings are told apart: `kOther` is a level such as INFO, `kNone` is no level.
enum class Level : std::uint8_t { kNone, kOther, kWarning, kError };

// How surely a line begins an event. A loose one has a level in its midst but no timestamp and no
// structure: in a log whose events have timestamps it is part of the event above it, in a log
// without them it is an event. Only the whole file can tell (see LineCounts).
enum class Footing : std::uint8_t { kFirm, kLoose };

struct Verdict {
  Level level = Level::kNone;
  Footing footing = Footing::kFirm;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// No more than this much of a line is looked at, in bytes after leading NULs, so that a line of any
// length is judged in constant memory and alike wherever blocks of it end.
inline constexpr std::size_t kMaxHead = 64 * 1024;

// A level word begins within this many bytes of its line.
inline constexpr std::size_t kLevelWindow = 128;

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_VERDICT_H_
