// How many files and sockets the process may have open.

#ifndef COHORT_APPS_API_FETCHER_DESCRIPTORS_H_
#define COHORT_APPS_API_FETCHER_DESCRIPTORS_H_

#include <cstddef>
#include <string>

namespace cohort::api_fetcher {

struct Descriptors {
  std::size_t idle_connections = 0;  // that each thread may keep
  std::string problem = "";          // why there are too few; empty: there are enough
};

// Raises the limit as far as it goes, and says what `threads` that each have a connection and a
// file open can do with it.
Descriptors ReserveDescriptors(int threads);

// The same of a limit that is given.
Descriptors ShareDescriptors(int threads, std::size_t limit);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_DESCRIPTORS_H_
