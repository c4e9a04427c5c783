// Where the body of an answer goes: into a file, into memory for --field, or nowhere.

#ifndef COHORT_APPS_API_FETCHER_BODY_SINK_H_
#define COHORT_APPS_API_FETCHER_BODY_SINK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/api_fetcher/body_file.h"
#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/request.h"

namespace cohort::api_fetcher {

// For one answer. What is dropped before Finish() leaves nothing behind. For one thread.
class BodySink {
 public:
  // Both outlive it.
  BodySink(const AnswerOptions& options, const Request& request)
      : options_(options), request_(request) {}

  // The answer is one to keep, as the options say; without this call its bytes are only counted.
  bool Keep();

  // False where it is too much or cannot be saved, which error() then says.
  bool Take(std::string_view bytes);

  // The body is complete: the file gets its name, the field is looked up.
  bool Finish(Record& record);

  // Whether `size` bytes would be too much.
  bool Refuses(std::uint64_t size);

  std::uint64_t size() const { return size_; }
  const Error& error() const { return error_; }

 private:
  bool Fail(ErrorKind kind, std::string text);

  const AnswerOptions& options_;
  const Request& request_;
  std::uint64_t size_ = 0;
  bool keeps_text_ = false;
  std::string text_;  // for --field; empty where there is no body
  std::optional<BodyFile> file_;
  Error error_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_BODY_SINK_H_
