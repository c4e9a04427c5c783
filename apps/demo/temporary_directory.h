// A directory for the time of a run.

#ifndef COHORT_APPS_DEMO_TEMPORARY_DIRECTORY_H_
#define COHORT_APPS_DEMO_TEMPORARY_DIRECTORY_H_

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace cohort::demo {

// New and empty; gone with all that is in it when the object is. Throws std::system_error.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& prefix) {
    std::string pattern = std::filesystem::temp_directory_path() / (prefix + ".XXXXXX");
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), pattern);
    }
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace cohort::demo

#endif  // COHORT_APPS_DEMO_TEMPORARY_DIRECTORY_H_
