// The C++ of processes.md, between markers, in tests of what it claims.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"

// Not in the namespace below, so that the compiler cannot know that it stays null.
// [crash]
int* gamma_table = nullptr;  // a bug: nobody fills it

int corrected(int level) { return gamma_table[level]; }
// [/crash]

namespace {

using namespace std::chrono_literals;
using cohort::Future;
using cohort::ProcessPoolExecutor;
using cohort::ThreadPoolExecutor;

// [task_functions]
int square(int x) { return x * x; }

std::size_t length(const std::string& word) { return word.size(); }
// [/task_functions]

TEST(Processes, OneWord) {
  // [one_word]
  ProcessPoolExecutor pool;  // was: ThreadPoolExecutor pool;

  Future<int> future = pool.submit(square, 7);
  std::vector<std::string> words = {"one", "three", "eleven"};
  std::size_t total = 0;
  for (std::size_t n : pool.map(length, words)) total += n;  // 14
  int value = future.result();                               // 49
  // [/one_word]
  EXPECT_EQ(value, 49);
  EXPECT_EQ(total, 14U);
}

// [any_executor]
template <cohort::Executor E>
std::size_t total_length(E& executor, const std::vector<std::string>& words) {
  std::size_t total = 0;
  for (std::size_t n : executor.map(length, words)) total += n;
  return total;
}
// [/any_executor]

TEST(Processes, CodeForAnyExecutor) {
  ProcessPoolExecutor processes(1);
  ThreadPoolExecutor threads(1);
  EXPECT_EQ(total_length(processes, {"one", "three"}), 8U);
  EXPECT_EQ(total_length(threads, {"one", "three"}), 8U);
}

TEST(Processes, Crash) {
  if (cohort::kSanitized) GTEST_SKIP() << "a sanitizer ends the process in its own way";
  ProcessPoolExecutor pool(1);
  std::string report;
  std::string name;
  int signal = 0;
  // [crash]

  Future<int> bad = pool.submit({.name = "image 7"}, corrected, 4);
  Future<int> good = pool.submit(square, 7);
  try {
    bad.result();
  } catch (const cohort::WorkerDied& death) {
    name = death.task();      // "image 7"
    signal = death.signal();  // SIGSEGV
    report = death.what();
  }
  int value = good.result();  // 49: nobody else is harmed
  // [/crash]
  EXPECT_EQ(value, 49);
  EXPECT_EQ(name, "image 7");
  EXPECT_EQ(signal, SIGSEGV);
  EXPECT_NE(report.find("was killed by signal 11"), std::string::npos) << report;
  EXPECT_NE(report.find("#0"), std::string::npos) << report;
}

// [exit]
void give_up(int status) { std::_Exit(status); }
// [/exit]

TEST(Processes, Exit) {
  ProcessPoolExecutor pool(1);
  std::string what;
  int status = 0;
  // [exit]

  Future<void> ended = pool.submit(give_up, 3);
  try {
    ended.result();
  } catch (const cohort::WorkerDied& death) {
    status = death.exit_status();  // 3
    what = death.what();  // worker process 4711 exited with status 3 in the middle of a task
  }
  // [/exit]
  EXPECT_EQ(status, 3);
  EXPECT_NE(what.find("exited with status 3 in the middle of a task"), std::string::npos) << what;
}

// [retries]
// Dies the first time that it is called with a path.
int unlucky(const std::string& path) {
  if (std::ofstream file; !std::ifstream(path)) {
    file.open(path);
    raise(SIGKILL);
  }
  return 42;
}
// [/retries]

TEST(Processes, Retries) {
  ProcessPoolExecutor pool(1);
  const std::string path = testing::TempDir() + "/unlucky";
  unlink(path.c_str());
  // [retries]

  Future<int> answer = pool.submit({.max_retries = 1}, unlucky, path);
  int value = answer.result();  // 42, at the second attempt
  // [/retries]
  EXPECT_EQ(value, 42);
  EXPECT_EQ(pool.stats().worker_deaths, 1U);
}

TEST(Processes, Timeout) {
  ProcessPoolExecutor pool(1);
  std::string why;
  // [timeout]
  Future<void> endless = pool.submit({.timeout = 50ms}, [] {
    for (;;) std::this_thread::yield();
  });
  try {
    endless.result();
  } catch (const cohort::TimeoutError& error) {
    why = error.what();  // the task was not done within 0.050000 s; the process that ran it was
                         // killed
  }
  // [/timeout]
  EXPECT_NE(why.find("killed"), std::string::npos) << why;
}

TEST(Processes, TimeoutHeeded) {
  ProcessPoolExecutor pool({.max_workers = 1, .grace = 60s});
  // [timeout_token]
  Future<int> rounds = pool.submit({.timeout = 20ms}, [](std::stop_token stop) {
    int n = 0;
    while (!stop.stop_requested()) ++n;  // some work
    return n;
  });
  int n = rounds.result();  // what was done until then
  // [/timeout_token]
  EXPECT_GE(n, 0);
  EXPECT_EQ(pool.stats().worker_deaths, 0U);
}

TEST(Processes, RequestStop) {
  ProcessPoolExecutor pool(1);
  // [request_stop]
  Future<void> endless = pool.submit([] {
    for (;;) std::this_thread::yield();
  });
  while (!endless.running()) std::this_thread::yield();
  endless.request_stop();  // cancel() returns false: it runs

  bool cancelled = false;
  try {
    endless.result();
  } catch (const cohort::CancelledError&) {
    cancelled = true;
  }
  // [/request_stop]
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(pool.submit(square, 3).result(), 9);
}

// [worker_initializer]
std::map<std::string, std::string> dictionary;  // one in each worker

void load(const std::string& language) {
  dictionary = {{"one", language == "fr" ? "un" : "eins"}};  // or from a file
}

std::string translate(const std::string& word) { return dictionary.at(word); }
// [/worker_initializer]

TEST(Processes, Initializer) {
  // [worker_initializer]

  ProcessPoolExecutor pool({.max_workers = 2, .initializer = cohort::initializer(load, "fr")});
  Future<std::string> one = pool.submit(translate, "one");  // "un"
  // [/worker_initializer]
  EXPECT_EQ(one.result(), "un");
  EXPECT_TRUE(dictionary.empty());
}

TEST(Processes, InitializerThatThrows) {
  std::string why;
  // [broken_initializer]
  ProcessPoolExecutor pool(
      {.initializer = cohort::initializer([] { throw std::runtime_error("no dictionary"); })});
  try {
    pool.submit(square, 2).result();
  } catch (const cohort::BrokenProcessPool& error) {
    why = error.what();  // the process pool is broken: the initializer has thrown
                         // std::runtime_error: no dictionary
  }
  // [/broken_initializer]
  EXPECT_EQ(why,
            "the process pool is broken: the initializer has thrown std::runtime_error: no "
            "dictionary");
}

// [memory]
std::size_t fill(std::size_t bytes) { return std::vector<char>(bytes, 'x').size(); }
// [/memory]

TEST(Processes, MemoryLimit) {
  if (cohort::kSanitized) GTEST_SKIP() << "a sanitizer reserves terabytes";
  bool refused = false;
  // [memory]

  ProcessPoolExecutor pool({.max_workers = 1, .worker_memory_limit = 256 << 20});
  Future<std::size_t> large = pool.submit(fill, std::size_t{1} << 30);
  try {
    large.result();
  } catch (const std::bad_alloc&) {
    refused = true;  // the worker goes on
  }
  std::size_t small = pool.submit(fill, 1000).result();
  // [/memory]
  EXPECT_TRUE(refused);
  EXPECT_EQ(small, 1000U);
  EXPECT_EQ(pool.stats().worker_deaths, 0U);
}

// [sandbox]
std::string try_network_and_disk(const std::string& path) {
  std::string refused;
  if (socket(AF_INET, SOCK_STREAM, 0) < 0) refused += "network ";
  if (open(path.c_str(), O_WRONLY | O_CREAT, 0600) < 0) refused += "disk";
  return refused;
}
// [/sandbox]

TEST(Processes, Sandbox) {
  const std::string path = testing::TempDir() + "/sandboxed";
  // [sandbox]

  cohort::ProcessPoolOptions options;
  options.sandbox = cohort::Sandbox::compute().read_only({"/usr/share"}).allow_missing();
  ProcessPoolExecutor pool(options);
  Future<std::string> refused = pool.submit(try_network_and_disk, path);  // "network disk"
  // [/sandbox]
  EXPECT_EQ(refused.result(), "network disk");
}

TEST(Processes, MaxTasksPerChild) {
  std::set<pid_t> pids;
  // [max_tasks]
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 2});
  for (int i = 0; i < 6; ++i) pids.insert(pool.submit(getpid).result());  // 3 processes
  // [/max_tasks]
  EXPECT_EQ(pids.size(), 3U);
  EXPECT_EQ(pids.count(getpid()), 0U);
}

