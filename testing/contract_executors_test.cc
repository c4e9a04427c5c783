// What the public interface promises of executors, a check for each sentence, in the spellings that
// users may choose: a line here that no longer compiles breaks somebody's code. What the calls do
// under stress and in corner cases is tested beside each header. contract_futures_test.cc is the
// same for futures.

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <initializer_list>
#include <latch>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ranges>
#include <span>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "futures/combinators.h"
#include "futures/errors.h"
#include "futures/future.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/executor.h"
#include "pools/map.h"
#include "pools/thread_pool_executor.h"
#include "testing/manual_executor.h"

namespace {

using namespace std::chrono_literals;

using cohort::Executor;
using cohort::Future;
using cohort::ManualExecutor;
using cohort::MapOptions;
using cohort::ShutdownOptions;
using cohort::TaskOptions;
using cohort::ThreadPoolExecutor;
using cohort::ThreadPoolOptions;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

using Ints = std::vector<int>;

template <typename F>
std::string TextOf(F f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "nothing was thrown";
}

int Square(int n) { return n * n; }
int Add(int a, int b) { return a + b; }
void DoNothing() {}
int FailsAtThree(int n) {
  if (n == 3) throw std::domain_error("three");
  return n;
}

// Blocks until its token is signalled.
bool UntilStopped(std::stop_token token) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  return !changed.wait(lock, token, [] { return false; });
}

static_assert(Executor<ThreadPoolExecutor> && Executor<ManualExecutor>);
static_assert(Executor<ThreadPoolExecutor&> && !Executor<int>);

// Construction.

TEST(ThreadPoolContract, MadeInEverySpelling) {
  const ThreadPoolExecutor by_default;
  EXPECT_GE(by_default.max_workers(), 5);
  EXPECT_LE(by_default.max_workers(), 32);
  EXPECT_EQ(ThreadPoolExecutor(0).max_workers(), by_default.max_workers());
  EXPECT_EQ(ThreadPoolExecutor{3}.max_workers(), 3);
  EXPECT_EQ(ThreadPoolExecutor(ThreadPoolOptions{.max_workers = 4}).max_workers(), 4);
  ThreadPoolExecutor in_braces({.max_workers = 2, .thread_name_prefix = "x", .max_queued = 3});
  EXPECT_EQ(in_braces.max_workers(), 2);
  std::optional<ThreadPoolExecutor> optional;
  optional.emplace(2);
  EXPECT_EQ(std::make_unique<ThreadPoolExecutor>(2)->max_workers(), 2);
}

TEST(ThreadPoolContract, ABadOptionIsNamedWithItsValue) {
  EXPECT_THROW(ThreadPoolExecutor(-1), std::invalid_argument);
  EXPECT_THAT(TextOf([] { ThreadPoolExecutor pool({.max_workers = -17}); }),
              AllOf(HasSubstr("max_workers"), HasSubstr("-17")));
  EXPECT_THAT(TextOf([] { ThreadPoolExecutor pool({.max_queued = 0}); }),
              AllOf(HasSubstr("max_queued"), HasSubstr("0")));
  ThreadPoolExecutor pool(1);
  EXPECT_THAT(TextOf([&] { pool.submit({.max_retries = -2}, DoNothing); }),
              AllOf(HasSubstr("max_retries"), HasSubstr("-2")));
}

TEST(ThreadPoolContract, TheInitializerRunsFirstAndBreaksThePoolWhenItThrows) {
  std::atomic<int> calls{0};
  ThreadPoolExecutor pool({.max_workers = 1, .initializer = [&] { ++calls; }});
  EXPECT_EQ(pool.submit([&] { return calls.load(); }).result(), 1);
  ThreadPoolExecutor broken({.max_workers = 1, .initializer = [] { throw 1; }});
  EXPECT_THROW(broken.submit(Square, 1).result(), cohort::BrokenThreadPool);
  EXPECT_THROW(broken.submit(Square, 1), cohort::BrokenThreadPool);
}

// submit.

struct Counter {
  int value = 0;
  int add(int n) { return value += n; }
};

