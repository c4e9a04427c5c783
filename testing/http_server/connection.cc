#include "testing/http_server/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace cohort::http_server {
namespace {

using Clock = std::chrono::steady_clock;

// `limit`: milliseconds, -1 for none.
bool Poll(int fd, int limit) {
  pollfd waiting = {fd, POLLIN, 0};
  return poll(&waiting, 1, limit) > 0;
}

int MillisecondsUntil(Clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<long>(left, 0, 3'600'000));
}

}  // namespace

Connection::Connection(int fd, SSL_CTX* tls)
    : fd_(fd), ssl_(tls == nullptr ? nullptr : SSL_new(tls), &SSL_free) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (ssl_) SSL_set_fd(ssl_.get(), fd);
}

Connection::~Connection() {
  // Nobody waits for a farewell that the other side does not take.
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  if (ssl_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  close(fd_);
}

bool Connection::Handshake() { return !ssl_ || SSL_accept(ssl_.get()) == 1; }

std::string Connection::ReadSome() {
  std::string bytes(16384, '\0');
  const ssize_t count = ssl_ ? SSL_read(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                             : recv(fd_, bytes.data(), bytes.size(), 0);
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

bool Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), 1 << 20);
    const ssize_t count = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(size))
                               : send(fd_, bytes.data(), size, MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void Connection::WaitUntilReadable() { Poll(fd_, -1); }

bool Connection::Sleep(std::chrono::milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  while (Clock::now() < end) {
    if (Poll(fd_, MillisecondsUntil(end))) return false;
  }
  return true;
}

void Connection::ResetAtEnd() {
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void Connection::Shutdown() { shutdown(fd_, SHUT_RDWR); }

}  // namespace cohort::http_server
