#include "apps/common/table.h"

#include <algorithm>
#include <numeric>

#include "apps/common/terminal.h"

namespace cohort::apps {
namespace {

constexpr std::size_t kGap = 2;

void AppendCell(std::string& line, const Cell& cell, Table::Align align, std::size_t width) {
  const std::size_t blanks = width - DisplayWidth(cell.text);
  if (align == Table::Align::kRight) line.append(blanks, ' ');
  line += cell.colour;
  line += cell.text;
  if (*cell.colour != '\0') line += "\x1b[0m";
  if (align == Table::Align::kLeft) line.append(blanks, ' ');
}

// Of the longest line. Columns at the end that are empty take no room.
std::size_t WidthOfLine(std::vector<std::size_t> widths) {
  while (!widths.empty() && widths.back() == 0) widths.pop_back();
  const std::size_t gaps = widths.empty() ? 0 : kGap * (widths.size() - 1);
  return std::accumulate(widths.begin(), widths.end(), gaps);
}

}  // namespace

std::vector<std::size_t> Table::Widths() const {
  std::vector<std::size_t> widths(columns_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(row[i].text));
    }
  }
  return widths;
}

std::string Table::ToString() const {
  const std::vector<std::size_t> widths = Widths();
  const std::size_t total = WidthOfLine(widths);
  std::string text;
  for (const auto& row : rows_) {
    std::string line(row.empty() ? total : 0, '-');
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line.append(kGap, ' ');
      AppendCell(line, row[i], columns_[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace cohort::apps
