#include "apps/api_fetcher/dial.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

struct AddressesDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesDeleter>;

// 0 or the error of getaddrinfo.
int LookUp(const Endpoint& to, Addresses& found) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(to.host.c_str(), absl::StrCat(to.port).c_str(), &hints, &list);
  found.reset(list);
  return error;
}

std::string Describe(int error) { return std::generic_category().message(error); }

// 0 or the error of a connection that was begun without waiting. -1: no time.
int WaitConnected(int fd, int timeout) {
  pollfd polled = {fd, POLLOUT, 0};
  int count = 0;
  while ((count = poll(&polled, 1, timeout)) < 0 && errno == EINTR) {
  }
  if (count < 0) return errno;
  if (count == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

// 0 or the error.
int Connect(const StoppableFd& socket, const sockaddr* address, socklen_t size, int timeout) {
  const int fd = socket.get();
  const bool connected = connect(fd, address, size) == 0;
  if (!connected && errno != EINPROGRESS) return errno;
  // A stop before connect() has left no trace on the socket; one from here on wakes the wait.
  if (socket.stopped()) return ECANCELED;
  if (!connected) {
    if (const int error = WaitConnected(fd, timeout)) return error;
  }
  const int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
  return 0;
}

// 0 or the error.
int Open(int family, const sockaddr* address, socklen_t size, int timeout, StoppableFd& socket) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  const int yes = 1;
  if (family != AF_UNIX) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  socket.Set(fd);
  const int error = Connect(socket, address, size, timeout);
  if (error != 0) close(socket.Release());
  return error;
}

class Limit {
 public:
  explicit Limit(Milliseconds limit) : end_(Clock::now() + limit), forever_(limit.count() == 0) {}

  // For poll(): what is left, or half of it.
  int Left(bool half) const {
    if (forever_) return -1;
    const auto left = std::chrono::ceil<Milliseconds>(end_ - Clock::now()).count();
    const auto share = half ? left / 2 : left;
    return static_cast<int>(std::clamp<std::int64_t>(share, 0, 1 << 30));
  }

 private:
  Clock::time_point end_;
  bool forever_;
};

Error Failed(const Endpoint& to, int error, Milliseconds limit, const StoppableFd& socket) {
  const std::string where =
      to.unix_socket.empty() ? absl::StrCat(to.host, " port ", to.port) : to.unix_socket;
  if (socket.stopped()) return {ErrorKind::kInterrupted, "given up while connecting"};
  if (error == ETIMEDOUT && limit.count() > 0) {
    return {ErrorKind::kTimeout, absl::StrCat("no connection to ", where, " within ", limit.count(),
                                              " ms (--connect-timeout)")};
  }
  return {ErrorKind::kConnect, absl::StrCat("no connection to ", where, ": ", Describe(error))};
}

Error DialUnix(const Endpoint& to, Milliseconds limit, StoppableFd& socket) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (to.unix_socket.size() >= sizeof address.sun_path) {
    return Failed(to, ENAMETOOLONG, limit, socket);
  }
  std::memcpy(address.sun_path, to.unix_socket.c_str(), to.unix_socket.size() + 1);
  const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
  const int error = Open(AF_UNIX, generic, sizeof address, Limit(limit).Left(false), socket);
  return error == 0 ? Error() : Failed(to, error, limit, socket);
}

Error NotFound(const Endpoint& to, int error) {
  const std::string why = error == EAI_SYSTEM ? Describe(errno) : gai_strerror(error);
  return {ErrorKind::kResolve, absl::StrCat("the host ", to.host, " has no address: ", why)};
}

}  // namespace

Error Dial(const Endpoint& to, Milliseconds limit, StoppableFd& socket) {
  if (!to.unix_socket.empty()) return DialUnix(to, limit, socket);
  const Limit time(limit);
  Addresses addresses;
  if (const int error = LookUp(to, addresses)) return NotFound(to, error);
  int error = ETIMEDOUT;
  for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
    if (socket.stopped()) break;
    const bool others = at->ai_next != nullptr;
    error = Open(at->ai_family, at->ai_addr, at->ai_addrlen, time.Left(others), socket);
    if (error == 0) return {};
  }
  return Failed(to, error, limit, socket);
}

}  // namespace cohort::api_fetcher
