// One request of HTTP and its answer, without redirects and retries.

#ifndef COHORT_APPS_API_FETCHER_EXCHANGE_H_
#define COHORT_APPS_API_FETCHER_EXCHANGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "apps/api_fetcher/body_sink.h"
#include "apps/api_fetcher/connection.h"
#include "apps/api_fetcher/content_decoder.h"
#include "apps/api_fetcher/options.h"
#include "apps/api_fetcher/record.h"
#include "httplib.h"

namespace cohort::api_fetcher {

// For one thread. All that it is given outlives it.
class Exchange {
 public:
  Exchange(Connection& connection, const Options& options, BodySink& sink)
      : connection_(connection), options_(options), sink_(sink) {}

  // Sends `message` and takes the answer. Returns what went wrong; kNone: there is a whole answer,
  // of whatever status. `since`: when the total time has begun.
  Error Run(httplib::Request message, Transport::Clock::time_point since);

  // Of the answer; 0 and nullptr where there is none.
  int status() const { return has_head_ ? answer_.status : 0; }
  const std::string* header(std::string_view name) const;

  // Whether it leads elsewhere, and the options want to go there.
  bool is_redirect() const;

  // Whether it failed on a connection that was kept alive, before any byte of an answer: the server
  // has most likely closed it meanwhile.
  bool stale() const { return stale_; }

  // Of the body, as sent.
  std::uint64_t wire_bytes() const { return wire_bytes_; }

 private:
  bool TakeHead(const httplib::Response& answer);
  bool CheckTransferEncoding();
  bool TakeBytes(std::string_view bytes);
  bool Decode(std::string_view bytes);
  bool Stop(ErrorKind kind, std::string text);
  Error WhatFailed();
  Error Ended() const;
  Error NoHttp() const;

  Connection& connection_;
  const Options& options_;
  BodySink& sink_;
  httplib::Response answer_;
  std::unique_ptr<ContentDecoder> decoder_;  // null: the body is as it was sent
  std::optional<std::uint64_t> length_;      // that the answer announced
  std::uint64_t wire_bytes_ = 0;
  bool has_head_ = false;
  bool has_all_ = false;  // although reading was stopped
  bool stale_ = false;
  Error stopped_;  // why we have stopped reading
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_EXCHANGE_H_
