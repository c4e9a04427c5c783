// Runs the server of http_server.h, which lists its paths, until Ctrl-C or the end of its input:
//
//   ./bazelw run //testing/http_server -- [--port=8080] [--tls]
//
// The first line of its output is its address, http://127.0.0.1:PORT. With --tls it makes a
// certificate for localhost, and the second line is the file of the authority to trust.

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>

#include "CLI/CLI.hpp"
#include "testing/http_server/certificates.h"
#include "testing/http_server/http_server.h"

namespace cohort::http_server {
namespace {

namespace fs = std::filesystem;

// A file in a directory of its own, gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    std::string pattern = fs::temp_directory_path() / "http_server.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    std::ofstream(path()) << text;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  fs::path path() const { return directory_ / "authority.pem"; }

 private:
  fs::path directory_;
};

// Before threads start, so that the signals come to nobody but WaitForTheEnd().
int SignalDescriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

void WaitForTheEnd(int signals) {
  pollfd waiting[] = {{signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  char space[4096];
  while (poll(waiting, 2, -1) > 0 && waiting[0].revents == 0 &&
         read(STDIN_FILENO, space, sizeof space) > 0) {
  }
}

void Run(int port, bool tls) {
  const int signals = SignalDescriptor();
  const CertificateAuthority authority;
  HttpServerOptions options = {.port = port};
  std::optional<TemporaryFile> trusted;
  if (tls) {
    options.identity = authority.Issue({});
    trusted.emplace(authority.certificate());
  }
  HttpServer server(options);
  std::cout << server.Url("") << "\n";
  if (trusted) std::cout << trusted->path().string() << "\n";
  std::cout.flush();
  WaitForTheEnd(signals);
}

}  // namespace
}  // namespace cohort::http_server

int main(int argc, char** argv) {
  CLI::App app("Serves what testing/http_server/http_server.h lists, on 127.0.0.1.");
  int port = 0;
  bool tls = false;
  app.add_option("--port", port, "0: any that is free")->capture_default_str();
  app.add_flag("--tls", tls, "HTTPS, with a certificate made now");
  CLI11_PARSE(app, argc, argv);
  try {
    cohort::http_server::Run(port, tls);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
