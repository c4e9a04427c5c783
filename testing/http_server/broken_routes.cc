#include <string>

#include "absl/strings/str_cat.h"
#include "testing/http_server/bodies.h"
#include "testing/http_server/routes.h"

namespace cohort::http_server {
namespace {

using std::chrono::milliseconds;

// Says that there are N bytes and sends half of them.
void Cut(Exchange& exchange) {
  exchange.Close();
  const std::size_t size = exchange.Number(0, 1000);
  exchange.WriteHead(200, {{"Content-Length", absl::StrCat(size)}});
  exchange.Write(PatternBytes(0, size / 2));
}

// A chunk, and no last one.
void CutChunks(Exchange& exchange) {
  exchange.Close();
  exchange.WriteHead(200, {{"Transfer-Encoding", "chunked"}});
  exchange.Write("5\r\nhello\r\n");
}

// Half of a compressed body, with the length of that half.
void CutGzip(Exchange& exchange) {
  const std::string whole = Gzipped(Post(1));
  exchange.RespondJson(whole.substr(0, whole.size() / 2), {{"Content-Encoding", "gzip"}});
}

void SendGarbage(Exchange& exchange) {
  exchange.Close();
  exchange.Write(std::string("\x16\x03\x01 this is not HTTP\0\xff\r\n\r\n", 27));
}

void SendBadLength(Exchange& exchange) {
  exchange.Close();
  exchange.WriteHead(200, {{"Content-Length", "-7"}});
  exchange.Write("seven\r\n");
}

// Closes without an answer.
void Drop(Exchange& exchange) { exchange.Close(); }

// The same, by a reset.
void Reset(Exchange& exchange) {
  exchange.Close();
  exchange.connection().ResetAtEnd();
}

// Header fields and some of the body, then nothing until the other side has had enough.
void Stall(Exchange& exchange) {
  exchange.Close();
  exchange.WriteHead(200, {{"Content-Length", "1000"}});
  exchange.Write(PatternBytes(0, 10));
  exchange.connection().WaitUntilReadable();
}

// Nothing at all until the other side has had enough.
void Hang(Exchange& exchange) {
  exchange.Close();
  exchange.connection().WaitUntilReadable();
}

// Says that the connection stays, and closes it when it has been idle for a while.
void GoStale(Exchange& exchange) {
  exchange.RespondText(200, "see you\n", {{"Keep-Alive", "timeout=60"}});
  exchange.Close();
  exchange.connection().Sleep(milliseconds(exchange.Number(0, 20)));
}

// Says that the connection stays, and closes it when the next request comes: the client cannot
// know before it sends.
void CloseOnNext(Exchange& exchange) {
  exchange.RespondText(200, "see you\n", {{"Keep-Alive", "timeout=60"}});
  exchange.Close();
  exchange.connection().WaitUntilReadable();
}

}  // namespace

const Routes& BrokenRoutes() {
  static const Routes routes = {{"cut", Cut},
                                {"cut-chunked", CutChunks},
                                {"cut-gzip", CutGzip},
                                {"garbage", SendGarbage},
                                {"bad-length", SendBadLength},
                                {"drop", Drop},
                                {"reset", Reset},
                                {"stall", Stall},
                                {"hang", Hang},
                                {"stale", GoStale},
                                {"stale-on-use", CloseOnNext}};
  return routes;
}

}  // namespace cohort::http_server
