#include "apps/log_summarizer/summary.h"

#include <algorithm>
#include <utility>

namespace cohort::log_summarizer {
namespace {

std::uint64_t NumberOf(const FileSummary& file, SortKey key) {
  switch (key) {
    case SortKey::kErrors:
      return file.totals.errors;
    case SortKey::kWarnings:
      return file.totals.warnings;
    case SortKey::kLines:
      return file.totals.lines;
    case SortKey::kBytes:
      return file.totals.bytes;
    default:
      return 0;
  }
}

}  // namespace

Totals& Totals::operator+=(const Totals& other) {
  lines += other.lines;
  errors += other.errors;
  warnings += other.warnings;
  bytes += other.bytes;
  return *this;
}

void Select(Summary& summary, const Selection& selection) {
  auto& files = summary.files;
  std::stable_sort(files.begin(), files.end(), [&](const auto& a, const auto& b) {
    const auto left = NumberOf(a, selection.sort);
    const auto right = NumberOf(b, selection.sort);
    return left != right ? left > right : a.name < b.name;
  });
  std::size_t kept = 0;
  std::vector<FileSummary> wanted;
  const auto is_wanted = [&](const FileSummary& file) {
    if (!file.error.empty()) return true;
    if (file.totals.errors < selection.min_errors) return false;
    return selection.top == 0 || ++kept <= selection.top;
  };
  // In order: the predicate counts.
  for (FileSummary& file : files) {
    if (is_wanted(file)) wanted.push_back(std::move(file));
  }
  summary.left_out = files.size() - wanted.size();
  files = std::move(wanted);
}

}  // namespace cohort::log_summarizer
