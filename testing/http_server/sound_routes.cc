#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "testing/http_server/bodies.h"
#include "testing/http_server/routes.h"

namespace cohort::http_server {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPiece = 65536;

// The part of the path after the route, as text.
std::string Part(const Exchange& exchange, std::size_t index) {
  const auto& parts = exchange.request().parts;
  return index + 1 < parts.size() ? parts[index + 1] : "";
}

void SendPost(Exchange& exchange) {
  std::uint64_t id = 0;
  if (!absl::SimpleAtoi(Part(exchange, 0), &id)) {
    return exchange.RespondText(404, "no such post\n");
  }
  exchange.RespondJson(Post(id));
}

void SendBytes(Exchange& exchange) {
  const std::size_t size = exchange.Number(0, 0);
  const Headers type = {{"Content-Type", "application/octet-stream"}};
  if (size <= 2 * kPiece) return exchange.Respond(200, PatternBytes(0, size), type);
  exchange.WriteHead(200, {type[0], {"Content-Length", absl::StrCat(size)}});
  if (exchange.request().method == "HEAD") return;
  for (std::size_t done = 0; done < size; done += kPiece) {
    if (!exchange.Write(PatternBytes(done, std::min(kPiece, size - done)))) return;
  }
}

void Delay(Exchange& exchange) {
  exchange.connection().Sleep(milliseconds(exchange.Number(0, 0)));
  exchange.RespondText(200, "late\n");
}

void SendStatus(Exchange& exchange) {
  const int status = static_cast<int>(exchange.Number(0, 200));
  exchange.RespondText(status, absl::StrCat("status ", status, "\n"));
}

void FailAtFirst(Exchange& exchange) {
  const Attempts::Attempt attempt = exchange.NextAttempt();
  const bool fail = static_cast<std::uint64_t>(attempt.number) <= exchange.Number(1, 1);
  exchange.RespondText(fail ? 503 : 200, absl::StrCat("attempt ", attempt.number, "\n"));
}

// What a server that is too busy for S seconds says, as a number or as a date.
std::string RetryAfter(const std::string& form, std::uint64_t seconds) {
  if (form != "date") return absl::StrCat(seconds);
  const absl::Time then = absl::Now() + absl::Seconds(seconds);
  return absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", then, absl::UTCTimeZone());
}

// The second answer says how long the client waited.
void AskToRetryLater(Exchange& exchange) {
  const Attempts::Attempt attempt = exchange.NextAttempt();
  if (attempt.number == 1) {
    const std::string after = RetryAfter(Part(exchange, 1), exchange.Number(2, 1));
    return exchange.RespondText(429, "later\n", {{"Retry-After", after}});
  }
  const auto waited = std::chrono::duration_cast<milliseconds>(attempt.since).count();
  exchange.RespondJson(nlohmann::json{{"waited_ms", waited}}.dump());
}

void Redirect(Exchange& exchange) {
  const std::uint64_t left = exchange.Number(0, 1);
  if (left == 0) return exchange.RespondText(200, "arrived\n");
  exchange.Respond(302, "", {{"Location", absl::StrCat("/redirect/", left - 1)}});
}

void RedirectForEver(Exchange& exchange) {
  exchange.Respond(302, "", {{"Location", "/redirect-loop"}});
}

void RedirectTo(Exchange& exchange) {
  int status = 0;
  if (!absl::SimpleAtoi(exchange.request().Query("status"), &status)) status = 302;
  exchange.Respond(status, "", {{"Location", std::string(exchange.request().Query("url"))}});
}

void SendSlowly(Exchange& exchange) {
  const std::uint64_t size = exchange.Number(0, 10);
  exchange.WriteHead(200, {{"Content-Length", absl::StrCat(size)}});
  for (std::uint64_t i = 0; i < size; ++i) {
    if (!exchange.connection().Sleep(milliseconds(exchange.Number(1, 10))) ||
        !exchange.Write(PatternBytes(i, 1))) {
      return exchange.Close();
    }
  }
}

void SendGzip(Exchange& exchange) {
  exchange.RespondJson(Gzipped(Post(exchange.Number(0, 1))), {{"Content-Encoding", "gzip"}});
}

void SendBrotli(Exchange& exchange) {
  exchange.RespondJson(BrotliCompressed(Post(exchange.Number(0, 1))), {{"Content-Encoding", "br"}});
}

void SendGzipBomb(Exchange& exchange) {
  const std::size_t size = std::min<std::uint64_t>(exchange.Number(0, 100), 4096) << 20;
  exchange.Respond(200, GzippedZeros(size), {{"Content-Encoding", "gzip"}});
}

void Echo(Exchange& exchange) {
  const Request& request = exchange.request();
  nlohmann::ordered_json headers = nlohmann::ordered_json::array();
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  const nlohmann::ordered_json json = {{"method", request.method},
                                       {"target", request.target},
                                       {"headers", headers},
                                       {"body", request.body}};
  using ErrorHandler = nlohmann::json::error_handler_t;
  exchange.RespondJson(json.dump(2, ' ', false, ErrorHandler::replace));
}

void SendCookie(Exchange& exchange) {
  exchange.RespondText(200, absl::StrCat("sent: ", exchange.request().Header("Cookie"), "\n"),
                       {{"Set-Cookie", "visit=1; Path=/"}});
}

void RespondAndClose(Exchange& exchange) {
  exchange.Close();
  exchange.RespondText(200, "closing\n");
}

void SendDisposition(Exchange& exchange) {
  exchange.RespondText(200, "a file\n",
                       {{"Content-Disposition", "attachment; filename=\"../../x\""}});
}

void SendHugeHeader(Exchange& exchange) {
  const std::size_t size = std::min<std::uint64_t>(exchange.Number(0, 1 << 20), 1 << 26);
  exchange.RespondText(200, "ok\n", {{"X-Huge", std::string(size, 'h')}});
}

void SendChunks(Exchange& exchange) {
  exchange.WriteHead(200, {{"Transfer-Encoding", "chunked"}});
  const std::size_t size = exchange.Number(0, 1000);
  for (std::size_t done = 0; done < size; done += kPiece) {
    const std::string piece = PatternBytes(done, std::min(kPiece, size - done));
    exchange.Write(absl::StrCat(absl::Hex(piece.size()), "\r\n", piece, "\r\n"));
  }
  exchange.Write("0\r\n\r\n");
}

void SendUntilClosed(Exchange& exchange) {
  exchange.Close();
  exchange.WriteHead(200, {{"Connection", "close"}});
  exchange.Write(PatternBytes(0, exchange.Number(0, 1000)));
}

void SendEmpty(Exchange& exchange) { exchange.Respond(200); }

void SendNoContent(Exchange& exchange) { exchange.Respond(204); }

}  // namespace

const Routes& SoundRoutes() {
  static const Routes routes = {{"posts", SendPost},
                                {"bytes", SendBytes},
                                {"delay", Delay},
                                {"status", SendStatus},
                                {"flaky", FailAtFirst},
                                {"retry-after", AskToRetryLater},
                                {"redirect", Redirect},
                                {"redirect-loop", RedirectForEver},
                                {"redirect-to", RedirectTo},
                                {"slow-body", SendSlowly},
                                {"gzip", SendGzip},
                                {"br", SendBrotli},
                                {"gzip-bomb", SendGzipBomb},
                                {"echo", Echo},
                                {"cookie", SendCookie},
                                {"close", RespondAndClose},
                                {"disposition", SendDisposition},
                                {"huge-header", SendHugeHeader},
                                {"chunked", SendChunks},
                                {"until-closed", SendUntilClosed},
                                {"empty", SendEmpty},
                                {"204", SendNoContent}};
  return routes;
}

}  // namespace cohort::http_server
