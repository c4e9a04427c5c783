#include "testing/http_server/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "testing/http_server/routes.h"

namespace cohort::http_server {
namespace {

using TlsPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

std::unique_ptr<BIO, decltype(&BIO_free)> Input(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

TlsPtr TlsFor(const std::optional<Identity>& identity) {
  if (!identity) return {nullptr, &SSL_CTX_free};
  TlsPtr tls(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  const CertificatePtr certificate(
      PEM_read_bio_X509(Input(identity->certificate).get(), nullptr, nullptr, nullptr), &X509_free);
  const KeyPtr key(PEM_read_bio_PrivateKey(Input(identity->key).get(), nullptr, nullptr, nullptr),
                   &EVP_PKEY_free);
  if (SSL_CTX_use_certificate(tls.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(tls.get(), key.get()) != 1) {
    throw std::invalid_argument("HttpServerOptions::identity: not a certificate with its key");
  }
  return tls;
}

// OpenSSL writes without MSG_NOSIGNAL.
void BlockBrokenPipes() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void Require(bool ok, const char* what, int port) {
  if (ok) return;
  const int error = errno;
  throw std::system_error(error, std::generic_category(),
                          absl::StrCat("http_server: ", what, " 127.0.0.1:", port));
}

std::string_view RouteOf(const Request& request) {
  return request.parts.empty() ? std::string_view("") : request.parts[0];
}

// Finds the route, or null.
void (*Find(std::string_view route))(Exchange&) {
  for (const Routes* routes : {&SoundRoutes(), &BrokenRoutes()}) {
    const auto found = routes->find(route);
    if (found != routes->end()) return found->second;
  }
  return nullptr;
}

void WaitAsAsked(Exchange& exchange) {
  int delay = 0;
  if (absl::SimpleAtoi(exchange.request().Query("delay"), &delay)) {
    exchange.connection().Sleep(std::chrono::milliseconds(delay));
  }
}

}  // namespace

HttpServer::HttpServer(const HttpServerOptions& options) : tls_(TlsFor(options.identity)) {
  Listen(options.port);
  accepter_ = std::thread([this] { Accept(); });
}

HttpServer::~HttpServer() { Stop(); }

std::string HttpServer::Url(std::string_view target, std::string_view host) const {
  return absl::StrCat(tls_ ? "https://" : "http://", host, ":", port_, target);
}

void HttpServer::Reset() {
  statistics_.Reset();
  attempts_.Forget();
}

void HttpServer::Listen(int port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  Require(bind(listener_, any, sizeof address) == 0, "cannot bind", port);
  Require(listen(listener_, SOMAXCONN) == 0, "cannot listen on", port);
  socklen_t size = sizeof address;
  getsockname(listener_, any, &size);
  port_ = ntohs(address.sin_port);
}

void HttpServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      Start(fd);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;  // Stop() has shut the listener down.
    }
    JoinEnded();
  }
}

void HttpServer::Start(int fd) {
  std::lock_guard lock(mutex_);
  if (stopping_) {
    close(fd);
    return;
  }
  statistics_.CountConnection();
  Session& session = sessions_.emplace_back();
  session.connection = std::make_unique<Connection>(fd, tls_.get());
  session.thread = std::thread([this, &session] {
    BlockBrokenPipes();
    Serve(*session.connection);
    std::lock_guard lock(mutex_);
    session.connection = nullptr;
    session.ended = true;
  });
}

void HttpServer::JoinEnded() {
  std::list<Session> ended;
  {
    std::lock_guard lock(mutex_);
    for (auto session = sessions_.begin(); session != sessions_.end();) {
      const auto next = std::next(session);
      if (session->ended) ended.splice(ended.end(), sessions_, session);
      session = next;
    }
  }
  for (Session& session : ended) session.thread.join();
}

void HttpServer::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    shutdown(listener_, SHUT_RDWR);
    for (Session& session : sessions_) {
      if (session.connection) session.connection->Shutdown();
    }
  }
  accepter_.join();
  for (Session& session : sessions_) session.thread.join();
  close(listener_);
}

void HttpServer::Serve(Connection& connection) {
  if (!connection.Handshake()) return;
  RequestReader requests(connection);
  while (const std::optional<Request> request = requests.Next()) {
    if (!Answer(*request, connection)) return;
  }
}

// Whether the connection goes on.
bool HttpServer::Answer(const Request& request, Connection& connection) {
  const std::string_view route = RouteOf(request);
  if (route == "stats") {
    Exchange exchange(request, connection, attempts_, nullptr);
    AnswerStatistics(exchange);
    return exchange.keep();
  }
  statistics_.Begin(request.target, route);
  Exchange exchange(request, connection, attempts_, [this] { statistics_.End(); });
  if (const auto answer = Find(route)) {
    WaitAsAsked(exchange);
    answer(exchange);
  } else {
    exchange.RespondText(404, "no such path; testing/http_server/http_server.h lists them\n");
  }
  return exchange.keep();
}

void HttpServer::AnswerStatistics(Exchange& exchange) {
  const auto& parts = exchange.request().parts;
  if (parts.size() > 1 && parts[1] == "reset") Reset();
  exchange.RespondJson(statistics_.ToJson());
}

}  // namespace cohort::http_server