TEST(SubmitContract, CallablesOfEveryKind) {
  ThreadPoolExecutor pool(2);
  Future<int> of_function = pool.submit(Square, 3);
  EXPECT_EQ(of_function.result(), 9);
  Future<void> of_void = pool.submit(&DoNothing);
  EXPECT_NO_THROW(of_void.result());
  EXPECT_EQ(pool.submit([n = 5]() mutable noexcept { return ++n; }).result(), 6);
  EXPECT_EQ(pool.submit([p = std::make_unique<int>(7)] { return *p; }).result(), 7);
  EXPECT_EQ(pool.submit([](auto... all) { return (all + ...); }, 1, 2, 3).result(), 6);
  auto counts = [n = 1]() mutable { return n++; };
  EXPECT_EQ(pool.submit(counts).result(), 1) << "a copy is called";
  EXPECT_EQ(pool.submit(std::ref(counts)).result(), 1);
  EXPECT_EQ(pool.submit(std::ref(counts)).result(), 2);
  EXPECT_EQ(pool.submit(std::function<int(int)>(Square), 3).result(), 9);
  EXPECT_EQ(pool.submit(std::bind(Add, std::placeholders::_1, 2), 5).result(), 7);
  EXPECT_EQ(pool.submit(std::plus<>(), 1, 2).result(), 3);
  Counter counter{1};
  EXPECT_EQ(pool.submit(&Counter::add, &counter, 2).result(), 3);
  EXPECT_EQ(pool.submit(&Counter::add, counter, 2).result(), 5);
  EXPECT_EQ(counter.value, 3) << "a copy was added to";
}

TEST(SubmitContract, ArgumentsOfEveryKind) {
  ThreadPoolExecutor pool(2);
  const auto length = [](std::string_view text) { return text.size(); };
  std::string text = "text";
  EXPECT_EQ(pool.submit(length, "literal").result(), 7U);
  EXPECT_EQ(pool.submit(length, text).result(), 4U);
  EXPECT_EQ(pool.submit([](std::string& s) { return s += "!"; }, std::ref(text)).result(), text);
  EXPECT_EQ(pool.submit([](std::string&& s) { return s; }, std::string("abc")).result(), "abc");
  EXPECT_EQ(
      pool.submit([](std::unique_ptr<int> p) { return *p; }, std::make_unique<int>(3)).result(), 3);
  const auto throws = [](std::unique_ptr<int>) { throw std::runtime_error("always"); };
  EXPECT_THROW(pool.submit(throws, std::make_unique<int>(3)).result(), std::runtime_error);
}

TEST(SubmitContract, OptionsInEverySpelling) {
  ThreadPoolExecutor pool(1);
  EXPECT_EQ(pool.submit({.name = "x", .priority = 3}, Square, 2).result(), 4);
  EXPECT_EQ(pool.submit({.timeout = 0.5h, .max_retries = 2}, Square, 2).result(), 4);
  EXPECT_EQ(pool.submit({.timeout = absl::Hours(1)}, [] { return 1; }).result(), 1);
  EXPECT_EQ(pool.submit({}, Square, 2).result(), 4);
  const TaskOptions options;
  EXPECT_EQ(pool.submit(options, Add, 2, 3).result(), 5);
}

// Stop tokens.

TEST(StopTokenContract, CallablesThatTakeOne) {
  ThreadPoolExecutor pool(1);
  EXPECT_TRUE(pool.submit([](const std::stop_token& t) { return t.stop_possible(); }).result());
  EXPECT_EQ(pool.submit([](std::stop_token, auto... all) { return (all + ...); }, 1, 2).result(),
            3);
  EXPECT_EQ(pool.submit(
                    {.name = "x"}, [](std::stop_token, int n) { return n; }, 2)
                .result(),
            2);
  const std::function<bool(std::stop_token)> function = [](auto t) { return t.stop_possible(); };
  EXPECT_TRUE(pool.submit(function).result());
  const auto possible = [](std::stop_token t, int n) { return t.stop_possible() ? n : 0; };
  EXPECT_THAT(pool.map(possible, Ints{1, 2}), ElementsAre(1, 2));
  EXPECT_EQ(pool.submit([](auto... all) { return sizeof...(all); }).result(), 0U)
      << "what takes anything is given its arguments alone";
}

TEST(StopTokenContract, RequestStopTimeoutAndShutdownSignalIt) {
  ThreadPoolExecutor pool(1);
  std::latch first_begun(1);
  std::latch second_begun(1);
  const auto run = [](std::stop_token token, std::latch& begun) {
    begun.count_down();
    return UntilStopped(token);
  };
  const Future<bool> asked = pool.submit(run, std::ref(first_begun));
  first_begun.wait();
  EXPECT_TRUE(asked.request_stop());
  EXPECT_TRUE(asked.result());
  EXPECT_FALSE(asked.request_stop());
  EXPECT_TRUE(pool.submit({.timeout = 1ms}, UntilStopped).result());
  const Future<bool> running = pool.submit(run, std::ref(second_begun));
  const Future<int> queued = pool.submit(Square, 2);
  second_begun.wait();
  pool.shutdown({.cancel_futures = true});
  EXPECT_TRUE(running.result());
  EXPECT_TRUE(queued.cancelled());
}

