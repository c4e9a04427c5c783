#include "apps/log_summarizer/line_scanner.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace cohort::log_summarizer {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kBefore = kMaxHead + kPage;
constexpr std::size_t kMemory = kPage + kBefore + LineScanner::kBlock + kScanPadding;
static_assert(kScanPadding <= kPage);

// What a word that a block's end cuts may have before that end.
constexpr std::size_t kCutWord = 4;

char* AlignToPage(char* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  return at + (kPage - address % kPage) % kPage;
}

const char* Newline(const char* begin, const char* end) {
  return static_cast<const char*>(std::memchr(begin, '\n', end - begin));
}

}  // namespace

std::uint64_t LineCounts::lines() const {
  std::uint64_t lines = 0;
  for (const auto& levels : by_verdict) {
    for (std::uint64_t count : levels) lines += count;
  }
  return lines;
}

LineCounts& LineCounts::operator+=(const LineCounts& other) {
  for (std::size_t footing = 0; footing < by_verdict.size(); ++footing) {
    for (std::size_t level = 0; level < by_verdict[footing].size(); ++level) {
      by_verdict[footing][level] += other.by_verdict[footing][level];
    }
  }
  return *this;
}

std::uint64_t LineCounts::Of(Level level) const {
  const auto events = [](const auto& levels) { return levels[1] + levels[2] + levels[3]; };
  const auto& [firm, loose] = by_verdict;
  const auto index = static_cast<std::size_t>(level);
  return firm[index] + (events(loose) > events(firm) ? loose[index] : 0);
}

LineScanner::LineScanner(Rule rule, const Kernels& kernels)
    : rule_(rule), kernels_(kernels), memory_(new char[kMemory]) {
  block_ = AlignToPage(memory_.get() + kBefore);
  std::memset(block_ - kBefore, 0, kBefore);
}

void LineScanner::Start(bool within_line) {
  kept_ = 0;
  open_ = skipping_ = within_line_ = within_line;
  substrings_ = {};
  counts_ = {};
}

void LineScanner::Take(std::size_t n) {
  const char* begin = block_ - kept_;
  const char* end = block_ + n;
  std::memset(block_ + n, 0, kScanPadding);
  if (skipping_) {
    const char* newline = Newline(begin, end);
    if (newline == nullptr) return;
    begin = newline + 1;
    open_ = skipping_ = within_line_ = false;
  }
  rule_ == Rule::kLevel ? TakeLevels(begin, end) : TakeSubstrings(begin, end);
}

void LineScanner::TakeLevels(const char* begin, const char* end) {
  const char* line = kernels_.scan_levels(begin, end, counts_.by_verdict);
  open_ = line != end || (open_ && line == begin);
  line = std::find_if(line, end, [](char c) { return c != '\0'; });
  Keep(line, end);
  if (kept_ == kMaxHead) {
    CountOpenLine();
    skipping_ = true;
    kept_ = 0;
  }
}

void LineScanner::TakeSubstrings(const char* begin, const char* end) {
  const char* line = kernels_.scan_substrings(begin, end, substrings_, counts_.by_verdict);
  open_ = line != end || (open_ && line == begin);
  Keep(std::max(line, end - std::min<std::ptrdiff_t>(kCutWord, end - begin)), end);
}

// Keeps the first kMaxHead bytes of [begin, end) in front of the space.
void LineScanner::Keep(const char* begin, const char* end) {
  kept_ = std::min<std::size_t>(end - begin, kMaxHead);
  std::memmove(block_ - kept_, begin, kept_);
}

void LineScanner::CountOpenLine() {
  Verdict verdict;
  if (rule_ == Rule::kLevel) {
    std::memset(block_, 0, kScanPadding);
    verdict = kernels_.judge_line(block_ - kept_, block_);
  } else if (substrings_.error || substrings_.warning) {
    verdict.level = substrings_.error ? Level::kError : Level::kWarning;
  }
  ++counts_.by_verdict[static_cast<std::size_t>(verdict.footing)]
                      [static_cast<std::size_t>(verdict.level)];
}

LineCounts LineScanner::Finish() {
  if (open_ && !skipping_) CountOpenLine();
  open_ = false;
  kept_ = 0;
  return counts_;
}

}  // namespace cohort::log_summarizer
