#include "apps/image_resizer/target.h"

#include <limits.h>
#include <sys/stat.h>

#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "apps/common/directory.h"

namespace cohort::image_resizer {
namespace {

bool EndsWithAny(std::string_view name, const std::vector<std::string_view>& extensions) {
  for (std::string_view extension : extensions) {
    if (absl::EndsWithIgnoreCase(name, extension)) return true;
  }
  return false;
}

bool Fits(std::string_view name, OutputFormat format) {
  switch (format) {
    case OutputFormat::kJpeg:
      return EndsWithAny(name, {".jpg", ".jpeg"});
    case OutputFormat::kPng:
      return EndsWithAny(name, {".png"});
    case OutputFormat::kAsInput:
      break;
  }
  return true;
}

const char* ExtensionOf(OutputFormat format) {
  return format == OutputFormat::kPng ? ".png" : ".jpg";
}

// Without the extension of an image; other dots belong to the name.
std::string_view StemOf(std::string_view name) {
  return EndsWithAny(name, {".jpg", ".jpeg", ".png"}) ? name.substr(0, name.rfind('.')) : name;
}

// Both, unless file systems have no names of that length.
std::string WithExtension(std::string_view name, std::string_view extension) {
  const std::size_t length = name.size() - (name.rfind('/') + 1) + extension.size();
  return absl::StrCat(length <= NAME_MAX ? name : StemOf(name), extension);
}

class Assigner {
 public:
  Assigner(const std::vector<FoundImage>& images, const std::string& out, OutputFormat format)
      : images_(images), out_(out), format_(format), targets_(images.size()) {}

  std::vector<Target> Assign() {
    // Those that keep their names come first, so that a name does not depend on the order.
    ForEach(true, [this](std::size_t i) { Claim(i, images_[i].name); });
    ForEach(false, [this](std::size_t i) {
      Claim(i, WithExtension(images_[i].name, ExtensionOf(format_)));
    });
    return std::move(targets_);
  }

 private:
  template <typename F>
  void ForEach(bool fits, F claim) {
    for (std::size_t i = 0; i < images_.size(); ++i) {
      if (images_[i].error.empty() && Fits(images_[i].name, format_) == fits) claim(i);
    }
  }

  void Claim(std::size_t i, const std::string& name) {
    const auto [owner, is_free] = owners_.emplace(name, i);
    targets_[i].path = apps::PathOf(out_, name);
    if (is_free) return;
    targets_[i].error =
        absl::StrCat(images_[owner->second].path, " is written to ", targets_[i].path,
                     " as well; with --base, files keep their folders");
  }

  const std::vector<FoundImage>& images_;
  const std::string& out_;
  OutputFormat format_;
  std::vector<Target> targets_;
  std::map<std::string, std::size_t> owners_;
};

FileId IdOf(const struct stat& status) { return {status.st_dev, status.st_ino}; }

bool IsOlder(const timespec& a, const timespec& b) {
  return std::pair(a.tv_sec, a.tv_nsec) < std::pair(b.tv_sec, b.tv_nsec);
}

// Also by another name, and also where it has been replaced since it was found.
bool IsItself(const struct stat& target, const FoundImage& image) {
  struct stat source = {};
  return stat(image.path.c_str(), &source) == 0 && IdOf(source) == IdOf(target);
}

// Nobody makes an empty image; but a full disk or a crash can leave one.
bool IsUpToDate(const struct stat& target, const FoundImage& image) {
  return target.st_size > 0 && !IsOlder(target.st_mtim, image.modified);
}

}  // namespace

std::vector<Target> AssignTargets(const std::vector<FoundImage>& images, const std::string& out,
                                  OutputFormat format) {
  return Assigner(images, out, format).Assign();
}

Verdict Judge(const std::string& target, const FoundImage& image, const Sources& sources,
              const std::set<FileId>& taken, Existing existing) {
  struct stat status = {};
  if (lstat(target.c_str(), &status) != 0) return Verdict::kCreate;
  if (taken.contains(IdOf(status))) return Verdict::kIsACopy;
  // Of a link to a source, only the link would be replaced; but nobody can mean that.
  if (struct stat behind = {}; stat(target.c_str(), &behind) == 0) status = behind;
  if (sources.Contains(target) || IsItself(status, image)) return Verdict::kIsASource;
  if (S_ISDIR(status.st_mode)) return Verdict::kIsFolder;
  if (existing == Existing::kReplace) return Verdict::kReplace;
  if (existing == Existing::kRefuse) return Verdict::kExists;
  return IsUpToDate(status, image) ? Verdict::kUpToDate : Verdict::kReplace;
}

}  // namespace cohort::image_resizer
