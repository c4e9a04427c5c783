// Writing to a reader who may be slow, or never read again.
//
// write() to a pipe that is full blocks, and nothing but a reader, or the end of the process, ends
// that: no deadline is kept and no signal looked at meanwhile. O_NONBLOCK is no way out: it would
// be set for all processes that share the pipe.

#ifndef COHORT_APPS_API_FETCHER_BOUNDED_WRITE_H_
#define COHORT_APPS_API_FETCHER_BOUNDED_WRITE_H_

#include <chrono>
#include <cstddef>
#include <string_view>
#include <system_error>

namespace cohort::api_fetcher {

struct Written {
  std::size_t bytes = 0;  // of the text, from its beginning
  std::error_code error = {};
};

// Writes `text` until all of it is written, the time is over, a signal comes or there is an error.
//
// A file gets it in one call. A pipe, a socket or a terminal gets it in pieces that it takes
// without blocking, unless somebody else fills a pipe at the same moment. These end with a line,
// but for lines of more than 4 KiB: whoever stops in between leaves no half line, and lines of
// several processes on one pipe do not mix.
Written WriteUntil(int fd, std::string_view text, std::chrono::steady_clock::time_point end);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_BOUNDED_WRITE_H_
