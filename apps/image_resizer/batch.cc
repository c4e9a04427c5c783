#include "apps/image_resizer/batch.h"

#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <new>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "apps/image_resizer/failure.h"
#include "apps/image_resizer/source_file.h"

namespace cohort::image_resizer {
namespace {

using apps::IfExists;

// Of one image.
constexpr std::size_t kMaxWarnings = 16;
constexpr std::size_t kMaxWarningBytes = 200;

// What the next file will meet as well.
bool IsFinal(const std::error_code& error) {
  return error.value() == ENOSPC || error.value() == EDQUOT || error.value() == EROFS;
}

// What this process will have again when an image that is in flight has ended.
bool IsForWantOfRoom(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
  const auto* of_system = dynamic_cast<const std::system_error*>(&error);
  if (of_system == nullptr) return false;
  const int code = of_system->code().value();
  return code == EMFILE || code == ENFILE || code == ENOMEM;
}

std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void SetTime(int fd, const timespec& time) {
  const timespec times[] = {time, time};
  if (futimens(fd, times) != 0) throw std::system_error(errno, std::generic_category());
}

struct stat StatusOf(int fd) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) throw std::system_error(errno, std::generic_category());
  return status;
}

FileId IdOf(int fd) {
  const struct stat status = StatusOf(fd);
  return {status.st_dev, status.st_ino};
}

// Nobody may read or change the copy who may not do so with the source; its owner may.
void RestrictLikeSource(int fd, const std::string& source) {
  struct stat allowed = {};
  if (stat(source.c_str(), &allowed) != 0) return;  // gone since it was read
  const mode_t now = StatusOf(fd).st_mode & 0777;
  const mode_t wanted = now & (allowed.st_mode | S_IRUSR | S_IWUSR);
  if (wanted != now && fchmod(fd, wanted) != 0) {
    throw std::system_error(errno, std::generic_category());
  }
}

// The worker may have been taken over, and the parent keeps them all until the end.
std::vector<std::string> AFewShortOnes(std::string_view lines) {
  std::vector<std::string> warnings;
  for (const std::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    if (warnings.size() == kMaxWarnings) break;
    warnings.emplace_back(line.substr(0, kMaxWarningBytes));
  }
  return warnings;
}

// A name that lies is kept, since the source's lies as well.
bool NameFits(const std::string& target, Format format) {
  const bool is_png = absl::EndsWithIgnoreCase(target, ".png");
  const bool is_jpeg =
      absl::EndsWithIgnoreCase(target, ".jpg") || absl::EndsWithIgnoreCase(target, ".jpeg");
  return format == Format::kPng ? !is_jpeg : !is_png;
}

}  // namespace

