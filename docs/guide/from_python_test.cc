// The C++ of from_python.md, between markers, in tests of what it claims.

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <latch>
#include <memory>
#include <numeric>
#include <set>
#include <stop_token>
#include <string>
#include <tuple>
#include <unordered_set>
#include <utility>

// [includes]
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <ranges>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

#include "futures/combinators.h"
#include "futures/coroutine.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"
#include "pools/usable_cpus.h"
#include "testing/manual_executor.h"

using namespace std::chrono_literals;
using cohort::as_completed;
using cohort::Future;
using cohort::ProcessPoolExecutor;
using cohort::ThreadPoolExecutor;
using cohort::wait;
// [/includes]

namespace {

// [functions]
int power(int base, int exponent) {
  int result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

int square(int x) { return x * x; }

std::size_t length(const std::string& word) { return word.size(); }

int parse(const std::string& text) { return std::stoi(text); }  // throws std::invalid_argument
// [/functions]

// Holds tasks up until the test opens it. Made after the pool, it opens before the pool ends.
class Gate {
 public:
  ~Gate() { open(); }
  void open() {
    if (!std::exchange(opened_, true)) latch_->count_down();
  }
  // Returns a function that does not return before the gate is open.
  auto pass() const {
    return [latch = latch_] { latch->wait(); };
  }

 private:
  std::shared_ptr<std::latch> latch_ = std::make_shared<std::latch>(1);
  bool opened_ = false;
};

TEST(FromPython, Submit) {
  // [submit]
  ThreadPoolExecutor pool(4);
  Future<int> future = pool.submit(power, 2, 10);
  int value = future.result();  // 1024
  // [/submit]
  EXPECT_EQ(value, 1024);
}

// [keywords]
struct FetchOptions {
  int retries = 0;
  bool verify = true;
};

std::string fetch(const std::string& url, FetchOptions options = {}) {
  return url + (options.verify ? " verified" : " not verified") + ", " +
         std::to_string(options.retries) + " retries";
}
// [/keywords]

TEST(FromPython, Keywords) {
  ThreadPoolExecutor pool(1);
  // [keywords]
  std::string url = "https://example.org";
  Future<std::string> page = pool.submit(fetch, url, FetchOptions{.retries = 3, .verify = false});
  Future<std::string> same =
      pool.submit([url] { return fetch(url, {.retries = 3, .verify = false}); });
  // [/keywords]
  EXPECT_EQ(page.result(), "https://example.org not verified, 3 retries");
  EXPECT_EQ(same.result(), page.result());
}

TEST(FromPython, References) {
  ThreadPoolExecutor pool(1);
  // [references]
  std::vector<int> numbers = {3, 1, 2};
  Future<void> sorted =
      pool.submit([](std::vector<int>& n) { std::ranges::sort(n); }, std::ref(numbers));
  sorted.result();  // numbers is {1, 2, 3}; it had to outlive the task

  auto big = std::make_unique<std::string>("large");
  Future<std::unique_ptr<std::string>> back =
      pool.submit([](std::unique_ptr<std::string> text) { return text; }, std::move(big));
  std::unique_ptr<std::string> text = std::move(back).result();  // moved out, not copied
  // [/references]
  EXPECT_EQ(numbers, (std::vector{1, 2, 3}));
  EXPECT_EQ(*text, "large");
}

TEST(FromPython, MapInOrder) {
  ThreadPoolExecutor pool(4);
  // [map]
  std::vector<std::string> words = {"one", "three", "eleven"};
  std::vector<std::size_t> lengths;
  for (std::size_t n : pool.map(length, words)) lengths.push_back(n);  // 3, 5, 6
  // [/map]
  EXPECT_EQ(lengths, (std::vector<std::size_t>{3, 5, 6}));
}

TEST(FromPython, MapWithSeveralRanges) {
  ThreadPoolExecutor pool(4);
  // [map_several]
  std::vector<int> bases = {2, 3, 10};
  std::vector<int> exponents = {5, 2, 1, 7};
  auto results = pool.map(power, bases, exponents);
  std::vector<int> powers(results.begin(), results.end());  // 32, 9, 10
  // [/map_several]
  EXPECT_EQ(powers, (std::vector{32, 9, 10}));
}

TEST(FromPython, MapLazily) {
  ThreadPoolExecutor pool(4);
  // [map_lazily]
  int first_above_1000 = 0;
  for (int n : pool.map({.buffersize = 8}, square, std::views::iota(0))) {
    if (n > 1000) {
      first_above_1000 = n;  // 1024
      break;
    }
  }
  // [/map_lazily]
  EXPECT_EQ(first_above_1000, 1024);
}

TEST(FromPython, Chunks) {
  ThreadPoolExecutor pool(4);
  // [chunks]
  long total = 0;
  for (int n : pool.map({.chunksize = 100}, square, std::views::iota(0, 1000))) total += n;
  // [/chunks]
  EXPECT_EQ(total, 332833500);
}

TEST(FromPython, MapErrors) {
  ThreadPoolExecutor pool(4);
  // [map_errors]
  std::vector<std::string> texts = {"1", "two", "3"};
  std::vector<int> numbers;
  auto results = pool.map(parse, texts);
  for (auto result = results.begin(); result != results.end(); ++result) {
    try {
      numbers.push_back(*result);
    } catch (const std::invalid_argument&) {
      numbers.push_back(-1);
    }
  }  // 1, -1, 3
  // [/map_errors]
  EXPECT_EQ(numbers, (std::vector{1, -1, 3}));
}

TEST(FromPython, Wait) {
  ThreadPoolExecutor pool(4);
  Gate gate;
  std::vector<Future<int>> futures = {pool.submit(square, 3), pool.submit([pass = gate.pass()] {
                                        pass();
                                        return 4;
                                      })};
  {
    // [wait_first]
    auto [done, not_done] = wait(futures, {.return_when = cohort::FIRST_COMPLETED});
    // [/wait_first]
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].result(), 9);
    EXPECT_EQ(not_done, std::vector{futures[1]});
  }
  {
    // [wait_timeout]
    auto [done, not_done] = wait(futures, {.timeout = 50ms});  // never throws
    // [/wait_timeout]
    EXPECT_EQ(not_done.size(), 1U);
  }
  gate.open();
  // [wait_all]
  wait(futures);
  // [/wait_all]
  EXPECT_TRUE(futures[0].done() && futures[1].done());
}

