#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "apps/log_summarizer/report.h"

namespace cohort::log_summarizer {
namespace {

std::string Field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace

std::string CsvReport(const Summary& summary) {
  std::string csv = "file,lines,errors,warnings,bytes,complete,error\r\n";
  for (const FileSummary& file : summary.files) {
    const bool complete = file.error.empty() && !file.interrupted;
    absl::StrAppend(&csv, Field(file.name), ",", file.totals.lines, ",", file.totals.errors, ",",
                    file.totals.warnings, ",", file.totals.bytes, ",", complete ? "true" : "false",
                    ",", Field(file.interrupted && file.error.empty() ? "interrupted" : file.error),
                    "\r\n");
  }
  return csv;
}

}  // namespace cohort::log_summarizer
