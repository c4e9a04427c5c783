// The C++ of getting_started.md, between markers, in tests of what it claims.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "futures/future.h"
#include "pools/thread_pool_executor.h"

namespace {

using namespace std::chrono_literals;

TEST(GettingStarted, Errors) {
  cohort::ThreadPoolExecutor pool(1);
  const auto load = [](const std::string& path) -> int { throw std::domain_error(path); };
  std::string why;
  // [errors]
  cohort::Future<int> size = pool.submit(load, "a.txt");
  try {
    int bytes = size.result(2s);
    why = "it has " + std::to_string(bytes) + " bytes";
  } catch (const cohort::TimeoutError&) {
    why = "it takes too long";  // the task goes on
  } catch (const cohort::Error& error) {
    why = error.what();  // cancelled, or the pool is broken
  } catch (const std::exception& error) {
    why = error.what();  // what load() threw
  }
  // [/errors]
  EXPECT_EQ(why, "a.txt");
}

TEST(GettingStarted, BadOption) {
  std::string why;
  // [bad_option]
  try {
    cohort::ThreadPoolExecutor pool({.max_workers = -1});
  } catch (const std::invalid_argument& error) {
    why = error.what();  // ThreadPoolOptions::max_workers must be above 0, or 0 for the default,
                         // not -1
  }
  // [/bad_option]
  EXPECT_NE(why.find("max_workers"), std::string::npos) << why;
  EXPECT_NE(why.find("-1"), std::string::npos) << why;
}

// [pool_last]
class WordCount {
 public:
  void add(std::string word) {
    pool_.post([this, word = std::move(word)] {
      const std::lock_guard lock(mutex_);
      ++counts_[word];
    });
  }
  void finish() { pool_.shutdown(); }
  std::size_t count(const std::string& word) const { return counts_.at(word); }

 private:
  std::mutex mutex_;
  std::map<std::string, std::size_t> counts_;
  cohort::ThreadPoolExecutor pool_;  // last: destroyed first, and waits for its tasks
};
// [/pool_last]

TEST(GettingStarted, PoolAsTheLastMember) {
  WordCount words;
  for (int i = 0; i < 100; ++i) words.add(i % 4 == 0 ? "four" : "other");
  words.finish();
  EXPECT_EQ(words.count("four"), 25U);
  const WordCount unfinished_one_is_destroyed_in_order;
}

TEST(GettingStarted, FutureOutlivesItsPool) {
  // [outlives]
  cohort::Future<std::string> text;
  {
    cohort::ThreadPoolExecutor pool;
    text = pool.submit([] { return std::string("still here"); });
  }
  std::string kept = text.result();
  // [/outlives]
  EXPECT_EQ(kept, "still here");
}

TEST(GettingStarted, Stats) {
  cohort::ThreadPoolExecutor pool(2);
  for (int i = 0; i < 10; ++i) pool.post([] {});
  pool.shutdown();
  // [stats]
  cohort::PoolStats stats = pool.stats();
  std::string line = std::to_string(stats.queued) + " queued, " + std::to_string(stats.running) +
                     " running, " + std::to_string(stats.succeeded) + " succeeded, " +
                     std::to_string(stats.failed) + " failed";
  // [/stats]
  EXPECT_EQ(line, "0 queued, 0 running, 10 succeeded, 0 failed");
}

}  // namespace