TEST(FromPython, WaitForException) {
  ThreadPoolExecutor pool(4);
  Gate gate;
  std::vector<Future<int>> futures = {pool.submit(parse, "x"), pool.submit([pass = gate.pass()] {
                                        pass();
                                        return 4;
                                      })};
  // [wait_exception]
  auto [done, not_done] = wait(futures, {.return_when = cohort::FIRST_EXCEPTION});
  // [/wait_exception]
  EXPECT_EQ(done, std::vector{futures[0]});
  EXPECT_THROW(done[0].result(), std::invalid_argument);
}

TEST(FromPython, AsCompletedWithInputs) {
  ThreadPoolExecutor pool(4);
  const std::vector<std::string> words = {"one", "three", "eleven"};
  // [as_completed]
  std::unordered_map<Future<std::size_t>, std::string> word_of;
  for (const std::string& word : words) word_of.emplace(pool.submit(length, word), word);

  std::map<std::string, std::size_t> lengths;
  for (Future<std::size_t> future : as_completed(std::views::keys(word_of))) {
    lengths[word_of.at(future)] = future.result();
  }
  // [/as_completed]
  EXPECT_EQ(lengths, (std::map<std::string, std::size_t>{{"one", 3}, {"three", 5}, {"eleven", 6}}));
}

TEST(FromPython, Progress) {
  ThreadPoolExecutor pool(4);
  std::vector<std::string> shown;
  const auto show = [&](std::size_t done, std::size_t total) {
    shown.push_back(std::to_string(done) + "/" + std::to_string(total));
  };
  // [progress]
  std::vector<Future<int>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(pool.submit(square, i));

  std::size_t done = 0;
  for (const Future<int>& future : as_completed(futures)) {
    future.result();
    show(++done, futures.size());  // 1/3, 2/3, 3/3
  }
  // [/progress]
  EXPECT_EQ(shown, (std::vector<std::string>{"1/3", "2/3", "3/3"}));
}

TEST(FromPython, Callback) {
  // [callback]
  std::atomic<int> succeeded = 0;
  std::atomic<int> failed = 0;
  auto count = [&](const Future<int>& future) {
    ++(future.exception() == nullptr ? succeeded : failed);
  };
  {
    ThreadPoolExecutor pool(4);
    pool.submit(parse, "1").add_done_callback(count);
    pool.submit(parse, "two").add_done_callback(count);
  }
  // [/callback]
  EXPECT_EQ(succeeded, 1);
  EXPECT_EQ(failed, 1);
}

