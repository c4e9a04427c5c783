#include "apps/log_summarizer/summarize.h"

#include <optional>

namespace cohort::log_summarizer {
namespace {

// Scanners are large: one for each thread, and not for each task.
LineScanner& ScannerOfThread(Rule rule) {
  thread_local std::optional<std::pair<Rule, LineScanner>> scanner;
  if (!scanner || scanner->first != rule) scanner.emplace(rule, LineScanner(rule));
  return scanner->second;
}

}  // namespace

std::vector<PartResult> CountBatch(const Batch& batch, Rule rule) {
  LineScanner& scanner = ScannerOfThread(rule);
  std::vector<PartResult> results;
  results.reserve(batch.size());
  for (const Part& part : batch) results.push_back(CountPart(part, scanner));
  return results;
}

Collector::Collector(const std::vector<FoundFile>& files, std::size_t tasks)
    : counts_(files.size()) {
  progress_.all_tasks = tasks;
  summary_.files.reserve(files.size());
  for (const FoundFile& file : files) {
    summary_.files.push_back({.name = file.path, .error = file.error});
  }
}

void Collector::Add(const std::vector<PartResult>& results) {
  for (const PartResult& result : results) {
    FileSummary& file = summary_.files[result.file];
    counts_[result.file] += result.counts;
    file.totals.bytes += result.bytes;
    file.interrupted |= result.outcome == Outcome::kInterrupted;
    if (result.content != Content()) file.content = result.content;
    if (file.error.empty()) file.error = result.error;
    progress_.bytes += result.bytes;
  }
  ++progress_.tasks;
}

Summary Collector::Finish() && {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    FileSummary& file = summary_.files[i];
    file.totals.lines = counts_[i].lines();
    file.totals.errors = counts_[i].errors();
    file.totals.warnings = counts_[i].warnings();
    summary_.total += file.totals;
    summary_.interrupted |= file.interrupted;
    summary_.failed |= !file.error.empty();
  }
  return std::move(summary_);
}

}  // namespace cohort::log_summarizer
