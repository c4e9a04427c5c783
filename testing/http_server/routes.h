// What each path answers. http_server.h lists them.

#ifndef COHORT_TESTING_HTTP_SERVER_ROUTES_H_
#define COHORT_TESTING_HTTP_SERVER_ROUTES_H_

#include <map>
#include <string_view>

#include "testing/http_server/exchange.h"

namespace cohort::http_server {

// By the first part of the path.
using Routes = std::map<std::string_view, void (*)(Exchange&)>;

// Answers as the protocol wants them.
const Routes& SoundRoutes();

// Answers that break the protocol, or stop in the middle.
const Routes& BrokenRoutes();

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_ROUTES_H_