TEST(FromPython, ResultInTime) {
  ThreadPoolExecutor pool(1);
  Gate gate;
  const auto slow = gate.pass();
  bool late = false;
  // [timeout_result]
  Future<void> future = pool.submit(slow);
  try {
    future.result(50ms);
  } catch (const cohort::TimeoutError&) {
    late = true;  // the task goes on
  }
  // [/timeout_result]
  EXPECT_TRUE(late);
  EXPECT_FALSE(future.done());
  gate.open();
  future.result();
}

TEST(FromPython, AsCompletedInTime) {
  ThreadPoolExecutor pool(2);
  Gate gate;
  std::vector<Future<int>> futures = {pool.submit(square, 2), pool.submit([pass = gate.pass()] {
                                        pass();
                                        return 1;
                                      })};
  futures[0].result();
  std::vector<int> results;
  std::string message;
  // [timeout_as_completed]
  try {
    for (const Future<int>& future : as_completed(futures, 50ms)) {
      results.push_back(future.result());
    }
  } catch (const cohort::TimeoutError& error) {
    message = error.what();  // 1 (of 2) futures unfinished
  }
  // [/timeout_as_completed]
  EXPECT_EQ(results, std::vector{4});
  EXPECT_EQ(message, "1 (of 2) futures unfinished");
}

TEST(FromPython, MapInTime) {
  std::atomic<int> begun = 0;
  ThreadPoolExecutor pool(1);
  Gate gate;
  const std::vector<int> inputs = {1, 2, 3};
  const auto work = [&begun, pass = gate.pass()](int n) {
    ++begun;
    if (n == 2) pass();
    return n;
  };
  std::vector<int> results;
  // [timeout_map]
  try {
    for (int n : pool.map({.timeout = 50ms}, work, inputs)) results.push_back(n);
  } catch (const cohort::TimeoutError&) {
    // What has not begun is cancelled.
  }
  // [/timeout_map]
  gate.open();
  pool.shutdown();
  EXPECT_LE(results.size(), 1U);
  EXPECT_LE(begun, 2);
}

TEST(FromPython, Cancel) {
  std::latch begun(1);
  ThreadPoolExecutor pool(1);
  Gate gate;
  const auto slow = [&begun, pass = gate.pass()] {
    begun.count_down();
    pass();
  };
  // [cancel]
  Future<void> running = pool.submit(slow);
  Future<int> waiting = pool.submit(square, 7);
  // [/cancel]
  begun.wait();
  // [cancel]
  bool first = running.cancel();   // false: it has begun
  bool second = waiting.cancel();  // true: it will never run
  bool over = waiting.done();      // true, at once and for everybody
  // [/cancel]
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  EXPECT_TRUE(over);
  EXPECT_THROW(waiting.result(), cohort::CancelledError);
}

TEST(FromPython, IsolateErrors) {
  ThreadPoolExecutor pool(4);
  const std::vector<std::string> texts = {"1", "two", "3"};
  // [isolate]
  std::map<std::string, Future<int>> future_of;
  for (const std::string& text : texts) future_of[text] = pool.submit(parse, text);

  std::map<std::string, int> results;
  std::map<std::string, std::string> errors;
  for (const auto& [text, future] : future_of) {
    try {
      results[text] = future.result();
    } catch (const std::exception& error) {
      errors[text] = error.what();
    }
  }
  // [/isolate]
  EXPECT_EQ(results, (std::map<std::string, int>{{"1", 1}, {"3", 3}}));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors.contains("two"));
}

TEST(FromPython, FirstExceptionCancelsTheRest) {
  ThreadPoolExecutor pool(1);
  Gate gate;
  std::vector<Future<int>> futures;
  futures.push_back(pool.submit(parse, "x"));
  futures.push_back(pool.submit([pass = gate.pass()] {
    pass();
    return 1;
  }));
  futures.push_back(pool.submit(square, 2));
  const auto all_or_nothing = [&] {
    // [fail_fast]
    auto [done, not_done] = wait(futures, {.return_when = cohort::FIRST_EXCEPTION});
    for (const auto& future : not_done) future.cancel();
    for (const auto& future : done) future.result();  // rethrows the first failure
    // [/fail_fast]
  };
  EXPECT_THROW(all_or_nothing(), std::invalid_argument);
  EXPECT_TRUE(futures[2].cancelled());
}

