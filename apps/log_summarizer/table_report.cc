#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "apps/common/table.h"
#include "apps/common/terminal.h"
#include "apps/log_summarizer/report.h"

namespace cohort::log_summarizer {
namespace {

constexpr char kBold[] = "\x1b[1m";
constexpr char kRed[] = "\x1b[31m";
constexpr char kYellow[] = "\x1b[33m";

class TableWriter {
 public:
  explicit TableWriter(TableStyle style) : style_(style) {}

  std::string Write(const Summary& summary) {
    table_.AddRow(
        {In(kBold, "file"), In(kBold, "lines"), In(kBold, "errors"), In(kBold, "warnings")});
    for (const FileSummary& file : summary.files) AddFile(file);
    table_.AddRule();
    const std::size_t files = summary.files.size() + summary.left_out;
    AddNumbers(absl::StrCat("total of ", files, files == 1 ? " file" : " files"), summary.total,
               "");
    return absl::StrCat(table_.ToString(), Notes(summary));
  }

 private:
  using Align = apps::Table::Align;

  apps::Cell In(const char* colour, std::string text) const {
    return {std::move(text), style_.colour ? colour : ""};
  }

  apps::Cell Number(std::uint64_t number, const char* colour) const {
    std::string text = style_.thousands ? apps::WithThousands(number) : absl::StrCat(number);
    return number > 0 ? In(colour, std::move(text)) : apps::Cell{std::move(text)};
  }

  void AddNumbers(std::string name, const Totals& totals, std::string remark) {
    table_.AddRow({{std::move(name)},
                   Number(totals.lines, ""),
                   Number(totals.errors, kRed),
                   Number(totals.warnings, kYellow),
                   {std::move(remark)}});
  }

  void AddFile(const FileSummary& file) {
    const std::string name = apps::Printable(file.name);
    if (!file.error.empty() && file.totals.bytes == 0) {
      table_.AddRow({{name}, {"-"}, {"-"}, {"-"}, In(kRed, "not read: " + file.error)});
      return;
    }
    AddNumbers(name, file.totals, Remark(file));
  }

  static std::string Remark(const FileSummary& file) {
    if (!file.error.empty()) return "read in part: " + file.error;
    if (file.interrupted)
      return file.totals.bytes == 0 ? "interrupted: not read" : "interrupted: read in part";
    std::string remark(NameOf(file.content.compression));
    const std::string_view encoding = NameOf(file.content.encoding);
    if (!remark.empty() && !encoding.empty()) remark += ", ";
    return remark.append(encoding);
  }

  static std::string Notes(const Summary& summary) {
    std::string notes;
    if (summary.left_out > 0) {
      absl::StrAppend(&notes, "(", summary.left_out, " more in the total)\n");
    }
    if (summary.interrupted) notes += "INTERRUPTED: the numbers are of what was read until then\n";
    return notes;
  }

  TableStyle style_;
  apps::Table table_{{Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kLeft}};
};

}  // namespace

std::string TableReport(const Summary& summary, TableStyle style) {
  return TableWriter(style).Write(summary);
}

}  // namespace cohort::log_summarizer
