#include "apps/api_fetcher/transport.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Far more than servers send, and too little to do harm. A longer first line, of an interim answer
// (1xx) or of the final one, would also overflow the stack, in the regular expression that
// cpp-httplib parses it with.
constexpr std::size_t kMaxFirstLine = 4096;
constexpr std::size_t kMaxLine = 64 << 10;
constexpr std::size_t kMaxHead = 256 << 10;

// How much later than allowed a call may end. Saves setting the socket's timeout for each.
constexpr Milliseconds kTolerance(10);

// Ten years: no overflow in nanoseconds.
constexpr Milliseconds kForever = std::chrono::hours(10 * 365 * 24);

Milliseconds OrForever(Milliseconds limit) { return limit.count() > 0 ? limit : kForever; }

void SetSocketTimeout(int fd, Milliseconds timeout) {
  const timeval value = {.tv_sec = timeout.count() / 1000,
                         .tv_usec = timeout.count() % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof value);
}

bool IsTimeout(ssize_t result) { return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK); }

}  // namespace

Transport::Transport(TransportLimits limits, TlsContext& tls, StopSwitch& stop)
    : limits_(limits), tls_(tls), socket_(stop) {}

void Transport::Begin(Clock::time_point since) {
  started_ = since;
  connect_time_ = {};
  connected_ = false;
  failure_ = {};
  BeginHead();
}

void Transport::BeginHead() {
  begin_ = end_ = 0;
  first_at_ = {};
  first_size_ = 0;
  head_size_ = 0;
  line_size_ = 0;
  line_limit_ = kMaxFirstLine;
  at_end_ = false;
  in_head_ = true;
}

bool Transport::Connect(const Route& route) {
  connecting_ = connected_ = true;
  connect_started_ = Clock::now();
  timeout_ = Milliseconds(0);
  const bool ok = Reach(route) && (route.tls_host.empty() || Handshake(route));
  connecting_ = false;
  connect_time_ = Clock::now() - connect_started_;
  BeginHead();
  if (ok) return true;
  ssl_.reset();
  if (const int fd = socket_.Release(); fd >= 0) close(fd);
  return false;
}

// The server, as far as its proxy.
bool Transport::Reach(const Route& route) {
  if (Dial(route.endpoint) && (route.tunnel.empty() || OpenTunnel(route))) return true;
  if (!route.proxy.empty() && failure_.kind != ErrorKind::kInterrupted) {
    failure_.text = absl::StrCat("the proxy ", route.proxy, ": ", failure_.text);
  }
  return false;
}

bool Transport::Dial(const Endpoint& to) {
  const Milliseconds left = Left(connect_started_);
  if (left.count() <= 0) return FailLate(connect_started_);
  failure_ = api_fetcher::Dial(to, left == kForever ? Milliseconds(0) : left, socket_);
  const Clock::time_point now = Clock::now();
  if (failure_.kind == ErrorKind::kTimeout && Left(now) <= kTolerance) return FailLate(now);
  return failure_.kind == ErrorKind::kNone;
}

bool Transport::OpenTunnel(const Route& route) {
  std::string text =
      absl::StrCat("CONNECT ", route.tunnel, " HTTP/1.1\r\nHost: ", route.tunnel, "\r\n");
  if (!route.tunnel_authorization.empty()) {
    absl::StrAppend(&text, "Proxy-Authorization: ", route.tunnel_authorization, "\r\n");
  }
  absl::StrAppend(&text, "\r\n");
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(text.data() + sent, text.size() - sent);
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return TakeTunnelAnswer(route);
}

bool Transport::TakeTunnelAnswer(const Route& route) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    char byte = 0;
    if (read(&byte, 1) <= 0) {
      if (failure_.kind != ErrorKind::kNone) return false;
      return Fail(ErrorKind::kProxy, "it closed the connection instead of answering");
    }
    head.push_back(byte);
  }
  const std::string_view line = std::string_view(head).substr(0, head.find('\r'));
  const bool is_http = line.starts_with("HTTP/1.") && line.size() >= 10;
  if (is_http && line.substr(8, 2) == " 2") return true;
  return Fail(ErrorKind::kProxy,
              absl::StrCat("it does not connect to ", route.tunnel, ": ", line.substr(0, 80)));
}

