// The C++ of rate_limits.md, between markers, in tests of what it claims.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "futures/future.h"
#include "pools/rate_limited_executor.h"
#include "pools/thread_pool_executor.h"
#include "pools/timer.h"
#include "testing/manual_executor.h"
#include "testing/manual_timer.h"

namespace {

using namespace std::chrono_literals;
using cohort::Future;
using cohort::ManualExecutor;
using cohort::ManualTimer;
using cohort::RateLimitedExecutor;
using cohort::ThreadPoolExecutor;

// A server that is there at the second try.
std::string fetch(const std::string& url) { return "page of " + url; }
int tries = 0;
std::string fetch_flaky(const std::string& url) {
  if (++tries < 3) throw std::runtime_error("503");
  return fetch(url);
}

TEST(RateLimits, Polite) {
  const std::vector<std::string> urls = {"a", "b", "c"};
  std::size_t bytes = 0;
  // [polite]
  ThreadPoolExecutor pool(20);
  RateLimitedExecutor<ThreadPoolExecutor> polite(pool, {.calls_per_second = 50, .burst = 2});

  Future<std::string> page = polite.submit(fetch, "index");  // as with every executor
  for (const std::string& each : polite.map({.buffersize = 100}, fetch, urls)) {
    bytes += each.size();
  }
  // [/polite]
  EXPECT_EQ(bytes, 27U);
  EXPECT_EQ(page.result(), "page of index");
}

TEST(RateLimits, Stacked) {
  std::map<std::string, std::vector<std::string>> urls_of = {{"x", {"a"}}, {"y", {"b", "c"}}};
  std::vector<Future<std::string>> pages;
  // [stacked]
  ThreadPoolExecutor pool(64);
  RateLimitedExecutor<ThreadPoolExecutor> all(pool, {.calls_per_second = 200});
  using Host = RateLimitedExecutor<RateLimitedExecutor<ThreadPoolExecutor>>;
  std::map<std::string, std::unique_ptr<Host>> hosts;
  for (const auto& [host, urls] : urls_of) {
    auto& limited = hosts[host];
    limited = std::make_unique<Host>(all, cohort::RateLimitOptions{.max_concurrent = 4});
    for (const std::string& url : urls) pages.push_back(limited->submit(fetch, url));
  }
  // [/stacked]
  EXPECT_EQ(pages.size(), 3U);
  for (const auto& page : pages) EXPECT_FALSE(page.result().empty());
  // [retry_after]
  hosts["x"]->pause_until(std::chrono::steady_clock::now() + 30s);
  // [/retry_after]
}

TEST(RateLimits, Later) {
  const std::string url = "z";
  // [later]
  ThreadPoolExecutor pool;
  Future<std::string> later = cohort::submit_after(pool, 10ms, fetch, url);
  Future<std::string> at =
      cohort::submit_at(pool, std::chrono::steady_clock::now() + 1h, fetch, url);
  bool taken_back = at.cancel();  // true
  std::string page = later.result();
  // [/later]
  EXPECT_TRUE(taken_back);
  EXPECT_EQ(page, "page of z");
}

// [retry_with_pauses]
Future<std::string> with_retries(ThreadPoolExecutor& pool, std::string url, int tries_left,
                                 std::chrono::milliseconds wait) {
  return cohort::submit_after(pool, wait, fetch_flaky, url)
      .then([&pool, url, tries_left, wait](Future<std::string> page) {
        if (tries_left == 0 || page.exception() == nullptr) return page;
        return with_retries(pool, url, tries_left - 1, 2 * wait);
      });
}
// [/retry_with_pauses]

TEST(RateLimits, Retry) {
  ThreadPoolExecutor pool(1);
  EXPECT_EQ(with_retries(pool, "f", 3, 1ms).result(), "page of f");
  EXPECT_EQ(tries, 3);
}

int square(int n) { return n * n; }

TEST(RateLimits, Tested) {
  // [tested]
  ManualTimer timer;
  ManualExecutor executor;
  RateLimitedExecutor<ManualExecutor> limited(executor, {.calls_per_second = 2, .timer = &timer});

  limited.submit(square, 1);  // starts at once
  limited.submit(square, 2);  // waits for half a second
  EXPECT_EQ(executor.pending(), 1U);
  timer.advance(500ms);
  EXPECT_EQ(executor.pending(), 2U);
  // [/tested]
}

}  // namespace
