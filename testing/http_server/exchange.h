// One request and its answer.

#ifndef COHORT_TESTING_HTTP_SERVER_EXCHANGE_H_
#define COHORT_TESTING_HTTP_SERVER_EXCHANGE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "testing/http_server/connection.h"
#include "testing/http_server/request.h"

namespace cohort::http_server {

// How often each target has been asked for, for those paths whose answer depends on it. Safe from
// any thread.
class Attempts {
 public:
  using Clock = std::chrono::steady_clock;

  struct Attempt {
    int number;             // 1, 2, ...
    Clock::duration since;  // the one before it
  };

  Attempt Next(const std::string& target);
  void Forget();

 private:
  struct Known {
    int count = 0;
    Clock::time_point last;
  };

  std::mutex mutex_;
  std::map<std::string, Known> known_;
};

// "200 OK"
std::string StatusLine(int status);

class Exchange {
 public:
  // `done` is called once, before the client can know that the answer is whole: what it counts is
  // then true for whoever has the answer.
  Exchange(const Request& request, Connection& connection, Attempts& attempts,
           std::function<void()> done);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { Done(); }

  const Request& request() const { return request_; }
  Connection& connection() { return connection_; }

  // This request's, counted now.
  Attempts::Attempt NextAttempt() { return attempts_.Next(request_.target); }

  // The part of the path after the route, as a number: 100 for /bytes/100 and index 0.
  std::uint64_t Number(std::size_t index, std::uint64_t otherwise) const;

  // A whole answer. Its length and what it says of the connection are added.
  void Respond(int status, std::string_view body = "", Headers headers = {});
  // The same as text/plain and as application/json.
  void RespondText(int status, std::string_view body, Headers headers = {});
  void RespondJson(std::string_view body, Headers headers = {});

  // The status line and the header fields alone, with nothing added.
  void WriteHead(int status, const Headers& headers);

  // Exactly these bytes.
  bool Write(std::string_view bytes) { return connection_.Write(bytes); }

  // The connection ends after this exchange.
  void Close() { keep_ = false; }
  bool keep() const { return keep_; }

 private:
  void Done();

  const Request& request_;
  Connection& connection_;
  Attempts& attempts_;
  std::function<void()> done_;
  bool keep_;
};

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_EXCHANGE_H_
