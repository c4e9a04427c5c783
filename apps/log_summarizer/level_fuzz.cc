// Any bytes: the fast rule and the slow one agree, wherever blocks end.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "apps/log_summarizer/line_scanner.h"
#include "apps/log_summarizer/reference.h"

namespace cohort::log_summarizer {
namespace {

LineCounts Scan(std::string_view text, Rule rule, std::size_t step) {
  LineScanner scanner(rule);
  scanner.Start();
  for (std::size_t at = 0; at < text.size(); at += step) {
    const std::string_view piece = text.substr(at, step);
    std::memcpy(scanner.space().data(), piece.data(), piece.size());
    scanner.Take(piece.size());
  }
  return scanner.Finish();
}

void Check(std::string_view text, Rule rule, std::size_t step) {
  if (Scan(text, rule, step) != ReferenceCount(text, rule)) std::abort();
}

}  // namespace
}  // namespace cohort::log_summarizer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using cohort::log_summarizer::LineScanner;
  using cohort::log_summarizer::Rule;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t small = 1 + (size == 0 ? 0 : data[0] % 64);
  for (Rule rule : {Rule::kLevel, Rule::kSubstring}) {
    cohort::log_summarizer::Check(text, rule, LineScanner::kBlock);
    cohort::log_summarizer::Check(text, rule, small);
  }
  return 0;
}
