// Requests, read as HTTP/1.1 has them.

#ifndef COHORT_TESTING_HTTP_SERVER_REQUEST_H_
#define COHORT_TESTING_HTTP_SERVER_REQUEST_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testing/http_server/connection.h"

namespace cohort::http_server {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;
  std::string target;              // as sent: "/redirect-to?url=http%3A%2F%2Flocalhost"
  std::vector<std::string> parts;  // of the path, decoded: {"bytes", "100"}
  Headers query;                   // decoded: {{"url", "http://localhost"}}
  Headers headers;
  std::string body;

  // Of the header, in any case; "" where there is none.
  std::string_view Header(std::string_view name) const;
  // The same of the query.
  std::string_view Query(std::string_view name) const;
};

// Reads requests, one after the other, from a connection.
class RequestReader {
 public:
  explicit RequestReader(Connection& connection) : connection_(connection) {}

  // Blocks. Nothing at the end of the connection, and when what comes is no request.
  std::optional<Request> Next();

 private:
  bool ReadMore();
  std::optional<std::string> TakeThrough(std::string_view delimiter);
  std::optional<std::string> Take(std::size_t size);
  std::optional<std::string> TakeChunks();
  std::optional<std::string> TakeBody(const Request& request);

  Connection& connection_;
  std::string unread_;
};

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_REQUEST_H_