// post.

TEST(PostContract, FireAndForget) {
  std::vector<std::string> heard;
  cohort::set_unobserved_exception_hook([&](std::exception_ptr error) {
    heard.push_back(TextOf([&] { std::rethrow_exception(error); }));
  });
  int sum = 0;
  {
    ThreadPoolExecutor pool(1);
    static_assert(std::is_void_v<decltype(pool.post(DoNothing))>);
    pool.post([&](int n) { sum += n; }, 10);
    pool.post([&](std::stop_token t) { sum += t.stop_possible() ? 1 : 0; });
    pool.post([] { throw std::runtime_error("posted"); });
    pool.submit([] { throw std::runtime_error("submitted and dropped"); });
  }
  cohort::set_unobserved_exception_hook(nullptr);
  EXPECT_EQ(sum, 11);
  EXPECT_THAT(heard, UnorderedElementsAre("posted", "submitted and dropped"));
}

// map.

using Squares = decltype(std::declval<ThreadPoolExecutor&>().map(Square, Ints()));
static_assert(std::same_as<Squares, cohort::MapResult<int>>);
static_assert(std::ranges::input_range<Squares> && std::movable<Squares>);
static_assert(std::same_as<std::ranges::range_value_t<Squares>, int>);

TEST(MapContract, LoopsInEverySpelling) {
  ThreadPoolExecutor pool(2);
  const Ints numbers = {1, 2, 3};
  int sum = 0;
  for (int n : pool.map(Square, numbers)) sum += n;
  for (auto& n : pool.map(Square, numbers)) sum += n;
  for (const auto& n : pool.map(Square, numbers)) sum += n;
  for (int n : pool.map(Square, numbers) | std::views::take(2)) sum += n;
  const auto constant = pool.map(Square, numbers);
  for (auto&& n : constant) sum += n;
  EXPECT_EQ(sum, 4 * 14 + 5);
  auto results = pool.map(Square, numbers);
  EXPECT_EQ(Ints(results.begin(), results.end()), Ints({1, 4, 9}));
}

TEST(MapContract, RangesOfEveryKind) {
  ThreadPoolExecutor pool(2);
  const std::array<int, 3> array = {1, 2, 3};
  const std::map<std::string, int> map = {{"a", 1}, {"b", 2}};
  std::istringstream stream("1 2 3");
  EXPECT_THAT(pool.map(Square, array), ElementsAre(1, 4, 9));
  EXPECT_THAT(pool.map(Square, std::span(array)), ElementsAre(1, 4, 9));
  EXPECT_THAT(pool.map(Square, map | std::views::values), ElementsAre(1, 4));
  EXPECT_THAT(pool.map(Square, std::views::istream<int>(stream)), ElementsAre(1, 4, 9));
  EXPECT_THAT(pool.map([](const auto& entry) { return entry.first; }, map), ElementsAre("a", "b"));
  EXPECT_THAT(pool.map([](bool b) { return !b; }, std::vector<bool>{true}), ElementsAre(false));
  EXPECT_THAT(pool.map(Square, pool.map(Square, array)), ElementsAre(1, 16, 81));
  EXPECT_THAT(pool.map(Square, {1, 2, 3}), ElementsAre(1, 4, 9));
  EXPECT_THAT(pool.map({.buffersize = 1}, Add, {1, 2, 3}, {1, 2}), ElementsAre(2, 4));
  std::vector<std::unique_ptr<int>> owners;
  owners.push_back(std::make_unique<int>(5));
  EXPECT_THAT(pool.map([](std::unique_ptr<int> p) { return *p; }, std::move(owners)),
              ElementsAre(5));
}

TEST(MapContract, ALazyListInBracesLastsAsLongAsTheResults) {
  ManualExecutor executor;
  auto results = executor.map({.buffersize = 1}, [](std::string s) { return s + "!"; },
                              {std::string(100, 'a'), std::string(100, 'b')});
  EXPECT_THAT(results, ElementsAre(std::string(100, 'a') + "!", std::string(100, 'b') + "!"));
}

