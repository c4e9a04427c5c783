// What the user is told at the end.

#ifndef COHORT_APPS_IMAGE_RESIZER_REPORT_H_
#define COHORT_APPS_IMAGE_RESIZER_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "apps/image_resizer/batch.h"
#include "apps/image_resizer/file_result.h"

namespace cohort::image_resizer {

struct RunReport {
  const std::vector<FileResult>& files;
  bool interrupted = false;
  std::string stopped = {};  // why it ended early, or ""
  double seconds = 0;
  int workers = 0;
  std::uint64_t worker_deaths = 0;
  bool sandbox = true;
};

struct Totals {
  std::size_t files = 0;
  std::size_t resized = 0;
  std::size_t up_to_date = 0;
  std::size_t failed = 0;
  std::size_t not_done = 0;
  std::size_t with_warnings = 0;
  // Of those that were resized.
  std::uint64_t source_bytes = 0;
  std::uint64_t target_bytes = 0;
};

Totals TotalsOf(const std::vector<FileResult>& files);

// One line: "550 resized in 17.90 s (30.7 images/s), 1.0 GB -> 78.1 MB; 2 failed".
std::string SummaryLine(const RunReport& report);

// A line for each image that failed or has warnings: "photos/a.jpg: damaged: ...".
std::vector<std::string> FailureLines(const std::vector<FileResult>& files);
std::vector<std::string> WarningLines(const std::vector<FileResult>& files);

// A line for each image that would be written: "photos/a.jpg -> out/a.jpg".
std::string DryRunLines(const std::vector<FileResult>& files);

// What `"schema"` says. It changes when a field changes its meaning or goes, not for a new one.
inline constexpr int kJsonSchema = 1;

// One JSON document:
//   {"schema": 1, "complete": true, "files": [FILE...], "summary": {...}}
// where FILE is, with only the fields that apply,
//   {"file": "photos/a.jpg", "target": "out/a.jpg", "outcome": "resized", "bytes": 3600000,
//    "format": "jpeg", "width": 4000, "height": 3000, "target_bytes": 150000,
//    "target_format": "jpeg", "target_width": 800, "target_height": 600, "seconds": 0.031,
//    "worker": 1234, "warnings": ["..."], "kind": "damaged", "error": "damaged: ..."}
// A name that is no UTF-8 has its bytes in "file_base64". All of it is printable ASCII: a name
// cannot send a terminal commands.
std::string JsonReport(const RunReport& report);

// "41 of 550  28.9 images/s  0:16 left"
std::string ProgressText(const Batch& batch, double seconds);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_REPORT_H_
