#include "apps/api_fetcher/body_file.h"

#include <system_error>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/body_name.h"

namespace cohort::api_fetcher {
namespace {

std::string InDirectory(const std::string& directory, const Request& request, int copy) {
  return absl::StrCat(directory, "/", BodyName(request, copy));
}

[[noreturn]] void ThrowNamed(const std::system_error& error, const std::string& path) {
  throw std::system_error(error.code(), path);
}

}  // namespace

BodyFile::BodyFile(const std::string& directory, const Request& request) try
    : directory_(directory), request_(request), file_(PathOf(0)) {
} catch (const std::system_error& error) {
  ThrowNamed(error, InDirectory(directory, request, 0));
}

std::string BodyFile::PathOf(int copy) const { return InDirectory(directory_, request_, copy); }

void BodyFile::Write(std::string_view bytes) try {
  file_.Write(bytes);
} catch (const std::system_error& error) {
  ThrowNamed(error, PathOf(0));
}

std::string BodyFile::Publish(bool overwrite) {
  const auto if_exists = overwrite ? apps::IfExists::kReplace : apps::IfExists::kFail;
  for (int copy = 0;; ++copy) {
    const std::string path = PathOf(copy);
    file_.set_path(path);
    try {
      file_.Publish(if_exists);
      return path;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::file_exists) ThrowNamed(error, path);
    }
  }
}

}  // namespace cohort::api_fetcher