TEST(FromPython, CollectErrors) {
  ThreadPoolExecutor pool(4);
  const std::vector<Future<int>> futures = {pool.submit(parse, "1"), pool.submit(parse, "two"),
                                            pool.submit(parse, "three")};
  // [collect_errors]
  std::vector<std::exception_ptr> errors;
  for (const auto& future : futures) {
    if (std::exception_ptr error = future.exception()) errors.push_back(error);
  }
  // [/collect_errors]
  EXPECT_EQ(errors.size(), 2U);
}

TEST(FromPython, Scope) {
  std::atomic<int> done = 0;
  const auto task = [&] { ++done; };
  // [scope]
  {
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < 10; ++i) pool.submit(task);
  }  // waits: all ten are done
  // [/scope]
  EXPECT_EQ(done, 10);
}

TEST(FromPython, Shutdown) {
  for (int way = 0; way < 4; ++way) {
    std::latch begun(1);
    ThreadPoolExecutor pool(1);
    Gate gate;
    if (way < 2) gate.open();
    Future<int> first = pool.submit([&begun, pass = gate.pass()] {
      begun.count_down();
      pass();
      return 1;
    });
    begun.wait();
    switch (way) {
      case 0:
        // [shutdown]
        pool.shutdown();  // all tasks have run
        // [/shutdown]
        break;
      case 1:
        // [shutdown_cancel]
        pool.shutdown({.cancel_futures = true});  // what ran has ended, the rest is cancelled
        // [/shutdown_cancel]
        break;
      case 2:
        // [shutdown_no_wait]
        pool.shutdown({.wait = false});  // returns at once; all tasks will run
        // [/shutdown_no_wait]
        break;
      default:
        // [shutdown_now]
        pool.shutdown({.wait = false, .cancel_futures = true});  // at once; what runs goes on
        // [/shutdown_now]
        break;
    }
    EXPECT_EQ(first.done(), way < 2);
    EXPECT_THROW(pool.submit(square, 1), std::runtime_error);
    gate.open();
    EXPECT_EQ(first.result(), 1);
  }
}

// [initializer]
struct Connection {
  std::string name;
  std::string query(int id) const { return name + ":" + std::to_string(id); }
};

thread_local std::unique_ptr<Connection> connection;  // one for each worker

void connect() { connection = std::make_unique<Connection>(Connection{"db"}); }

std::string query(int id) { return connection->query(id); }
// [/initializer]

TEST(FromPython, Initializer) {
  // [initializer]
  ThreadPoolExecutor pool({.max_workers = 2, .initializer = connect});
  Future<std::string> row = pool.submit(query, 7);  // "db:7"
  // [/initializer]
  EXPECT_EQ(row.result(), "db:7");
}

TEST(FromPython, BrokenPool) {
  // [broken]
  ThreadPoolExecutor pool({.initializer = [] { throw std::runtime_error("no database"); }});
  Future<int> answer = pool.submit(square, 2);
  std::string why;
  try {
    answer.result();
  } catch (const cohort::BrokenThreadPool& error) {
    why = error.what();
  }
  // [/broken]
  // The worker's reference to the error goes first: ThreadSanitizer cannot see libstdc++'s
  // counting.
  pool.shutdown();
  EXPECT_NE(why.find("no database"), std::string::npos) << why;
}

TEST(FromPython, ThreadNames) {
  // [names]
  ThreadPoolExecutor pool({.max_workers = 2, .thread_name_prefix = "fetch"});
  Future<std::string> name = pool.submit([] {
    char text[16];
    pthread_getname_np(pthread_self(), text, sizeof text);
    return std::string(text);
  });  // "fetch_0"
  // [/names]
  EXPECT_EQ(name.result(), "fetch_0");
}

TEST(FromPython, Workers) {
  // [workers]
  ThreadPoolExecutor io;                          // min(32, usable CPUs + 4)
  ThreadPoolExecutor many(100);                   // mostly waits for a network
  ThreadPoolExecutor cpu(cohort::usable_cpus());  // computes
  // [/workers]
  EXPECT_GE(io.max_workers(), 5);
  EXPECT_LE(io.max_workers(), 32);
  EXPECT_EQ(many.max_workers(), 100);
  EXPECT_GE(cpu.max_workers(), 1);
  EXPECT_EQ(io.max_workers(), std::min(32, cpu.max_workers() + 4));
}