bool Transport::Handshake(const Route& route) {
  ssl_ = tls_.NewSession(fd(), route.tls_host);
  if (!ssl_) return Fail(ErrorKind::kTls, "no TLS session: " + TakeSslError());
  const Clock::time_point since = Clock::now();
  for (Clock::time_point now = since; SetTimeout(now, true);) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_connect(ssl_.get());
    if (result == 1) return tls_.IsTrusted(ssl_.get()) || FailHandshake(route);
    if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) return FailHandshake(route);
    now = Clock::now();
    if (now - since + kTolerance >= OrForever(limits_.read)) return FailLate(now);
  }
  return false;
}

bool Transport::FailHandshake(const Route& route) {
  const int error = errno;
  if (socket_.stopped()) return Fail(ErrorKind::kInterrupted, "given up in the TLS handshake");
  std::string problem = HandshakeProblem(ssl_.get(), route.tls_host);
  if (error != 0 && SSL_get_verify_result(ssl_.get()) == X509_V_OK) {
    absl::StrAppend(&problem, ": ", std::generic_category().message(error));
  }
  return Fail(ErrorKind::kTls, std::move(problem));
}

bool Transport::IsIdle() {
  char byte = 0;
  const bool silent = IsTimeout(recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT));
  if (!ssl_) return silent;
  return (silent && SSL_has_pending(ssl_.get()) == 0) || HasOnlyNotesOfTls();
}

// Whether what is there to be read is neither of the answer nor TLS's farewell: servers also send
// tickets for later sessions.
bool Transport::HasOnlyNotesOfTls() {
  const int flags = fcntl(fd(), F_GETFL);
  fcntl(fd(), F_SETFL, flags | O_NONBLOCK);
  ERR_clear_error();
  char byte = 0;
  const int result = SSL_peek(ssl_.get(), &byte, 1);
  const bool more = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  fcntl(fd(), F_SETFL, flags);
  return more;
}

void Transport::Release(bool friendly) {
  if (ssl_ && friendly && failure_.kind == ErrorKind::kNone) SSL_shutdown(ssl_.get());
  if (ssl_) ERR_clear_error();
  ssl_.reset();
  socket_.Release();
}

bool Transport::Fail(ErrorKind kind, std::string text) {
  failure_ = {kind, std::move(text)};
  return false;
}

Milliseconds Transport::Left(Clock::time_point now) const {
  const auto of = [now](Milliseconds limit, Clock::time_point since) {
    if (limit.count() == 0) return kForever;
    return limit - std::chrono::floor<Milliseconds>(now - since);
  };
  const Milliseconds total = of(limits_.total, started_);
  return connecting_ ? std::min(total, of(limits_.connect, connect_started_)) : total;
}

Milliseconds Transport::Allowed(Clock::time_point now) const {
  const Milliseconds left = Left(now);
  if (left.count() <= 0) return Milliseconds(-1);
  const Milliseconds allowed = std::min(left, OrForever(limits_.read));
  return allowed == kForever ? Milliseconds(0) : allowed;
}

bool Transport::SetTimeout(Clock::time_point now, bool exactly) {
  const Milliseconds allowed = Allowed(now);
  if (allowed.count() < 0) return FailLate(now);
  if (allowed == timeout_) return true;
  const bool too_long = OrForever(timeout_) > OrForever(allowed);
  const bool much = timeout_.count() == 0 || timeout_ > allowed + kTolerance;
  if (exactly || (too_long && much)) {
    timeout_ = allowed;
    SetSocketTimeout(fd(), timeout_);
  }
  return true;
}

bool Transport::FailLate(Clock::time_point now) {
  const auto is_over = [now](Milliseconds limit, Clock::time_point since) {
    return limit.count() > 0 && now - since + kTolerance >= limit;
  };
  if (is_over(limits_.total, started_)) {
    return Fail(ErrorKind::kTimeout,
                absl::StrCat("not done within ", limits_.total.count(), " ms (--timeout)"));
  }
  if (connecting_ && is_over(limits_.connect, connect_started_)) {
    return Fail(ErrorKind::kTimeout, absl::StrCat("no connection within ", limits_.connect.count(),
                                                  " ms (--connect-timeout)"));
  }
  return Fail(ErrorKind::kTimeout,
              absl::StrCat(any_received() ? "nothing more" : "no answer", " for ",
                           limits_.read.count(), " ms (--read-timeout)"));
}

ssize_t Transport::FailSystem(ErrorKind kind, int error) {
  if (socket_.stopped()) {
    Fail(ErrorKind::kInterrupted, "given up");
  } else {
    const char* const when = kind == ErrorKind::kSend ? "while sending" : "while receiving";
    const std::string tls = ssl_ ? TakeSslError() : "";
    const std::string why = !tls.empty() ? tls : std::generic_category().message(error);
    Fail(kind, absl::StrCat("the connection broke ", when, ": ", why));
  }
  return -1;
}

