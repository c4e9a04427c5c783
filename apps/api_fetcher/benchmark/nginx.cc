#include "apps/api_fetcher/benchmark/nginx.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

// Debian has it where the PATH of users does not lead.
constexpr char kProgram[] = "/usr/sbin/nginx";
constexpr int kPortsToTry = 20;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A port that nobody listens on just now; somebody else may take it before nginx does.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = bind(fd, any, size) == 0 && getsockname(fd, any, &size) == 0;
  close(fd);
  if (!bound) throw std::runtime_error("nginx: there is no free port");
  return ntohs(address.sin_port);
}

std::string Configuration(const std::string& directory, int port) {
  // As root, its worker would be somebody who may not read the directory.
  const char* user = geteuid() == 0 ? "user root;\n" : "";
  const std::string small = absl::StrCat("return 200 \"", std::string(1017, 's'), "\";");
  return absl::StrCat(
      user, "daemon off;\nworker_processes 1;\npid ", directory, "/pid;\n",
      "events { worker_connections 4096; }\n", "http {\n  access_log off;\n",
      "  keepalive_requests 100000000;\n  sendfile on;\n  root ", directory, ";\n",
      "  client_body_temp_path ", directory, "/t1;\n  proxy_temp_path ", directory,
      "/t2;\n  fastcgi_temp_path ", directory, "/t3;\n  uwsgi_temp_path ", directory,
      "/t4;\n  scgi_temp_path ", directory, "/t5;\n", "  server {\n    listen 127.0.0.1:", port,
      " backlog=4096;\n", "    listen unix:", directory, "/socket;\n",
      "    location /small/ { default_type application/json; ", small, " }\n",
      "    location /large/ { try_files /large_body =404; }\n",
      "    location /gzip/ { default_type text/html; gzip on; ", small, " }\n", "  }\n}\n");
}

bool HasEnded(pid_t pid) { return waitpid(pid, nullptr, WNOHANG) != 0; }

}  // namespace

bool Nginx::IsInstalled() { return access(kProgram, X_OK) == 0; }

Nginx::Nginx(const std::string& directory) : directory_(directory) {
  std::ofstream(directory_ + "/large_body") << std::string(100 << 10, 'l');
  for (int tries = 0; tries < kPortsToTry; ++tries) {
    port_ = FreePort();
    std::ofstream(directory_ + "/nginx.conf") << Configuration(directory_, port_);
    Start();
    for (bool ended = false; !ended; ended = HasEnded(pid_)) {
      if (Answers()) return;
      poll(nullptr, 0, 1);
    }
  }
  throw std::runtime_error(absl::StrCat("nginx does not start; see ", directory_, "/error.log"));
}

Nginx::~Nginx() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

std::string Nginx::Url(std::string_view target) const {
  return absl::StrCat("http://127.0.0.1:", port_, target);
}

void Nginx::Start() {
  const std::string configuration = directory_ + "/nginx.conf";
  const std::string log = directory_ + "/error.log";
  pid_ = fork();
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  dup2(open("/dev/null", O_RDWR | O_CLOEXEC), STDERR_FILENO);
  execl(kProgram, kProgram, "-p", directory_.c_str(), "-c", configuration.c_str(), "-e",
        log.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

bool Nginx::Answers() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port_);
  const bool answers =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return answers;
}

}  // namespace cohort::api_fetcher