TEST(FromPython, BoundedSubmission) {
  std::atomic<int> handled = 0;
  const auto handle = [&](int) { ++handled; };
  {
    // [bounded]
    ThreadPoolExecutor pool({.max_workers = 4, .max_queued = 8});
    for (int line = 0; line < 1000; ++line) {
      pool.submit(handle, line);  // waits while 8 tasks are queued
    }
    // [/bounded]
  }
  EXPECT_EQ(handled, 1000);
}

TEST(FromPython, Window) {
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  const auto call = [&](int n) {
    const int now = ++at_once;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    --at_once;
    return n;
  };
  int answers = 0;
  // [window]
  ThreadPoolExecutor pool(16);
  for (int answer : pool.map({.buffersize = 3}, call, std::views::iota(0, 100))) {
    answers += answer;  // at most 3 calls are in flight
  }
  // [/window]
  EXPECT_EQ(answers, 4950);
  EXPECT_LE(most, 3);
}

TEST(FromPython, Pace) {
  std::vector<std::chrono::steady_clock::time_point> starts;
  ThreadPoolExecutor pool(4);
  const std::vector<int> requests = {1, 2, 3};
  std::vector<Future<int>> replies;
  // [pace]
  auto next = std::chrono::steady_clock::now();
  for (int request : requests) {
    std::this_thread::sleep_until(next);
    replies.push_back(pool.submit(square, request));
    next += 5ms;  // 200 a second
  }
  // [/pace]
  EXPECT_EQ(replies.back().result(), 9);
}

TEST(FromPython, Nested) {
  // [nested]
  ThreadPoolExecutor pool(1);
  Future<int> outer = pool.submit([&pool] {
    Future<int> inner = pool.submit(square, 6);
    return inner.result() + 6;  // 42; in Python this never returns
  });
  // [/nested]
  EXPECT_EQ(outer.result(), 42);
}

TEST(FromPython, Stop) {
  ThreadPoolExecutor pool(1);
  // [stop]
  Future<int> rounds = pool.submit([](std::stop_token stop) {
    int n = 0;
    while (!stop.stop_requested()) ++n;  // some work
    return n;
  });
  rounds.request_stop();
  int n = rounds.result();  // no exception: the task ended by itself
  // [/stop]
  EXPECT_GE(n, 0);
}

TEST(FromPython, TaskTimeout) {
  ThreadPoolExecutor pool(1);
  // [task_timeout]
  Future<bool> stopped = pool.submit({.timeout = 20ms}, [](std::stop_token stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
    return true;
  });
  // [/task_timeout]
  EXPECT_TRUE(stopped.result());
}

TEST(FromPython, GrowingSet) {
  ThreadPoolExecutor pool(4);
  // [growing]
  // The pages that a page links to: here 2n and 2n + 1, up to 15.
  auto links = [](int page) {
    return page < 8 ? std::vector{2 * page, 2 * page + 1} : std::vector<int>();
  };

  std::unordered_set<int> seen = {1};
  cohort::CompletionQueue<std::vector<int>> queue;
  queue.add(pool.submit(links, 1));
  while (!queue.empty()) {
    for (int page : queue.next().result()) {
      if (seen.insert(page).second) queue.add(pool.submit(links, page));
    }
  }
  // [/growing]
  EXPECT_EQ(seen.size(), 15U);
}

TEST(FromPython, Then) {
  ThreadPoolExecutor pool(2);
  // [then]
  Future<int> number = pool.submit(parse, "12");
  Future<std::string> text = number.then([](Future<int> n) { return std::to_string(n.result()); });
  // [/then]
  EXPECT_EQ(text.result(), "12");
  // [then_submit]
  Future<int> squared = number.then([&pool](Future<int> n) {
    return pool.submit(square, n.result());  // a Future<int> from f gives no Future<Future<int>>
  });
  // [/then_submit]
  EXPECT_EQ(squared.result(), 144);
  const auto failed = pool.submit(parse, "x").then([](Future<int> n) { return n.result() + 1; });
  EXPECT_THROW(failed.result(), std::invalid_argument);
}

