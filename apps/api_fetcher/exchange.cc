#include "apps/api_fetcher/exchange.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

// The body of a redirect is read so that the connection can be kept; beyond this, a new connection
// is cheaper.
constexpr std::uint64_t kMaxSkipped = 64 << 10;

constexpr int kNotModified = 304;

}  // namespace

Error Exchange::Run(httplib::Request message, Transport::Clock::time_point since) {
  message.response_handler = [this](const httplib::Response& answer) { return TakeHead(answer); };
  message.content_receiver = [this](const char* data, std::size_t size, std::uint64_t,
                                    std::uint64_t) {
    return TakeBytes({data, size});
  };
  const bool ok = connection_.Exchange(message, answer_, since);
  // Without a body there was no call of TakeHead().
  if (ok) has_head_ = true;
  if (!ok && !has_all_) return WhatFailed();
  if (decoder_ && wire_bytes_ > 0 && !decoder_->at_end()) {
    return {ErrorKind::kEncoding, "the compressed body ends too early"};
  }
  return {};
}

// Answers have few fields: to look at all costs less than a search, which wants a std::string.
const std::string* Exchange::header(std::string_view name) const {
  if (!has_head_) return nullptr;
  for (const auto& [key, value] : answer_.headers) {
    if (absl::EqualsIgnoreCase(key, name)) return &value;
  }
  return nullptr;
}

bool Exchange::is_redirect() const {
  const int code = status();
  const bool leads = (code >= 301 && code <= 303) || code == 307 || code == 308;
  return leads && options_.send.max_redirects > 0 && header("Location") != nullptr;
}

bool Exchange::TakeHead(const httplib::Response& answer) {
  connection_.transport().EndHead();
  has_head_ = true;
  // There is no body, and the library would wait for one.
  if (answer.status == kNotModified) return !(has_all_ = true);
  if (!CheckTransferEncoding()) return false;
  std::uint64_t length = 0;
  const std::string* const announced = header("Content-Length");
  if (announced != nullptr && header("Transfer-Encoding") == nullptr) {
    if (!absl::SimpleAtoi(*announced, &length)) {
      return Stop(ErrorKind::kProtocol, absl::StrCat("the Content-Length of the answer is \"",
                                                     apps::Printable(*announced), "\""));
    }
    length_ = length;
  }
  if (is_redirect()) return true;
  const std::string* const encoding = header("Content-Encoding");
  if (encoding != nullptr && options_.send.compressed) decoder_ = ContentDecoder::For(*encoding);
  if (options_.answers.accept.Has(answer.status) && !sink_.Keep()) return false;
  return decoder_ || !sink_.Refuses(length);
}

// The library would read what is not plainly chunked until the connection ends, and call it whole.
bool Exchange::CheckTransferEncoding() {
  const std::string* const encoding = header("Transfer-Encoding");
  if (encoding == nullptr) return true;
  const bool once = answer_.headers.count("Transfer-Encoding") == 1;
  if (once && absl::EqualsIgnoreCase(*encoding, "chunked")) return true;
  return Stop(ErrorKind::kProtocol,
              absl::StrCat("the Transfer-Encoding of the answer is \"", apps::Printable(*encoding),
                           once ? "\"" : "\", and there is another one",
                           "; only \"chunked\" is understood"));
}

bool Exchange::TakeBytes(std::string_view bytes) {
  wire_bytes_ += bytes.size();
  if (is_redirect()) return !(has_all_ = wire_bytes_ > kMaxSkipped);
  return decoder_ ? Decode(bytes) : sink_.Take(bytes);
}

bool Exchange::Decode(std::string_view bytes) {
  const auto result =
      decoder_->Decode(bytes, [this](std::string_view piece) { return sink_.Take(piece); });
  if (result == ContentDecoder::Result::kBroken) {
    return Stop(ErrorKind::kEncoding,
                absl::StrCat("the body is not what its Content-Encoding says (",
                             apps::Printable(*header("Content-Encoding")), ")"));
  }
  return result == ContentDecoder::Result::kMore;
}

bool Exchange::Stop(ErrorKind kind, std::string text) {
  stopped_ = {kind, std::move(text)};
  return false;
}

Error Exchange::WhatFailed() {
  const Transport& transport = connection_.transport();
  if (stopped_.kind != ErrorKind::kNone) return stopped_;
  if (sink_.error().kind != ErrorKind::kNone) return sink_.error();
  const Error& failure = transport.failure();
  const bool broke =
      transport.at_end() || failure.kind == ErrorKind::kReceive || failure.kind == ErrorKind::kSend;
  stale_ = broke && transport.reused() && !transport.any_received();
  if (failure.kind != ErrorKind::kNone) return failure;
  return transport.at_end() ? Ended() : NoHttp();
}

Error Exchange::Ended() const {
  if (!connection_.transport().any_received()) {
    return {ErrorKind::kReceive, "the server closed the connection without an answer"};
  }
  if (!has_head_) return {ErrorKind::kReceive, "the answer ends in its header"};
  const std::string all = length_ ? absl::StrCat(" of ", *length_) : "";
  return {ErrorKind::kShortBody, absl::StrCat("the body ends after ", wire_bytes_, all, " bytes")};
}

Error Exchange::NoHttp() const {
  if (has_head_) return {ErrorKind::kProtocol, "the chunks of the body are malformed"};
  if (answer_.status > 0) return {ErrorKind::kProtocol, "the header of the answer is malformed"};
  const std::string begin = apps::Printable(connection_.transport().first_bytes());
  return {ErrorKind::kProtocol, absl::StrCat("the answer is no HTTP: it begins \"", begin, "\"")};
}

}  // namespace cohort::api_fetcher