Batch::Batch(std::vector<FoundImage> images, BatchOptions options)
    : images_(std::move(images)),
      options_(std::move(options)),
      targets_(AssignTargets(images_, options_.out, options_.format)),
      order_(images_.size()),
      sources_(images_) {
  for (std::size_t i = 0; i < images_.size(); ++i) {
    const FoundImage& image = images_[i];
    all_bytes_ += image.size;
    results_.push_back(
        {.source = image.path, .target = targets_[i].path, .source_bytes = image.size});
  }
  std::iota(order_.rbegin(), order_.rend(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [this](std::size_t a, std::size_t b) {
    return images_[a].size < images_[b].size;
  });
}

std::optional<Batch::Job> Batch::Next(bool others_in_flight) {
  while (!order_.empty() && !stopped()) {
    const std::size_t file = order_.back();
    order_.pop_back();
    if (!IsWork(file)) continue;
    try {
      return Job{file, ReadSource(images_[file].path, options_.max_file_size)};
    } catch (const std::exception& error) {
      if (others_in_flight && IsForWantOfRoom(error)) {
        order_.push_back(file);
        return std::nullopt;
      }
      Fail(file, "not read", error.what());
    }
  }
  return std::nullopt;
}

void Batch::Preview() {
  for (std::size_t file = 0; file < images_.size(); ++file) IsWork(file);
}

bool Batch::IsWork(std::size_t file) {
  if (!images_[file].error.empty()) {
    Fail(file, "not read", images_[file].error);
    return false;
  }
  if (!targets_[file].error.empty()) {
    Fail(file, "target", targets_[file].error);
    return false;
  }
  return Permission(file).has_value();
}

std::optional<IfExists> Batch::Permission(std::size_t file) {
  switch (Judge(results_[file].target, images_[file], sources_, taken_, options_.existing)) {
    case Verdict::kCreate:
      return IfExists::kFail;
    case Verdict::kReplace:
      return IfExists::kReplace;
    case Verdict::kUpToDate:
      TakeUpToDate(file);
      break;
    case Verdict::kExists:
      Fail(file, "target",
           absl::StrCat(results_[file].target, " exists; --force replaces it, --update if it is ",
                        "older than the source"));
      break;
    case Verdict::kIsFolder:
      Fail(file, "target", absl::StrCat(results_[file].target, " is a folder"));
      break;
    case Verdict::kIsASource:
      Fail(file, "target",
           absl::StrCat(results_[file].target, " is a source, which is never written to"));
      break;
    case Verdict::kIsACopy:
      Fail(file, "target",
           absl::StrCat(results_[file].target, " is one file with two names, and has the copy of ",
                        "another image"));
      break;
  }
  return std::nullopt;
}

// A file with several links has several names on purpose, such as equal copies that somebody has
// made one; each of them can be replaced by itself.
void Batch::TakeUpToDate(std::size_t file) {
  struct stat status = {};
  if (lstat(results_[file].target.c_str(), &status) == 0 && status.st_nlink == 1) {
    taken_.insert({status.st_dev, status.st_ino});
  }
  End(file, Outcome::kUpToDate);
}

void Batch::Done(std::size_t file, const Answer& answer) {
  FileResult& result = results_[file];
  result.before = answer.source;
  result.after = answer.output;
  result.warnings = AFewShortOnes(answer.warnings);
  result.target_bytes = answer.file.size();
  result.seconds = answer.seconds;
  result.worker = answer.worker;
  if (!NameFits(result.target, result.after.format)) {
    result.warnings.emplace_back("the name is not that of its format");
  }
  const std::optional<IfExists> permission = Permission(file);
  if (!permission) return;
  try {
    Write(file, answer.file, *permission);
    End(file, Outcome::kResized);
  } catch (const std::system_error& error) {
    NotWritten(file, error.code());
  }
}

void Batch::Write(std::size_t file, std::span<const std::byte> bytes, IfExists if_exists) {
  const std::string& target = results_[file].target;
  MakeFolderOf(target);
  apps::NewFile written(target);
  RestrictLikeSource(written.fd(), images_[file].path);
  written.Write(AsText(bytes));
  if (options_.keep_times) SetTime(written.fd(), images_[file].modified);
  const FileId id = IdOf(written.fd());
  written.Publish(if_exists);
  taken_.insert(id);
}

void Batch::MakeFolderOf(const std::string& target) {
  const std::string folder = std::filesystem::path(target).parent_path();
  if (folders_.contains(folder)) return;
  std::filesystem::create_directories(folder);
  folders_.insert(folder);
}

void Batch::NotWritten(std::size_t file, const std::error_code& error) {
  Fail(file, "not written", absl::StrCat(results_[file].target, ": ", error.message()));
  if (!IsFinal(error)) return;
  disk_full_ = true;
  Stop("nothing more can be written: " + error.message());
}

void Batch::Failed(std::size_t file, const std::exception_ptr& error) {
  const Failure failure = FailureOf(error);
  if (failure.kind == "crashed" && second_tries_.insert(file).second) {
    order_.push_back(file);
    return;
  }
  Fail(file, failure.kind, failure.reason);
}

void Batch::Stop(std::string why) {
  if (!stopped()) why_stopped_ = std::move(why);
}

void Batch::End(std::size_t file, Outcome outcome) {
  results_[file].outcome = outcome;
  ++done_;
  done_bytes_ += images_[file].size;
}

void Batch::Fail(std::size_t file, std::string_view kind, std::string_view reason) {
  results_[file].kind = kind;
  results_[file].error = absl::StrCat(kind, ": ", reason);
  End(file, Outcome::kFailed);
  if (options_.fail_fast) Stop("--fail-fast ended the run at the first failure");
}

}  // namespace cohort::image_resizer