TEST(MapContract, OptionsZipAndInfiniteInput) {
  ThreadPoolExecutor pool(2);
  const Ints v = {1, 2, 3};
  for (const MapOptions& options :
       std::initializer_list<MapOptions>{{},
                                         {.chunksize = 0},
                                         {.chunksize = 2},
                                         {.buffersize = 1},
                                         {.timeout = absl::Hours(1)},
                                         {.timeout = 1h, .chunksize = 2, .buffersize = 3}}) {
    EXPECT_THAT(pool.map(options, Add, v, std::list{10, 20}), ElementsAre(11, 22));
  }
  int seen = 0;
  for (int n : pool.map({.chunksize = 3, .buffersize = 8}, Square, std::views::iota(0))) {
    EXPECT_EQ(n, seen * seen);
    if (++seen == 20) break;
  }
  EXPECT_EQ(seen, 20);
}

TEST(MapContract, AtMostBuffersizeInFlight) {
  ManualExecutor executor;
  int drawn = 0;
  const auto draw = [&drawn](int n) { return ++drawn, n; };
  auto results =
      executor.map({.buffersize = 3}, Square, std::views::iota(0) | std::views::transform(draw));
  EXPECT_EQ(drawn, 3);
  EXPECT_EQ(executor.stats().queued, 3U);
  auto it = results.begin();
  EXPECT_EQ(*it, 0);
  EXPECT_EQ(drawn, 3);
  ++it;
  EXPECT_EQ(drawn, 4);
}

TEST(MapContract, AnElementThatThrewIsSteppedOver) {
  ThreadPoolExecutor pool(2);
  for (const std::size_t chunksize : {0, 1, 2}) {
    auto results = pool.map({.chunksize = chunksize}, FailsAtThree, {1, 3, 5});
    auto it = results.begin();
    EXPECT_EQ(*it, 1);
    EXPECT_THROW(*++it, std::domain_error);
    EXPECT_EQ(*++it, 5);
    EXPECT_EQ(++it, results.end());
  }
}

TEST(MapContract, TimeoutEndsTheIteration) {
  ManualExecutor executor;
  auto results = executor.map({.timeout = 0s}, Square, {1, 2});
  auto it = results.begin();
  EXPECT_THROW(*it, cohort::TimeoutError);
  EXPECT_EQ(it, results.end());
}

TEST(MapContract, DroppingCancelsWhatHasNotStarted) {
  ManualExecutor executor;
  { const auto dropped = executor.map(Square, {1, 2, 3}); }
  EXPECT_EQ(executor.stats().cancelled, 3U);
}

TEST(MapContract, NeverTruncatesSilently) {
  ThreadPoolExecutor pool(1);
  auto results = pool.map({.buffersize = 2}, Square, {1, 2, 3, 4});
  pool.shutdown();
  auto it = results.begin();
  EXPECT_EQ(*it, 1);
  EXPECT_EQ(*++it, 4);
  EXPECT_THROW(*++it, std::runtime_error);
  EXPECT_THROW(pool.map(Square, {1}), std::runtime_error);
}

// shutdown.

TEST(ShutdownContract, SubmitAfterwardsNamesTheReason) {
  ThreadPoolExecutor pool(1);
  pool.shutdown({.wait = false});
  pool.shutdown();
  EXPECT_THROW(pool.submit(Square, 2), std::runtime_error);
  EXPECT_THROW(pool.post(DoNothing), std::runtime_error);
  EXPECT_THAT(TextOf([&] { pool.submit({.name = "x"}, Square, 2); }), HasSubstr("shutdown"));
}

// Waits in a pool's own tasks.

TEST(NestedContract, WaitsInAPoolOfOne) {
  ThreadPoolExecutor pool(1);
  const auto nested = pool.submit([&] {
    int sum = 0;
    for (const auto& f : cohort::wait({pool.submit(Square, 1)}).done) sum += f.result();
    for (const auto& f : cohort::as_completed({pool.submit(Square, 2)})) sum += f.result();
    for (int each : pool.map({.buffersize = 1}, Square, {3, 4})) sum += each;
    for (int each : cohort::when_all({pool.submit(Square, 5)}).result()) sum += each;
    cohort::CompletionQueue<int> queue;
    queue.add(pool.submit(Square, 6));
    return sum + queue.next().result();
  });
  EXPECT_EQ(nested.result(), 1 + 4 + 9 + 16 + 25 + 36);
}

}  // namespace
