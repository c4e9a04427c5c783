#include "apps/log_summarizer/discover.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "apps/common/directory.h"
#include "apps/log_summarizer/file.h"

namespace cohort::log_summarizer {
namespace {

std::string SystemMessage(int error) { return std::generic_category().message(error); }

// What a name has after the extension: "", ".1", "-20260312", ".2026-03-12.gz".
bool IsRotation(std::string_view tail) {
  for (std::string_view compressed : {".gz", ".zst", ".xz"}) {
    if (tail.ends_with(compressed)) {
      tail.remove_suffix(compressed.size());
      break;
    }
  }
  if (tail.empty()) return true;
  if (tail.size() < 2 || (tail[0] != '.' && tail[0] != '-' && tail[0] != '_')) return false;
  return absl::ascii_isdigit(tail[1]) && std::all_of(tail.begin() + 2, tail.end(), [](char c) {
           return absl::ascii_isdigit(c) ||
                  (c != '\0' && std::string_view("-_.:T").find(c) != std::string_view::npos);
         });
}

bool IsPattern(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

class Discoverer {
 public:
  explicit Discoverer(const DiscoverOptions& options) : options_(options) {}

  void TakeNamed(const std::string& path) {
    struct stat status = {};
    if (path == kStdin) return TakeStdin();
    if (stat(path.c_str(), &status) == 0) return Take(path, status);
    const int error = errno;
    if (error == ENOENT && IsPattern(path)) return TakePattern(path);
    Refuse(path, SystemMessage(error));
  }

  Discovery Result() { return std::move(result_); }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  void Refuse(const std::string& path, std::string error) {
    result_.files.push_back({path, 0, false, std::move(error)});
  }

  void TakeStdin() {
    if (std::exchange(stdin_taken_, true)) return;
    result_.files.push_back({kStdin, 0, false, ""});
  }

  void TakePattern(const std::string& pattern) {
    glob_t found = {};
    const int result = glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE, nullptr, &found);
    if (result == GLOB_NOMATCH) Refuse(pattern, "no file matches the pattern");
    if (result != 0 && result != GLOB_NOMATCH) Refuse(pattern, "the pattern cannot be searched");
    const std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    for (const std::string& path : paths) {
      struct stat status = {};
      if (stat(path.c_str(), &status) == 0) {
        Take(path, status);
      } else {
        Refuse(path, SystemMessage(errno));
      }
    }
  }

  void Take(const std::string& path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) return TakeDirectory(path, status);
    if (S_ISSOCK(status.st_mode)) return Refuse(path, "a socket cannot be read");
    if (S_ISREG(status.st_mode) && !files_.insert({status.st_dev, status.st_ino}).second) {
      result_.notes.push_back(absl::StrCat(path, ": the same file as another, counted once"));
      return;
    }
    const bool regular = S_ISREG(status.st_mode);
    result_.files.push_back(
        {path, regular ? static_cast<std::uint64_t>(status.st_size) : 0, regular, ""});
  }

  void TakeDirectory(const std::string& path, const struct stat& status) {
    if (!directories_.insert({status.st_dev, status.st_ino}).second) return;
    const std::size_t before = result_.files.size();
    try {
      for (const std::string& name : apps::NamesIn(path)) TakeEntry(path, name);
    } catch (const std::system_error& error) {
      return Refuse(path, error.code().message());
    }
    if (result_.files.size() == before && depth_ == 0) NoteNothingIn(path);
  }

  void TakeEntry(const std::string& directory, const std::string& name) {
    if (name[0] == '.' && !options_.hidden) return;
    const std::string path = apps::PathOf(directory, name);
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0) return;  // gone since
    if (S_ISLNK(status.st_mode)) {
      if (!options_.follow_symlinks) return;
      if (stat(path.c_str(), &status) != 0) {
        if (IsWanted(name)) Refuse(path, SystemMessage(errno));
        return;
      }
    }
    if (S_ISDIR(status.st_mode)) {
      if (!options_.recursive) return;
      ++depth_;
      TakeDirectory(path, status);
      --depth_;
    } else if (S_ISREG(status.st_mode) && IsWanted(name)) {
      Take(path, status);
    }
  }

  bool IsWanted(std::string_view name) const {
    return std::any_of(options_.extensions.begin(), options_.extensions.end(),
                       [&](const std::string& extension) { return HasExtension(name, extension); });
  }

  void NoteNothingIn(const std::string& path) {
    result_.notes.push_back(absl::StrCat(path,
                                         ": no log file in this directory; --ext takes other ",
                                         "names than *.log, -r looks into subdirectories"));
  }

  const DiscoverOptions& options_;
  Discovery result_;
  std::set<Identity> files_;
  std::set<Identity> directories_;
  bool stdin_taken_ = false;
  int depth_ = 0;
};

}  // namespace

bool HasExtension(std::string_view name, std::string_view extension) {
  if (extension == "*") return true;
  const std::string dotted = absl::StrCat(".", extension);
  for (std::size_t at = name.find(dotted); at != name.npos; at = name.find(dotted, at + 1)) {
    if (IsRotation(name.substr(at + dotted.size()))) return true;
  }
  return false;
}

Discovery Discover(const std::vector<std::string>& paths, const DiscoverOptions& options) {
  Discoverer discoverer(options);
  for (const std::string& path : paths) discoverer.TakeNamed(path);
  return discoverer.Result();
}

}  // namespace cohort::log_summarizer
