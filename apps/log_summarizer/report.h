// A summary as text.

#ifndef COHORT_APPS_LOG_SUMMARIZER_REPORT_H_
#define COHORT_APPS_LOG_SUMMARIZER_REPORT_H_

#include <string>

#include "apps/log_summarizer/line_scanner.h"
#include "apps/log_summarizer/summary.h"

namespace cohort::log_summarizer {

struct TableStyle {
  bool colour = false;
  bool thousands = false;  // "1,234"
};

// For people. File names are shown escaped, the numbers right-aligned, the total last.
std::string TableReport(const Summary& summary, TableStyle style);

// What `"schema"` says. It changes when a field changes its meaning or goes, not for a new one.
inline constexpr int kJsonSchema = 1;

// One JSON document:
//   {"schema": 1, "rule": "level", "complete": true, "files": [FILE...], "files_left_out": 0,
//    "total": {"files": 2, "lines": 9, "errors": 1, "warnings": 0, "bytes": 700}}
// where FILE is
//   {"file": "a.log", "lines": 9, "errors": 1, "warnings": 0, "bytes": 700, "complete": true}
// with, where they apply, "compression", "encoding", "error", and "file_base64": the bytes of a
// name that is no UTF-8, and that "file" shows with U+FFFD.
std::string JsonReport(const Summary& summary, Rule rule);

// The same, one object a line: each FILE with "type": "file", then the rest with "type": "total".
std::string JsonLinesReport(const Summary& summary, Rule rule);

// RFC 4180 with a header: file,lines,errors,warnings,bytes,complete,error. Without a total, which
// would be a file to whatever reads it. Names are as they are, in quotes where they must be.
std::string CsvReport(const Summary& summary);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_REPORT_H_
