#include "apps/api_fetcher/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

// Standard streams, input files, and what name lookups and the library open.
constexpr std::size_t kOthers = 64;

// An attempt's connection, and the file for its body.
constexpr std::size_t kPerThread = 2;

// More hosts in turn than most lists have.
constexpr std::size_t kMostIdle = 8;

}  // namespace

Descriptors ReserveDescriptors(int threads) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {.idle_connections = 1};
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return ShareDescriptors(
      threads, std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<std::size_t>::max()));
}

Descriptors ShareDescriptors(int threads, std::size_t limit) {
  const std::size_t count = static_cast<std::size_t>(threads);
  if (limit < kOthers + kPerThread * count) {
    const std::size_t most = limit > kOthers ? (limit - kOthers) / kPerThread : 0;
    return {.problem =
                absl::StrCat("-c ", threads, " needs more open files than the limit of ", limit,
                             " allows: take at most -c ", std::max<std::size_t>(most, 1),
                             ", or raise it with ulimit -n")};
  }
  const std::size_t left = limit - kOthers - kPerThread * count;
  return {.idle_connections = std::min(kMostIdle, 1 + left / count)};
}

}  // namespace cohort::api_fetcher
