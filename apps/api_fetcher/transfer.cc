#include "apps/api_fetcher/transfer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/body_sink.h"
#include "apps/api_fetcher/exchange.h"

namespace cohort::api_fetcher {
namespace {

using Clock = std::chrono::steady_clock;

double MillisecondsOf(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// What is asked of the server at the other end of a connection.
Route RouteTo(const Url& url, const SendOptions& send) {
  Route route;
  if (url.https) route.tls_host = url.host;
  const std::optional<Url>& proxy = send.proxy.For(url);
  if (!send.unix_socket.empty()) {
    route.endpoint.unix_socket = send.unix_socket;
  } else if (!proxy) {
    route.endpoint = {.host = url.host, .port = url.port};
  } else {
    route.endpoint = {.host = proxy->host, .port = proxy->port};
    route.proxy = proxy->authority();
    if (!url.https) return route;
    const bool v6 = url.host.find(':') != std::string::npos;
    route.tunnel = absl::StrCat(v6 ? "[" : "", url.host, v6 ? "]:" : ":", url.port);
    if (!proxy->credentials.empty()) {
      route.tunnel_authorization = BasicAuthorization(proxy->credentials);
    }
  }
  return route;
}

// After a redirect with this status.
std::string MethodAfter(int status, const std::string& method) {
  if (status == 303 && method != "HEAD") return "GET";
  return (status == 301 || status == 302) && method == "POST" ? "GET" : method;
}

}  // namespace

// The way from the request's URL to the answer that is no redirect.
class Transfers::Hops {
 public:
  Hops(Transfers& transfers, const Request& request, Record& record)
      : transfers_(transfers),
        options_(transfers.options_),
        request_(request),
        record_(record),
        start_(ParseUrl(request.url)),
        url_(start_),
        method_(options_.send.method) {}

  AttemptEnd Run() {
    while (Hop()) {
    }
    record_.ms.total += MillisecondsOf(Clock::now() - begin_);
    record_.ok = record_.error.kind == ErrorKind::kNone;
    return std::move(end_);
  }

 private:
  // Whether there is another one to follow.
  bool Hop() {
    Connection& connection = transfers_.ConnectionsOfThread().For(url_);
    BodySink sink(options_.answers, request_);
    Exchange exchange(connection, options_, sink);
    record_.error = exchange.Run(Message(), begin_);
    Note(connection.transport(), exchange);
    if (record_.error.kind == ErrorKind::kNone && exchange.is_redirect()) {
      return Follow(*exchange.header("Location"), exchange.status());
    }
    record_.bytes = sink.size();
    record_.wire_bytes = exchange.wire_bytes();
    if (record_.error.kind == ErrorKind::kNone) Finish(exchange, sink);
    return false;
  }

  void Note(const Transport& transport, const Exchange& exchange) {
    record_.status = exchange.status();
    record_.ms.connect = MillisecondsOf(transport.connect_time());
    record_.ms.first = transport.any_received() ? MillisecondsOf(transport.first_at() - begin_) : 0;
    end_ = {.stale = exchange.stale()};
    if (options_.answers.accept.Has(exchange.status())) return;
    if (const std::string* const after = exchange.header("Retry-After")) end_.retry_after = *after;
  }

  void Finish(const Exchange& exchange, BodySink& sink) {
    if (!options_.answers.accept.Has(exchange.status())) {
      record_.error = {ErrorKind::kStatus, absl::StrCat("status ", exchange.status())};
    } else if (!sink.Finish(record_)) {
      record_.error = sink.error();
    }
  }

  httplib::Request Message() const {
    const bool trusted = url_.SameOrigin(start_);
    httplib::Request message;
    message.method = method_;
    message.path = url_.target;
    message.headers = transfers_.header_.For(request_, url_, trusted);
    if (!has_left_body_ && options_.send.body) {
      message.body = BodyOf(options_.send, request_.id);
    } else {
      message.headers.erase("Content-Type");
    }
    if (!url_.https && options_.send.unix_socket.empty()) AddressProxy(message);
    return message;
  }

  void AddressProxy(httplib::Request& message) const {
    const std::optional<Url>& proxy = options_.send.proxy.For(url_);
    if (!proxy) return;
    message.path = url_.text();
    if (proxy->credentials.empty()) return;
    message.headers.emplace("Proxy-Authorization", BasicAuthorization(proxy->credentials));
  }

  bool Follow(const std::string& location, int status) try {
    Url next = Resolve(url_, location);
    std::string text = next.text();
    record_.redirects.push_back(text);
    if (record_.redirects.size() > static_cast<std::size_t>(options_.send.max_redirects)) {
      return Refuse(
          absl::StrCat("more than ", options_.send.max_redirects, " redirects (--max-redirects)"));
    }
    std::string method = MethodAfter(status, method_);
    if (method == method_ && WasAt(text)) {
      return Refuse(absl::StrCat("a loop of redirects: ", text, " leads back to itself"));
    }
    has_left_body_ |= method != method_;
    method_ = std::move(method);
    url_ = std::move(next);
    return true;
  } catch (const UrlError& error) {
    return Refuse(absl::StrCat("the redirect leads to no URL of http: ", error.what()));
  }

  bool Refuse(std::string text) {
    record_.error = {ErrorKind::kRedirect, std::move(text)};
    return false;
  }

  // Before the last redirect.
  bool WasAt(const std::string& text) const {
    const auto& all = record_.redirects;
    return text == start_.text() || std::find(all.begin(), all.end() - 1, text) != all.end() - 1;
  }

  Transfers& transfers_;
  const Options& options_;
  const Request& request_;
  Record& record_;
  const Clock::time_point begin_ = Clock::now();
  const Url start_;
  Url url_;
  std::string method_;
  bool has_left_body_ = false;  // a redirect has made a GET of it
  AttemptEnd end_;
};

Transfers::Transfers(const Options& options, std::size_t idle_connections)
    : options_(options),
      idle_connections_(std::max<std::size_t>(idle_connections, 1)),
      header_(options.send),
      tls_(options.send.ca_file, options.send.insecure) {}

Transfers::~Transfers() = default;

std::uint64_t Transfers::NextNumber() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

AttemptEnd Transfers::Attempt(const Request& request, Record& record) {
  ++record.attempts;
  record.redirects.clear();
  record.bytes = record.wire_bytes = 0;
  try {
    return Hops(*this, request, record).Run();
  } catch (const UrlError& error) {
    record.error = {ErrorKind::kInternal, error.what()};
    return {};
  }
}

ConnectionCache& Transfers::ConnectionsOfThread() {
  // A number, as another object may get the address of one that is gone.
  thread_local std::uint64_t owner = 0;
  thread_local ConnectionCache* cache = nullptr;
  if (owner == number_) return *cache;
  auto made = std::make_unique<ConnectionCache>(
      idle_connections_, [this](const Url& url) { return NewConnection(url); });
  const std::lock_guard lock(mutex_);
  threads_.push_back(std::move(made));
  owner = number_;
  return *(cache = threads_.back().get());
}

std::unique_ptr<Connection> Transfers::NewConnection(const Url& url) {
  const TransportLimits limits = {.connect = options_.timeouts.connect,
                                  .read = options_.timeouts.read,
                                  .total = options_.timeouts.total};
  return std::make_unique<Connection>(url, RouteTo(url, options_.send), limits, tls_, stop_);
}

}  // namespace cohort::api_fetcher
