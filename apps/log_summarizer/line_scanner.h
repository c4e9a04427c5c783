// Counts lines and their levels in a stream of bytes, in constant memory.

#ifndef COHORT_APPS_LOG_SUMMARIZER_LINE_SCANNER_H_
#define COHORT_APPS_LOG_SUMMARIZER_LINE_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "apps/log_summarizer/scan_kernels.h"
#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

// What makes a line an error or a warning.
enum class Rule : std::uint8_t {
  kLevel,      // the level of the event that it begins (level.h)
  kSubstring,  // the letters "ERROR", otherwise "WARN", anywhere in it
};

// Totals of lines. Those of the parts of a file, in whatever order, add up to those of the file.
struct LineCounts {
  std::uint64_t lines() const;
  std::uint64_t errors() const { return Of(Level::kError); }
  std::uint64_t warnings() const { return Of(Level::kWarning); }
  LineCounts& operator+=(const LineCounts& other);
  friend bool operator==(const LineCounts&, const LineCounts&) = default;

  VerdictCounts by_verdict{};

 private:
  // Of a whole file: loose lines are events of their own where they outnumber the firm ones, and
  // otherwise parts of other events.
  std::uint64_t Of(Level level) const;
};

// One stream at a time:
//
//   scanner.Start();
//   while (std::size_t n = Read(scanner.space())) scanner.Take(n);
//   counts += scanner.Finish();
//
// Fuller spaces are faster, and how the stream is cut into them does not show in the counts.
class LineScanner {
 public:
  // The most that one Take() accepts. A space and its scan fit in a processor's second cache.
  static constexpr std::size_t kBlock = 256 * 1024;

  explicit LineScanner(Rule rule, const Kernels& kernels = BestKernels());

  // Begins a stream; `within_line`: at a byte that some line before it may reach up to, so that
  // counting starts after the first newline.
  void Start(bool within_line = false);

  // Where to put the stream's next bytes. Aligned to a page.
  std::span<char> space() { return {block_, kBlock}; }

  // The first `n` bytes of the space are the stream's next.
  void Take(std::size_t n);

  // Whether what has been taken ends within a line that has yet to be judged.
  bool needs_more() const { return open_ && !skipping_; }

  // Ends the stream, and with it its last line.
  LineCounts Finish();

 private:
  void TakeLevels(const char* begin, const char* end);
  void TakeSubstrings(const char* begin, const char* end);
  void Keep(const char* begin, const char* end);
  void CountOpenLine();

  Rule rule_;
  Kernels kernels_;
  std::unique_ptr<char[]> memory_;
  char* block_;               // the space, with room before it for a line's beginning
  std::size_t kept_ = 0;      // bytes right before the space that are yet to be judged
  bool open_ = false;         // a line has begun
  bool skipping_ = false;     // ... and is counted: on to its newline
  bool within_line_ = false;  // the stream began within a line
  SubstringState substrings_;
  LineCounts counts_;
};

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_LINE_SCANNER_H_
