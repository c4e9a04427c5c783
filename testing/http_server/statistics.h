// What a server has been asked, for tests of how often and how many at a time.

#ifndef COHORT_TESTING_HTTP_SERVER_STATISTICS_H_
#define COHORT_TESTING_HTTP_SERVER_STATISTICS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::http_server {

// Safe from any thread.
class Statistics {
 public:
  using Clock = std::chrono::steady_clock;

  struct Snapshot {
    std::uint64_t connections = 0;
    std::uint64_t requests = 0;
    std::uint64_t running = 0;           // requests that are not answered yet
    std::uint64_t peak_concurrency = 0;  // how many at most were running at a time
    std::uint64_t busiest_second = 0;    // most starts in any second, wherever it begins
    std::vector<std::uint64_t> starts_per_second = {};            // from the first request on
    std::map<std::string, std::uint64_t> requests_by_route = {};  // "posts" for /posts/7
  };

  void CountConnection();

  // A request begins; `target` as in Request. The time is a parameter for tests only.
  void Begin(std::string_view target, std::string_view route, Clock::time_point now = Clock::now());
  void End();

  // How many requests there were for exactly this.
  std::uint64_t RequestsOf(std::string_view target) const;

  Snapshot Take() const;
  std::string ToJson() const;
  void Reset();

 private:
  mutable std::mutex mutex_;
  Snapshot counts_;
  std::vector<Clock::time_point> starts_;
  std::map<std::string, std::uint64_t, std::less<>> requests_by_target_;
};

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_STATISTICS_H_