TEST(FromPython, WhenAllAndAny) {
  ThreadPoolExecutor pool(2);
  Gate gate;
  const auto slow = [pass = gate.pass()] {
    pass();
    return 5;
  };
  // [when_all]
  std::vector<Future<int>> futures = {pool.submit(square, 2), pool.submit(square, 3)};
  Future<std::vector<int>> all = cohort::when_all(futures);  // {4, 9}
  Future<std::tuple<int, std::size_t>> both =
      cohort::when_all(pool.submit(square, 4), pool.submit(length, "four"));  // 16 and 4
  // [/when_all]
  EXPECT_EQ(all.result(), (std::vector{4, 9}));
  EXPECT_EQ(both.result(), std::tuple(16, 4U));
  // [when_any]
  Future<int> mirrors[] = {pool.submit(slow), pool.submit(square, 5)};
  auto [index, fastest] = cohort::when_any(mirrors).result();
  // [/when_any]
  EXPECT_EQ(index, 1U);
  EXPECT_EQ(fastest.result(), 25);
}

// [coroutine]
cohort::Task<int> sum_of_squares(ThreadPoolExecutor& pool, int a, int b) {
  Future<int> first = pool.submit(square, a);  // both run at the same time
  Future<int> second = pool.submit(square, b);
  co_return co_await first + co_await second;  // no thread is blocked meanwhile
}
// [/coroutine]

TEST(FromPython, Coroutine) {
  // [coroutine]
  ThreadPoolExecutor pool(2);
  Future<int> sum = sum_of_squares(pool, 3, 4).start();
  int value = sum.result();  // 25
  // [/coroutine]
  EXPECT_EQ(value, 25);
}

// [generic]
template <cohort::Executor E>
std::size_t total_length(E& executor, const std::vector<std::string>& words) {
  std::size_t total = 0;
  for (std::size_t n : executor.map(length, words)) total += n;
  return total;
}
// [/generic]

TEST(FromPython, Generic) {
  const std::vector<std::string> words = {"one", "three", "eleven"};
  // [generic]
  ThreadPoolExecutor pool(4);
  std::size_t total = total_length(pool, words);  // 14
  // [/generic]
  EXPECT_EQ(total, 14U);
  cohort::ManualExecutor manual;
  EXPECT_EQ(total_length(manual, words), 14U);
}

// [manual]
// The code under test: the first of two sources that answers.
template <cohort::Executor E>
Future<cohort::WhenAny<int>> ask_both(E& executor) {
  return cohort::when_any({executor.submit(square, 1), executor.submit(square, 2)});
}

TEST(AskBoth, TakesTheFirstAnswer) {
  cohort::ManualExecutor executor;
  Future<cohort::WhenAny<int>> answer = ask_both(executor);
  EXPECT_EQ(executor.pending(), 2U);  // nothing has run, and nothing will by itself
  EXPECT_FALSE(answer.done());

  EXPECT_TRUE(executor.run_one());  // the first task, on this thread
  EXPECT_EQ(answer.result().index, 0U);
  EXPECT_EQ(executor.run_all(), 1U);
}
// [/manual]

TEST(FromPython, Post) {
  std::atomic<int> ticks = 0;
  {
    ThreadPoolExecutor pool(2);
    const auto tick = [&](int n) { ticks += n; };
    // [post]
    pool.post(tick, 3);
    // [/post]
  }
  EXPECT_EQ(ticks, 3);
}

TEST(FromPython, Unobserved) {
  std::atomic<int> reports = 0;
  // [unobserved]
  cohort::set_unobserved_exception_hook([&](std::exception_ptr) { ++reports; });
  {
    ThreadPoolExecutor pool(1);
    pool.submit(parse, "x");  // nobody keeps the future
    pool.post(parse, "y");    // there is none
  }
  // [/unobserved]
  cohort::set_unobserved_exception_hook(nullptr);
  EXPECT_EQ(reports, 2);
}

// [retry]
template <typename F>
auto with_retries(int attempts, F f) {
  for (;; --attempts) {
    try {
      return f();
    } catch (const std::runtime_error&) {
      if (attempts <= 1) throw;
    }
  }
}
// [/retry]

TEST(FromPython, Retry) {
  ThreadPoolExecutor pool(1);
  int calls = 0;
  const auto flaky = [&calls] {
    if (++calls < 3) throw std::runtime_error("not yet");
    return calls;
  };
  // [retry]
  Future<int> third = pool.submit([&flaky] { return with_retries(3, flaky); });
  // [/retry]
  EXPECT_EQ(third.result(), 3);
}

TEST(FromPython, ProcessSubmit) {
  // [process_submit]
  ProcessPoolExecutor pool(4);
  int value = pool.submit(power, 2, 10).result();  // 1024
  // [/process_submit]
  EXPECT_EQ(value, 1024);
}

