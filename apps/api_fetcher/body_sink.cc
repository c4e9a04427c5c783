#include "apps/api_fetcher/body_sink.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/field.h"

namespace cohort::api_fetcher {
namespace {

// JSON takes up to forty times its size when it is looked at.
constexpr std::uint64_t kMaxText = std::uint64_t{8} << 20;

}  // namespace

bool BodySink::Keep() try {
  keeps_text_ = !options_.field.empty();
  if (!options_.directory.empty()) file_.emplace(options_.directory, request_);
  return true;
} catch (const std::system_error& error) {
  return Fail(ErrorKind::kFile, error.what());
}

bool BodySink::Refuses(std::uint64_t size) {
  if (size > options_.max_body) {
    return !Fail(ErrorKind::kTooLarge,
                 absl::StrCat("the body has more than ", options_.max_body, " bytes (--max-body)"));
  }
  if (keeps_text_ && size > kMaxText) {
    return !Fail(ErrorKind::kTooLarge, "the body has more than 8 MiB, too much for --field");
  }
  return false;
}

bool BodySink::Take(std::string_view bytes) try {
  size_ += bytes.size();
  if (Refuses(size_)) return false;
  if (keeps_text_) text_.append(bytes);
  if (file_) file_->Write(bytes);
  return true;
} catch (const std::system_error& error) {
  return Fail(ErrorKind::kFile, error.what());
}

bool BodySink::Finish(Record& record) try {
  if (!options_.field.empty()) record.field = PickField(text_, options_.field);
  if (file_) record.file = file_->Publish(options_.overwrite);
  return true;
} catch (const FieldError& error) {
  return Fail(ErrorKind::kField, error.what());
} catch (const std::system_error& error) {
  return Fail(ErrorKind::kFile, error.what());
}

bool BodySink::Fail(ErrorKind kind, std::string text) {
  error_ = {kind, std::move(text)};
  return false;
}

}  // namespace cohort::api_fetcher
