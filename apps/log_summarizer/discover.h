// From what the user names to the files to read.

#ifndef COHORT_APPS_LOG_SUMMARIZER_DISCOVER_H_
#define COHORT_APPS_LOG_SUMMARIZER_DISCOVER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::log_summarizer {

struct DiscoverOptions {
  bool recursive = false;
  bool hidden = false;           // also names that begin with a dot
  bool follow_symlinks = false;  // also symbolic links that are found in directories
  // Of files that are found in directories; "*": all.
  std::vector<std::string> extensions = {"log"};
};

// A file to read, or one that is known not to be readable.
struct FoundFile {
  std::string path;
  std::uint64_t size = 0;  // in bytes; 0 for what is no regular file
  bool regular = false;
  std::string error = {};  // why it cannot be read, or ""
};

struct Discovery {
  std::vector<FoundFile> files;    // in the order of the paths; those of a directory by name
  std::vector<std::string> notes;  // for the user: what was left out, and why
};

// Takes files, directories, patterns for glob(7) that no file has for a name, and "-". A file that
// several names lead to is taken once. Named files are taken whatever they are called.
Discovery Discover(const std::vector<std::string>& paths, const DiscoverOptions& options);

// Whether a file of this name is a log with the extension: "app.log", and rotated or compressed
// "app.log.1", "app.log-20260312.gz".
bool HasExtension(std::string_view name, std::string_view extension);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_DISCOVER_H_
