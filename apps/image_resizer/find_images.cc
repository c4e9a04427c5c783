#include "apps/image_resizer/find_images.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "apps/common/directory.h"
#include "apps/common/interrupt.h"

namespace cohort::image_resizer {
namespace {

namespace fs = std::filesystem;

std::string SystemMessage(int error) { return std::generic_category().message(error); }

bool IsImageName(std::string_view name) {
  return absl::EndsWithIgnoreCase(name, ".jpg") || absl::EndsWithIgnoreCase(name, ".jpeg") ||
         absl::EndsWithIgnoreCase(name, ".png");
}

const char* NotAFile(mode_t mode) {
  if (S_ISFIFO(mode)) return "a named pipe, not a file";
  if (S_ISSOCK(mode)) return "a socket, not a file";
  return "a device, not a file";
}

FileId IdOf(const struct stat& status) { return {status.st_dev, status.st_ino}; }

fs::path Normal(const std::string& path) { return fs::absolute(path).lexically_normal(); }

// Below no folder that ".." would leave.
bool StaysBelow(const fs::path& relative) {
  return !relative.empty() && relative.is_relative() && *relative.begin() != "..";
}

// "" for the folder itself.
std::string AsPrefix(const std::string& name) {
  return name.empty() || name == "." ? "" : absl::StrCat(name, name.ends_with('/') ? "" : "/");
}

class Finder {
 public:
  explicit Finder(const FindOptions& options) : options_(options) {
    struct stat status = {};
    if (stat(options.out.c_str(), &status) == 0) out_ = IdOf(status);
  }

  // `alone`: a folder's own name is left out.
  void TakeNamed(const std::string& path, bool alone) {
    const fs::path normal = Normal(path);
    // A folder may be written "photos/".
    const fs::path last =
        normal.has_filename() ? normal.filename() : normal.parent_path().filename();
    Take(path, last, alone);
  }

  void TakeListed(const std::string& path) {
    const fs::path relative = fs::path(path).lexically_normal();
    Take(path, StaysBelow(relative) ? relative : relative.filename(), false);
  }

  Found Result() { return std::move(found_); }

 private:
  void Refuse(const std::string& path, std::string error, FileId id = {}) {
    found_.images.push_back({.path = path, .name = {}, .id = id, .error = std::move(error)});
  }

  // What one input leads to, which is called `name` unless options say otherwise.
  void Take(const std::string& path, std::string name, bool alone) {
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0) return Refuse(path, SystemMessage(errno));
    if (options_.base) {
      const fs::path relative = Normal(path).lexically_relative(Normal(*options_.base));
      if (!StaysBelow(relative)) {
        return Refuse(path, "not below the folder of --base", IdOf(status));
      }
      name = relative;
    }
    if (!S_ISDIR(status.st_mode)) return TakeFile(path, name, status);
    if (IdOf(status) == out_) return Refuse(path, "it is the output folder");
    const std::size_t before = found_.images.size();
    TakeFolder(path, alone && !options_.base ? "" : AsPrefix(name), status);
    if (found_.images.size() == before) NoteNothingIn(path);
  }

  void TakeFile(const std::string& path, const std::string& name, const struct stat& status) {
    if (!S_ISREG(status.st_mode)) {
      return Refuse(path, NotAFile(status.st_mode), IdOf(status));
    }
    if (!files_.emplace(IdOf(status), name).second) return;
    found_.images.push_back({.path = path,
                             .name = name,
                             .size = static_cast<std::uint64_t>(status.st_size),
                             .id = IdOf(status),
                             .modified = status.st_mtim});
  }

  void TakeFolder(const std::string& path, const std::string& prefix, const struct stat& status) {
    // Links can make loops.
    if (!folders_.insert(IdOf(status)).second || apps::InterruptRequested()) return;
    try {
      for (const std::string& name : apps::NamesIn(path)) TakeEntry(path, prefix, name);
    } catch (const std::system_error& error) {
      Refuse(path, error.code().message());
    }
  }

  void TakeEntry(const std::string& folder, const std::string& prefix, const std::string& name) {
    if (name[0] == '.' && !options_.hidden) return;
    const std::string path = apps::PathOf(folder, name);
    struct stat status = {};
    if (lstat(path.c_str(), &status) != 0) return;  // gone since
    if (S_ISLNK(status.st_mode)) {
      if (!options_.follow_symlinks) return;
      if (stat(path.c_str(), &status) != 0) {
        if (IsImageName(name)) Refuse(path, SystemMessage(errno));
        return;
      }
    }
    if (S_ISDIR(status.st_mode)) {
      if (IdOf(status) != out_) TakeFolder(path, absl::StrCat(prefix, name, "/"), status);
    } else if (IsImageName(name)) {
      TakeFile(path, prefix + name, status);
    }
  }

  void NoteNothingIn(const std::string& path) {
    found_.notes.push_back(
        absl::StrCat(path, ": no image in this folder; images are named *.jpg, *.jpeg or *.png"));
  }

  const FindOptions& options_;
  FileId out_ = {};
  Found found_;
  std::set<std::pair<FileId, std::string>> files_;
  std::set<FileId> folders_;
};

}  // namespace

Found FindImages(const std::vector<std::string>& named, const std::vector<std::string>& listed,
                 const FindOptions& options) {
  Finder finder(options);
  const bool alone = named.size() == 1 && listed.empty();
  for (const std::string& path : named) finder.TakeNamed(path, alone);
  for (const std::string& path : listed) finder.TakeListed(path);
  return finder.Result();
}

}  // namespace cohort::image_resizer
