#include "apps/image_resizer/sources.h"

#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "apps/common/directory.h"

namespace cohort::image_resizer {
namespace {

namespace fs = std::filesystem;

// "": there is no such folder.
std::string FolderOf(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.parent_path();
  return fs::canonical(folder.empty() ? "." : folder, error);
}

std::string PlaceIn(const std::string& folder, const fs::path& path) {
  return folder.empty() ? "" : apps::PathOf(folder, path.filename());
}

// Where a link leads to; "" for what is none.
std::string PlaceBehind(const std::string& path) {
  std::error_code error;
  return fs::is_symlink(path, error) ? fs::canonical(path, error).string() : "";
}

}  // namespace

Sources::Sources(const std::vector<FoundImage>& images) {
  std::pair<fs::path, std::string> last;  // most are in the folder of the one before
  for (const FoundImage& image : images) {
    const fs::path path = image.path;
    if (last.second.empty() || last.first != path.parent_path()) {
      last = {path.parent_path(), FolderOf(path)};
    }
    if (image.id != FileId()) ids_.insert(image.id);
    places_.insert(PlaceIn(last.second, path));
    places_.insert(PlaceBehind(image.path));
  }
  places_.erase("");
}

bool Sources::Contains(const std::string& path) const {
  struct stat status = {};
  if (stat(path.c_str(), &status) == 0 && ids_.contains({status.st_dev, status.st_ino})) {
    return true;
  }
  return places_.contains(PlaceIn(FolderOf(path), path)) || places_.contains(PlaceBehind(path));
}

}  // namespace cohort::image_resizer