// The library reads lines byte by byte, and keeps them whatever their length.
ssize_t Transport::read(char* to, size_t size) {
  if (size != 1 || begin_ == end_) return ReadMore(to, size);
  *to = buffer_[begin_++];
  return *to == '\n' || ++line_size_ > line_limit_ ? EndLine(*to) : 1;
}

ssize_t Transport::ReadMore(char* to, size_t size) {
  if (begin_ == end_) {
    if (!in_head_ && size >= buffer_.size()) return Receive(to, size);
    if (const ssize_t filled = Fill(); filled <= 0) return filled;
  }
  if (size == 1) return read(to, size);
  const std::size_t count = std::min(size, end_ - begin_);
  std::memcpy(to, buffer_.data() + begin_, count);
  begin_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t Transport::Fill() {
  const ssize_t received = Receive(buffer_.data(), buffer_.size());
  if (received <= 0) return received;
  begin_ = 0;
  end_ = static_cast<std::size_t>(received);
  if (in_head_ && (head_size_ += end_) > kMaxHead) {
    return Fail(ErrorKind::kProtocol, "the answer has more than 256 KiB of headers"), -1;
  }
  return received;
}

ssize_t Transport::EndLine(char byte) {
  const bool first = line_limit_ == kMaxFirstLine;
  if (byte == '\n') {
    // After a blank line the head of another answer may follow: this one was an interim one.
    const bool blank = line_size_ <= 1;
    line_limit_ = in_head_ && blank ? kMaxFirstLine : kMaxLine;
    line_size_ = 0;
    return 1;
  }
  Fail(ErrorKind::kProtocol, first ? "the answer is no HTTP: its first line does not end"
                                   : "a line of the answer does not end");
  return -1;
}

ssize_t Transport::Receive(char* to, std::size_t size) {
  const Clock::time_point since = Clock::now();
  Clock::time_point now = since;
  for (bool again = false;; again = true) {
    if (!SetTimeout(now, again)) return -1;
    const ssize_t received = ReceiveOnce(to, size);
    if (received > 0) {
      NoteFirst({to, static_cast<std::size_t>(received)});
      return received;
    }
    if (received == 0 && !socket_.stopped()) at_end_ = true;
    if (received == 0 && at_end_) return 0;
    if (!IsTimeout(received)) return FailSystem(ErrorKind::kReceive, errno);
    now = Clock::now();
    if (now - since + kTolerance >= OrForever(limits_.read)) return FailLate(now), -1;
  }
}

ssize_t Transport::ReceiveOnce(char* to, std::size_t size) {
  if (ssl_)
    return SslResult(
        SSL_read(ssl_.get(), to, static_cast<int>(std::min<std::size_t>(size, 1 << 30))));
  ssize_t received = 0;
  while ((received = recv(fd(), to, size, 0)) < 0 && errno == EINTR) {
  }
  return received;
}

ssize_t Transport::SendOnce(const char* from, std::size_t size) {
  if (ssl_)
    return SslResult(
        SSL_write(ssl_.get(), from, static_cast<int>(std::min<std::size_t>(size, 1 << 30))));
  ssize_t sent = 0;
  while ((sent = send(fd(), from, size, MSG_NOSIGNAL)) < 0 && errno == EINTR) {
  }
  return sent;
}

// As of recv(): with errno, and 0 at the end.
ssize_t Transport::SslResult(int result) {
  if (result > 0) return result;
  const int error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    default:
      errno = error == 0 || error == EAGAIN ? ECONNRESET : error;
      return -1;
  }
}

void Transport::NoteFirst(std::string_view bytes) {
  if (any_received()) return;
  first_at_ = Clock::now();
  first_size_ = bytes.copy(first_bytes_.data(), first_bytes_.size());
}

ssize_t Transport::write(const char* from, size_t size) {
  const Clock::time_point since = Clock::now();
  Clock::time_point now = since;
  for (bool again = false;; again = true) {
    if (!SetTimeout(now, again)) return -1;
    const ssize_t sent = SendOnce(from, size);
    if (sent > 0) return sent;
    if (!IsTimeout(sent)) return FailSystem(ErrorKind::kSend, errno);
    now = Clock::now();
    if (now - since + kTolerance >= OrForever(limits_.read)) return FailLate(now), -1;
  }
}

void Transport::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void Transport::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace cohort::api_fetcher
