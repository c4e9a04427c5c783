#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "apps/common/clock_text.h"
#include "apps/common/table.h"
#include "apps/common/terminal.h"
#include "apps/prime_counter/report.h"

namespace cohort::prime_counter {
namespace {

constexpr char kBold[] = "\x1b[1m";
constexpr char kRed[] = "\x1b[31m";
constexpr char kGreen[] = "\x1b[32m";

class TableWriter {
 public:
  TableWriter(const CountSummary& summary, TableStyle style) : summary_(summary), style_(style) {}

  std::string Write() {
    AddRow(In(kBold, "from"), {In(kBold, "up to"), In(kBold, std::string(NameOf(summary_.kind)))});
    for (const CountRow& row : summary_.rows) {
      AddRow({Number(summary_.from)}, {{Number(row.count.limit)}, Count(row.count), Remark(row)});
    }
    return table_.ToString();
  }

 private:
  using Align = apps::Table::Align;

  // The first column is of interest only where counting did not begin at the beginning.
  void AddRow(apps::Cell from, std::vector<apps::Cell> cells) {
    if (summary_.from > 0) cells.insert(cells.begin(), std::move(from));
    table_.AddRow(std::move(cells));
  }

  apps::Cell In(const char* colour, std::string text) const {
    return {std::move(text), style_.colour ? colour : ""};
  }

  std::string Number(std::uint64_t number) const {
    return style_.thousands ? apps::WithThousands(number) : absl::StrCat(number);
  }

  apps::Cell Count(const LimitCount& count) const {
    return {count.complete || count.counted_to ? Number(count.count) : "-"};
  }

  apps::Cell Remark(const CountRow& row) const {
    if (!row.count.complete) return In(kRed, WhyPartial(row.count));
    if (!summary_.verify) return {};
    if (!row.known) return {"no published count"};
    if (IsWrong(row)) return In(kRed, absl::StrCat("WRONG: it is ", Number(*row.known)));
    return In(kGreen, "as published");
  }

  std::string WhyPartial(const LimitCount& count) const {
    const char* why = summary_.interrupted ? "INTERRUPTED" : "FAILED";
    if (!count.counted_to) return absl::StrCat(why, ": nothing was counted");
    return absl::StrCat(why, ": only up to ", Number(*count.counted_to));
  }

  const CountSummary& summary_;
  TableStyle style_;
  apps::Table table_{summary_.from > 0
                         ? std::vector{Align::kRight, Align::kRight, Align::kRight, Align::kLeft}
                         : std::vector{Align::kRight, Align::kRight, Align::kLeft}};
};

}  // namespace

bool IsWrong(const CountRow& row) {
  return row.count.complete && row.known && *row.known != row.count.count;
}

bool IsComplete(const CountSummary& summary) {
  return std::all_of(summary.rows.begin(), summary.rows.end(),
                     [](const CountRow& row) { return row.count.complete; });
}

std::string CountTable(const CountSummary& summary, TableStyle style) {
  return TableWriter(summary, style).Write();
}

std::string PlainCounts(const CountSummary& summary) {
  std::string lines;
  for (const auto& [text, count, known] : summary.rows) {
    absl::StrAppend(&lines, count.count);
    if (!count.complete && count.counted_to) {
      absl::StrAppend(&lines, " (only up to ", *count.counted_to, ")");
    } else if (!count.complete) {
      lines += " (nothing was counted)";
    }
    lines += '\n';
  }
  return lines;
}

std::string ProgressText(double done, double all, double seconds) {
  const double part = all > 0 ? std::min(1.0, done / all) : 1;
  return absl::StrFormat("%3.0f %%  %.2e numbers/s", 100 * part, done / seconds) +
         apps::TimeLeftText(part, seconds);
}

}  // namespace cohort::prime_counter