// [kill]
void wait_for_ever() { pause(); }
// [/kill]

TEST(Processes, KillWorkers) {
  // [kill]

  ProcessPoolExecutor pool(1);
  Future<void> running = pool.submit(wait_for_ever);
  Future<void> waiting = pool.submit(wait_for_ever);
  while (!running.running()) std::this_thread::yield();

  pool.kill_workers();  // or terminate_workers(), with SIGTERM

  bool died = false;
  try {
    running.result();
  } catch (const cohort::WorkerDied&) {
    died = true;
  }
  bool cancelled = waiting.cancelled();
  // [/kill]
  EXPECT_TRUE(died);
  EXPECT_TRUE(cancelled);
  EXPECT_THROW(pool.submit(wait_for_ever), cohort::Error);
}

TEST(Processes, Callbacks) {
  pid_t called_in = 0;
  {
    // [callback_in_parent]
    ProcessPoolExecutor pool(1);
    pool.submit(square, 7).add_done_callback([&](const Future<int>&) {
      called_in = getpid();  // this process: it may capture what it likes
    });
    // [/callback_in_parent]
  }
  EXPECT_EQ(called_in, getpid());
}

// [globals]
int level = 1;  // each process has its own

int current_level() { return level; }
// [/globals]

TEST(Processes, Globals) {
  // [globals]

  level = 2;
  ProcessPoolExecutor pool(1);
  int in_worker = pool.submit(current_level).result();  // 1: main() has never run there
  // [/globals]
  EXPECT_EQ(in_worker, 1);
}

TEST(Processes, Chunks) {
  // [auto_chunks]
  ProcessPoolExecutor pool;
  std::vector<int> numbers(10'000, 3);
  std::int64_t sum = 0;
  for (int n : pool.map({.chunksize = 0}, square, numbers)) sum += n;  // 90000
  // [/auto_chunks]
  EXPECT_EQ(sum, 90'000);
}

TEST(Processes, Pids) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(square, 2).result(), 4);
  // [pids]
  std::vector<pid_t> pids = pool.worker_pids();
  // [/pids]
  ASSERT_EQ(pids.size(), 1U);
  EXPECT_EQ(pool.submit(getpid).result(), pids[0]);
}

}  // namespace
