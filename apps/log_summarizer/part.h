// A part of a file, counted by one task.

#ifndef COHORT_APPS_LOG_SUMMARIZER_PART_H_
#define COHORT_APPS_LOG_SUMMARIZER_PART_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "apps/log_summarizer/content.h"
#include "apps/log_summarizer/file.h"
#include "apps/log_summarizer/line_scanner.h"

namespace cohort::log_summarizer {

// A file that is opened when the first part of it is read and closed with the last, so that few are
// open at a time and all parts are of the same file, whatever its name comes to mean.
class LazyFile {
 public:
  explicit LazyFile(std::string path) : path_(std::move(path)) {}

  // Throws InputError, to every caller.
  const File& Get();

 private:
  std::string path_;
  std::mutex mutex_;
  std::optional<File> file_;
};

struct Part {
  std::size_t file = 0;  // an index
  std::shared_ptr<LazyFile> source;
  // The lines that begin within [begin, end) of a plain file, or, when whole, all that there are.
  bool whole = true;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  // of a whole file: its size, as far as it is known
};

enum class Outcome { kRead, kFailed, kInterrupted };

struct PartResult {
  std::size_t file = 0;
  LineCounts counts = {};   // of what could be read
  std::uint64_t bytes = 0;  // that were counted: of compressed files, what is in them
  Content content = {};
  Outcome outcome = Outcome::kRead;
  std::string error = {};
};

// Counts the part with a scanner that is used for nothing else meanwhile. Never throws InputError:
// it is in the result.
PartResult CountPart(const Part& part, LineScanner& scanner);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_PART_H_
