// The connections that one thread keeps.

#ifndef COHORT_APPS_API_FETCHER_CONNECTION_CACHE_H_
#define COHORT_APPS_API_FETCHER_CONNECTION_CACHE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "apps/api_fetcher/connection.h"
#include "apps/api_fetcher/url.h"

namespace cohort::api_fetcher {

// At most `size` of them, those that were used last: a million hosts must not keep a million
// sockets. For one thread.
class ConnectionCache {
 public:
  using Make = std::function<std::unique_ptr<Connection>(const Url& url)>;

  ConnectionCache(std::size_t size, Make make) : size_(size), make_(std::move(make)) {}

  // One to the server of `url`; good until the next call.
  Connection& For(const Url& url);

 private:
  const std::size_t size_;
  const Make make_;
  std::vector<std::unique_ptr<Connection>> connections_;  // the one used last is the first
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_CONNECTION_CACHE_H_
