// An nginx of one's own on 127.0.0.1, for a test and for benchmarks.

#ifndef COHORT_APPS_API_FETCHER_BENCHMARK_NGINX_H_
#define COHORT_APPS_API_FETCHER_BENCHMARK_NGINX_H_

#include <sys/types.h>

#include <string>
#include <string_view>

namespace cohort::api_fetcher {

// One worker process, kept connections, no log of requests. It serves
//
//   /small/ANYTHING    1,017 bytes
//   /large/ANYTHING    100 KiB, from a file
//   /gzip/ANYTHING     the 1,017 bytes, compressed for those who ask for it
//
// on a port, and on the socket `directory`/socket.
class Nginx {
 public:
  static bool IsInstalled();

  // Answers when this returns. `directory`: an empty one, which outlives it. Throws
  // std::runtime_error when nginx does not start.
  explicit Nginx(const std::string& directory);
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;
  ~Nginx();

  std::string Url(std::string_view target) const;
  std::string socket() const { return directory_ + "/socket"; }

 private:
  void Start();
  bool Answers() const;

  std::string directory_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_BENCHMARK_NGINX_H_
