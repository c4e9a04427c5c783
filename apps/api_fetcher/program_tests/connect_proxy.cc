#include "apps/api_fetcher/program_tests/connect_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int Listen(int& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, generic, size) != 0 || listen(fd, 64) != 0) std::abort();
  getsockname(fd, generic, &size);
  port = ntohs(address.sin_port);
  return fd;
}

// The port of "CONNECT 127.0.0.1:443 HTTP/1.1"; -1: that is nowhere.
int Connect(std::string_view head) {
  const std::string_view host = head.substr(0, head.find(" HTTP"));
  int port = 0;
  if (!absl::SimpleAtoi(host.substr(host.rfind(':') + 1), &port)) return -1;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

void Say(int fd, std::string_view text) { send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

std::string ReadHead(int fd) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && recv(fd, &byte, 1, 0) == 1) head.push_back(byte);
  return head;
}

bool PassOn(int from, int to) {
  std::array<char, 4096> bytes;
  const ssize_t count = recv(from, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  Say(to, {bytes.data(), static_cast<std::size_t>(count)});
  return true;
}

// Until one of them ends.
void Join(int one, int other) {
  for (bool open = true; open;) {
    std::array<pollfd, 2> ends = {{{one, POLLIN, 0}, {other, POLLIN, 0}}};
    poll(ends.data(), ends.size(), -1);
    if (ends[0].revents != 0) open = PassOn(one, other);
    if (open && ends[1].revents != 0) open = PassOn(other, one);
  }
}

}  // namespace

ConnectProxy::ConnectProxy(ConnectProxyOptions options)
    : options_(std::move(options)), listener_(Listen(port_)), accepter_([this] { Accept(); }) {}

ConnectProxy::~ConnectProxy() {
  shutdown(listener_, SHUT_RDWR);
  accepter_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& client : clients_) client.join();
  for (const int fd : open_) close(fd);
  close(listener_);
}

std::string ConnectProxy::address() const { return absl::StrCat("127.0.0.1:", port_); }

std::string ConnectProxy::Url(const std::string& credentials) const {
  return absl::StrCat("http://", credentials, credentials.empty() ? "" : "@", address());
}

std::vector<std::string> ConnectProxy::heads() const {
  const std::lock_guard lock(mutex_);
  return heads_;
}

void ConnectProxy::Accept() {
  for (int fd = 0; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    clients_.emplace_back([this, fd] { Serve(fd); });
  }
}

bool ConnectProxy::MayPass(const std::string& head) const {
  const std::string basic = "Basic " + absl::Base64Escape(options_.credentials);
  return options_.credentials.empty() || absl::StrContains(head, basic);
}

int ConnectProxy::Answer(int client, const std::string& head) const {
  if (!options_.last_words.empty()) return Say(client, options_.last_words), -1;
  if (!MayPass(head)) {
    Say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    return -1;
  }
  const int server = Connect(head);
  Say(client, server < 0 ? "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
                         : "HTTP/1.1 200 Connected\r\n\r\n");
  return server;
}

void ConnectProxy::Serve(int client) {
  const std::string head = ReadHead(client);
  {
    const std::lock_guard lock(mutex_);
    heads_.push_back(head);
  }
  const int server = Answer(client, head);
  if (server >= 0) {
    Join(client, server);
    close(server);
  }
  // It is closed at the end: its number must not come to stand for something else.
  shutdown(client, SHUT_RDWR);
}

}  // namespace cohort::api_fetcher
