#include "apps/common/directory.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace cohort::apps {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

}  // namespace

std::vector<std::string> NamesIn(const std::string& directory) {
  const std::unique_ptr<DIR, CloseDirectory> open(opendir(directory.c_str()));
  if (open == nullptr) throw std::system_error(errno, std::generic_category());
  std::vector<std::string> names;
  while (const dirent* entry = readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string PathOf(const std::string& directory, const std::string& name) {
  return absl::StrCat(directory, directory.ends_with('/') ? "" : "/", name);
}

}  // namespace cohort::apps
