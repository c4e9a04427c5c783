// Bodies as they were before the server compressed them.

#ifndef COHORT_APPS_API_FETCHER_CONTENT_DECODER_H_
#define COHORT_APPS_API_FETCHER_CONTENT_DECODER_H_

#include <memory>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace cohort::api_fetcher {

// What a request's Accept-Encoding says.
inline constexpr char kAcceptedEncodings[] = "gzip, br";

// For one body, which comes in pieces.
class ContentDecoder {
 public:
  // Takes bytes of the body; false: it wants no more.
  using Sink = absl::FunctionRef<bool(std::string_view)>;

  enum class Result {
    kMore,    // all is well so far
    kBroken,  // the bytes are not of that encoding
    kFull,    // the sink wants no more
  };

  // For a Content-Encoding. Null where that is none, or none that was asked for: the body is then
  // what was sent.
  static std::unique_ptr<ContentDecoder> For(std::string_view encoding);

  virtual ~ContentDecoder() = default;

  // Gives the sink what `bytes` stand for, in pieces of up to 64 KiB: however much it is, it takes
  // no memory.
  virtual Result Decode(std::string_view bytes, Sink sink) = 0;

  // Whether the encoding's own end was there.
  virtual bool at_end() const = 0;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_CONTENT_DECODER_H_
