// An HTTP and HTTPS server on 127.0.0.1, for tests, benchmarks and demonstrations of clients. It
// reads requests itself, so that a client and its server never share a mistake, and has paths that
// break the protocol on purpose.
//
//   HttpServer server;
//   Fetch(server.Url("/posts/1"));
//   EXPECT_EQ(server.statistics().Take().requests, 1);
//
// Sound answers, with ?delay=MS each after so many milliseconds:
//
//   /posts/ID                  a JSON object of about 1 KB; 404 when ID is no number
//   /bytes/N                   N bytes
//   /delay/MS                  200 after so many milliseconds
//   /status/CODE               that status
//   /flaky/KEY/N               503 to the first N requests for exactly this path, then 200
//   /retry-after/KEY/seconds/S 429 with Retry-After to the first request, then 200 with
//                              {"waited_ms": ...}, the time between the two
//   /retry-after/KEY/date/S    the same as a date
//   /redirect/N                302, N times, then 200
//   /redirect-loop             302 to itself
//   /redirect-to?url=URL       302 to anywhere; &status=307
//   /slow-body/N/MS            N bytes, each after so many milliseconds
//   /gzip /br                  a compressed post
//   /gzip-bomb/MIB             inflates to so many MiB (100)
//   /echo                      the request as JSON: method, target, headers, body; a target with
//                              scheme and host, as proxies get it, is answered like any other
//   /cookie                    sets one and says which were sent
//   /close                     "Connection: close"
//   /disposition               a file name that leads elsewhere: ../../x
//   /huge-header/N             a header field of N bytes (1 MiB)
//   /chunked/N                 N bytes in chunks
//   /until-closed/N            N bytes without a length
//   /empty /204                no body
//   /stats                     the statistics as JSON; not counted themselves
//   /stats/reset               and from the beginning
//
// Broken ones:
//
//   /cut/N                     says N bytes, sends half of them
//   /cut-chunked /cut-gzip     without an end
//   /garbage                   no HTTP
//   /bad-length                Content-Length: -7
//   /drop /reset               closes without an answer, by FIN or RST
//   /stall /hang               some of the answer, or nothing, until the client closes
//   /stale/MS                  answers, says that the connection stays, closes it when idle (20 ms)
//   /stale-on-use              the same, but closes it when the next request comes
//
// Each connection has a thread. The destructor, or Stop(), ends all of them at once. All members
// are safe from any thread.

#ifndef COHORT_TESTING_HTTP_SERVER_HTTP_SERVER_H_
#define COHORT_TESTING_HTTP_SERVER_HTTP_SERVER_H_

#include <openssl/ssl.h>

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "testing/http_server/certificates.h"
#include "testing/http_server/connection.h"
#include "testing/http_server/exchange.h"
#include "testing/http_server/request.h"
#include "testing/http_server/statistics.h"

namespace cohort::http_server {

struct HttpServerOptions {
  int port = 0;                           // 0: any that is free
  std::optional<Identity> identity = {};  // with one, it speaks TLS
};

class HttpServer {
 public:
  // Listens when this returns. Throws std::system_error when the port is taken.
  explicit HttpServer(const HttpServerOptions& options = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  int port() const { return port_; }

  // "http://127.0.0.1:12345/posts/1" for "/posts/1".
  std::string Url(std::string_view target, std::string_view host = "127.0.0.1") const;

  const Statistics& statistics() const { return statistics_; }

  // Forgets all requests: /flaky/KEY/N fails again.
  void Reset();

  // Ends all connections and waits for their threads.
  void Stop();

 private:
  struct Session {
    std::unique_ptr<Connection> connection;
    std::thread thread;
    bool ended = false;
  };

  void Listen(int port);
  void Accept();
  void Start(int fd);
  void JoinEnded();
  void Serve(Connection& connection);
  bool Answer(const Request& request, Connection& connection);
  void AnswerStatistics(Exchange& exchange);

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls_;
  int listener_ = -1;
  int port_ = 0;
  Statistics statistics_;
  Attempts attempts_;

  std::mutex mutex_;
  bool stopping_ = false;
  std::list<Session> sessions_;
  std::thread accepter_;
};

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_HTTP_SERVER_H_
