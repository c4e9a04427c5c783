// Connections of TCP, and of Unix sockets.

#ifndef COHORT_APPS_API_FETCHER_DIAL_H_
#define COHORT_APPS_API_FETCHER_DIAL_H_

#include <chrono>
#include <cstdint>
#include <string>

#include "apps/api_fetcher/record.h"
#include "apps/api_fetcher/stop_switch.h"

namespace cohort::api_fetcher {

// Where to connect to.
struct Endpoint {
  std::string host = "";
  std::uint16_t port = 0;
  std::string unix_socket = "";  // its path, instead of the others; empty: none
};

// Connects to the first of the host's addresses that answers, and leaves the socket, which blocks,
// in `socket`; whoever calls this closes it. `limit`: for all addresses together, and also for
// each of them but the last half of what is left: an address that is silent must not hide one that
// works. 0: none, but the system's. Looking up a name takes as long as the system lets it.
//
// Nothing is thrown; kNone: connected.
Error Dial(const Endpoint& to, std::chrono::milliseconds limit, StoppableFd& socket);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_DIAL_H_
