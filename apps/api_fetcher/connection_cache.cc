#include "apps/api_fetcher/connection_cache.h"

#include <algorithm>

namespace cohort::api_fetcher {

Connection& ConnectionCache::For(const Url& url) {
  auto found = std::find_if(connections_.begin(), connections_.end(),
                            [&](const auto& connection) { return connection->IsTo(url); });
  if (found == connections_.end()) {
    if (connections_.size() >= size_) connections_.pop_back();
    connections_.push_back(make_(url));
    found = connections_.end() - 1;
  }
  std::rotate(connections_.begin(), found, found + 1);
  return *connections_.front();
}

}  // namespace cohort::api_fetcher