TEST(FromPython, ProcessLambda) {
  ProcessPoolExecutor pool(1);
  // [process_lambda]
  Future<int> future = pool.submit([](int x) { return x + 1; }, 4);  // 5
  // [/process_lambda]
  EXPECT_EQ(future.result(), 5);
}

TEST(FromPython, ProcessState) {
  ProcessPoolExecutor pool(1);
  // [process_state]
  struct PowersOf {
    int base;
    int operator()(int exponent) const { return power(base, exponent); }
  };
  std::vector<int> powers;
  for (int n : pool.map(PowersOf{2}, {3, 5})) powers.push_back(n);  // 8, 32
  // [/process_state]
  EXPECT_EQ(powers, (std::vector{8, 32}));
}

// [process_crash]
void exit_with(int status) { std::_Exit(status); }
// [/process_crash]

TEST(FromPython, ProcessCrash) {
  std::string why;
  // [process_crash]
  ProcessPoolExecutor pool(2);
  Future<void> bad = pool.submit(exit_with, 3);
  Future<int> good = pool.submit(square, 7);
  try {
    bad.result();
  } catch (const cohort::WorkerDied& error) {
    why = error.what();  // worker process 4711 exited with status 3 in the middle of a task
  }
  int value = good.result();  // 49: the pool goes on
  // [/process_crash]
  EXPECT_NE(why.find("exited with status 3"), std::string::npos) << why;
  EXPECT_EQ(value, 49);
}

// [process_initializer]
std::map<std::string, std::string> dictionary;  // one in each worker

void load(const std::string& language) { dictionary = {{"one", language == "fr" ? "un" : "eins"}}; }

std::string translate(const std::string& word) { return dictionary.at(word); }
// [/process_initializer]

TEST(FromPython, ProcessInitializer) {
  // [process_initializer]
  ProcessPoolExecutor pool({.max_workers = 2, .initializer = cohort::initializer(load, "fr")});
  Future<std::string> one = pool.submit(translate, "one");  // "un"
  // [/process_initializer]
  EXPECT_EQ(one.result(), "un");
}

TEST(FromPython, ProcessMaxTasks) {
  std::set<pid_t> pids;
  // [process_max_tasks]
  ProcessPoolExecutor pool({.max_workers = 1, .max_tasks_per_child = 2});
  for (int i = 0; i < 4; ++i) pids.insert(pool.submit(getpid).result());  // 2 processes
  // [/process_max_tasks]
  EXPECT_EQ(pids.size(), 2U);
}

TEST(FromPython, ProcessChunks) {
  // [process_chunks]
  ProcessPoolExecutor pool(2);
  long total = 0;
  for (int n : pool.map({.chunksize = 100}, square, std::views::iota(0, 1000))) total += n;
  // [/process_chunks]
  EXPECT_EQ(total, 332833500);
}

TEST(FromPython, ProcessTimeout) {
  bool ended = false;
  // [process_timeout]
  ProcessPoolExecutor pool(1);
  Future<int> endless = pool.submit({.timeout = 50ms}, pause);
  try {
    endless.result();
  } catch (const cohort::TimeoutError&) {
    ended = true;  // its process was killed, and replaced
  }
  // [/process_timeout]
  EXPECT_TRUE(ended);
}

TEST(FromPython, ProcessKill) {
  // [process_kill]
  ProcessPoolExecutor pool(2);
  Future<int> endless = pool.submit(pause);
  pool.kill_workers();
  // [/process_kill]
  EXPECT_TRUE(endless.cancelled() || endless.exception() != nullptr);
}

TEST(FromPython, Promise) {
  // [promise]
  cohort::Promise<int> promise;
  Future<int> future = promise.future();
  if (promise.set_running_or_notify_cancel()) promise.set_result(42);
  // [/promise]
  EXPECT_EQ(future.result(), 42);
}

TEST(FromPython, Priority) {
  std::vector<std::string> order;
  const auto task = [&order](const std::string& name) { order.push_back(name); };
  cohort::ManualExecutor pool;
  // [priority]
  pool.submit(task, "ordinary");
  pool.submit({.priority = 1}, task, "urgent");  // begins first
  // [/priority]
  pool.run_all();
  EXPECT_EQ(order, (std::vector<std::string>{"urgent", "ordinary"}));
}

}  // namespace
