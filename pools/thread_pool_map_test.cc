#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <iterator>
#include <limits>
#include <list>
#include <memory>
#include <numeric>
#include <optional>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/map.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

int Square(int x) { return x * x; }

int Divide(int a, int b) {
  if (b == 0) throw std::domain_error("division by zero");
  return a / b;
}

template <typename Range>
auto Collect(Range&& range) {
  std::vector<typename std::remove_cvref_t<Range>::value_type> all;
  while (auto each = range.next()) all.push_back(std::move(*each));
  return all;
}

std::vector<int> Iota(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

std::vector<int> Squares(int count) {
  std::vector<int> squares = Iota(count);
  for (int& each : squares) each *= each;
  return squares;
}

class Map : public testing::Test {
 protected:
  ThreadPoolExecutor pool_{3};
};

// CPython: test_executor.test_map
TEST_F(Map, IsInOrderWhateverTheChunks) {
  for (const std::size_t chunksize : {0, 1, 2, 3, 7, 100, 1'000}) {
    for (const std::size_t buffersize : {0, 1, 2, 5, 100, 1'000}) {
      const MapOptions options{.chunksize = chunksize, .buffersize = buffersize};
      EXPECT_EQ(Collect(pool_.map(options, Square, Iota(100))), Squares(100));
    }
  }
}

TEST_F(Map, ZipsToTheShortest) {
  const std::vector<int> a{9, 8, 7, 6};
  const std::list<int> b{3, 2, 1};
  for (const std::size_t chunksize : {0, 1, 2, 10}) {
    EXPECT_EQ(Collect(pool_.map({.chunksize = chunksize}, Divide, a, b)),
              (std::vector<int>{3, 4, 7}));
  }
  const auto join = [](int n, const std::string& s, char c) { return std::to_string(n) + s + c; };
  EXPECT_EQ(Collect(pool_.map(join, std::views::iota(1), std::vector<std::string>{"a", "b"},
                              std::string("xyz"))),
            (std::vector<std::string>{"1ax", "2by"}));
}

TEST_F(Map, ChunksThatAreLargerThanTheInputTakeNoMemoryForMore) {
  const MapOptions options{.chunksize = std::numeric_limits<std::size_t>::max()};
  EXPECT_EQ(Collect(pool_.map(options, Square, Iota(10))), Squares(10));
  EXPECT_EQ(Collect(pool_.map(options, Divide, Iota(3), std::vector{1, 1})), Iota(2));
}

TEST_F(Map, OfNothing) {
  for (const std::size_t chunksize : {0, 1, 3}) {
    auto results = pool_.map({.chunksize = chunksize}, Square, std::vector<int>());
    EXPECT_EQ(results.begin(), results.end());
    EXPECT_EQ(results.next(), std::nullopt);
  }
}

// CPython: test_executor.test_map_exception
TEST_F(Map, AnElementThatThrewCanBeSteppedOver) {
  const std::vector<int> divisors{1, 0, 2, 0, 4, 0};
  const std::vector<int> eights(6, 8);
  for (const std::size_t chunksize : {0, 1, 2, 3, 6, 100}) {
    for (const std::size_t buffersize : {0, 1, 4}) {
      auto results =
          pool_.map({.chunksize = chunksize, .buffersize = buffersize}, Divide, eights, divisors);
      EXPECT_EQ(results.next(), 8);
      EXPECT_THROW(results.next(), std::domain_error);
      EXPECT_EQ(results.next(), 4);
      auto it = results.begin();
      EXPECT_THROW(*it, std::domain_error);
      EXPECT_THROW(*it, std::domain_error);  // again, as long as one stays there
      ++it;
      EXPECT_EQ(*it, 2);
      ++it;
      ++it;  // over one that was never looked at
      EXPECT_EQ(it, results.end());
      EXPECT_EQ(results.next(), std::nullopt);
      EXPECT_EQ(results.next(), std::nullopt);
    }
  }
}

// Elements and results of one small type share an array, and these do not count for anything there.
TEST_F(Map, ThoseOfOneRangeThatThrewCanBeSteppedOver) {
  const auto odd_only = [](int x) {
    if (x % 2 == 0) throw std::domain_error("even");
    return x;
  };
  for (const std::size_t chunksize : {0, 1, 2, 3, 64, 1'000}) {
    auto results = pool_.map({.chunksize = chunksize}, odd_only, Iota(500));
    for (int x = 0; x < 500; ++x) {
      if (x % 2 == 0) {
        EXPECT_THROW(results.next(), std::domain_error);
      } else {
        EXPECT_EQ(results.next(), x);
      }
    }
    EXPECT_EQ(results.next(), std::nullopt);
  }
}

struct Triple {
  int a = 0, b = 0, c = 0;
};

struct Constant {
  int value;

  Constant() = default;
  explicit Constant(int x) : value(x) {}
  Constant(const Constant&) = default;
  Constant& operator=(const Constant&) = delete;
};

TEST_F(Map, ResultsOfAnotherSizeThanTheirElements) {
  const std::vector<char> letters{'c', 'o', 'h', 'o', 'r', 't'};
  const std::vector<Triple> triples{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  for (const std::size_t chunksize : {1, 2, 3, 10}) {
    const MapOptions options{.chunksize = chunksize};
    EXPECT_EQ(Collect(pool_.map(
                  options, [](char x) { return x / 2.0; }, letters)),
              (std::vector<double>{49.5, 55.5, 52, 55.5, 57, 58}));
    EXPECT_EQ(Collect(pool_.map(
                  options, [](int x) -> char { return "abc"[x]; }, Iota(3))),
              (std::vector<char>{'a', 'b', 'c'}));
    EXPECT_EQ(Collect(pool_.map(
                  options, [](const Triple& x) { return x.a + x.c; }, triples)),
              (std::vector<int>{4, 10, 16}));
    EXPECT_EQ(Collect(pool_.map(
                  options,
                  [](int x) {
                    return std::array{x, x + 1, x + 2};
                  },
                  Iota(3))),
              (std::vector{std::array{0, 1, 2}, std::array{1, 2, 3}, std::array{2, 3, 4}}));
    auto constants = pool_.map(
        options, [](int x) { return Constant(x); }, Iota(3));
    for (int x = 0; x < 3; ++x) EXPECT_EQ(constants.next()->value, x);
  }
}

// CPython: test_executor.test_map_timeout_from_callable
TEST_F(Map, ATimeoutErrorOfTheTaskIsJustAnError) {
  const auto throws_at_one = [](int x) {
    if (x == 1) throw TimeoutError("mine");
    return x;
  };
  for (const Timeout timeout : {Timeout::forever(), Timeout(hours(1))}) {
    for (const std::size_t chunksize : {1, 2}) {
      auto results =
          pool_.map({.timeout = timeout, .chunksize = chunksize}, throws_at_one, Iota(3));
      EXPECT_EQ(results.next(), 0);
      EXPECT_THROW(results.next(), TimeoutError);
      EXPECT_EQ(results.next(), 2);
      EXPECT_EQ(results.next(), std::nullopt);
    }
  }
}

// CPython: test_executor.test_map_timeout
TEST_F(Map, TimesOutOnceAndIsThenAtItsEnd) {
  Gate gate;
  ThreadPoolExecutor pool(3);
  const auto blocks_at_two = [&gate](int x) {
    if (x == 2) gate.Pass();
    return x;
  };
  auto results = pool.map({.timeout = milliseconds(1)}, blocks_at_two, Iota(4));
  // What is there already is given also after the deadline.
  EXPECT_TRUE(Eventually([&pool] { return pool.stats().succeeded == 3; }));
  EXPECT_EQ(results.next(), 0);
  EXPECT_EQ(results.next(), 1);
  EXPECT_THROW(results.next(), TimeoutError);
  EXPECT_EQ(results.next(), std::nullopt);
  EXPECT_EQ(results.begin(), results.end());
  EXPECT_THROW(*results.begin(), InvalidStateError);
  gate.Open();
}

// CPython: test_thread_pool.test_executor_map_current_future_cancel
TEST_F(Map, ATimeoutCancelsTheOneWaitedForAndThoseAfter) {
  Gate gate;
  ThreadPoolExecutor pool(1);
  std::atomic<int> ran{0};
  pool.post([&gate] { gate.Pass(); });
  gate.AwaitArrivals(1);
  auto results = pool.map(
      {.timeout = milliseconds(1)}, [&ran](int) { return ++ran; }, Iota(5));
  EXPECT_THROW(results.next(), TimeoutError);
  EXPECT_EQ(pool.stats().cancelled, 5);
  gate.Open();
  pool.shutdown();
  EXPECT_EQ(ran, 0);
}

// CPython: test_executor.test_map_close
TEST_F(Map, CloseEndsIt) {
  for (const std::size_t chunksize : {1, 3}) {
    for (const std::size_t buffersize : {0, 4}) {
      auto results =
          pool_.map({.chunksize = chunksize, .buffersize = buffersize}, Square, Iota(20));
      EXPECT_EQ(results.next(), 0);
      EXPECT_EQ(results.next(), 1);
      results.close();
      EXPECT_EQ(results.next(), std::nullopt);
      EXPECT_EQ(results.begin(), results.end());
      results.close();
    }
  }
}

TEST_F(Map, DroppingItCancelsWhatHasNotBegun) {
  for (const std::size_t chunksize : {1, 4}) {
    Gate gate;
    ThreadPoolExecutor pool(1);
    std::atomic<int> ran{0};
    pool.post([&gate] { gate.Pass(); });
    gate.AwaitArrivals(1);
    pool.map(
        {.chunksize = chunksize}, [&ran](int) { ++ran; }, Iota(100));
    EXPECT_EQ(pool.stats().queued, 0);
    gate.Open();
    pool.shutdown();
    EXPECT_EQ(ran, 0);
  }
}

TEST_F(Map, DroppingItEndsAChunkAfterTheElementThatRuns) {
  Gate gate;
  std::atomic<int> ran{0};
  {
    auto results = pool_.map(
        {.chunksize = 10},
        [&](int) {
          ++ran;
          gate.Pass();
        },
        Iota(10));
    gate.AwaitArrivals(1);
  }
  gate.Open();
  pool_.shutdown();
  EXPECT_EQ(ran, 1);
}

// CPython: test_executor.test_map_buffersize
// CPython: test_executor.test_map_buffersize_on_multiple_iterables
TEST_F(Map, BufferSizes) {
  for (const std::size_t buffersize : {1, 2, 4, 8}) {
    const std::vector<int> input = Iota(4);
    EXPECT_EQ(Collect(pool_.map({.buffersize = buffersize}, Square, input)), Squares(4));
    EXPECT_EQ(Collect(pool_.map({.buffersize = buffersize}, std::multiplies<int>(), input, input)),
              Squares(4));
  }
}

// CPython: test_executor.test_map_buffersize_on_infinite_iterable
// CPython: test_executor.test_map_buffersize_on_multiple_infinite_iterables
TEST_F(Map, InfiniteInput) {
  for (const std::size_t chunksize : {0, 1, 3}) {
    const MapOptions options{.chunksize = chunksize, .buffersize = 4};
    auto one = pool_.map(options, Square, std::views::iota(0));
    auto two = pool_.map(options, std::multiplies<int>(), std::views::iota(0), std::views::iota(1));
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(one.next(), i * i);
      EXPECT_EQ(two.next(), i * (i + 1));
    }
  }
}

// CPython: test_executor.test_map_buffersize_on_empty_iterable
TEST_F(Map, BufferOfNothing) {
  auto results = pool_.map({.buffersize = 2}, Square, std::vector<int>());
  EXPECT_EQ(results.next(), std::nullopt);
}

// CPython: test_executor.test_map_buffersize_when_buffer_is_full
TEST_F(Map, DrawsExactlyWhatTheBufferHolds) {
  for (const int chunksize : {1, 2, 3}) {
    std::atomic<int> drawn{0};
    auto input = std::views::iota(0) | std::views::transform([&drawn](int x) {
                   ++drawn;
                   return x;
                 });
    auto results = pool_.map({.chunksize = static_cast<std::size_t>(chunksize), .buffersize = 6},
                             Square, input);
    EXPECT_EQ(drawn, 6);
    for (int taken = 1; taken <= 12; ++taken) {
      EXPECT_EQ(results.next(), (taken - 1) * (taken - 1));
      EXPECT_EQ(drawn, 6 + taken / chunksize * chunksize);
    }
  }
}

// Also where the buffer ends in the middle of a chunk.
TEST_F(Map, DrawsAsSoonAsThereIsRoom) {
  for (const int chunksize : {2, 3, 4, 7}) {
    std::atomic<int> drawn{0};
    auto input = std::views::iota(0) | std::views::transform([&drawn](int x) {
                   ++drawn;
                   return x;
                 });
    auto results = pool_.map({.chunksize = static_cast<std::size_t>(chunksize), .buffersize = 11},
                             Square, input);
    for (int taken = 0; taken <= 50; ++taken) {
      EXPECT_EQ(drawn, taken + 11 - (taken + 11) % chunksize) << taken << " of " << chunksize;
      EXPECT_EQ(results.next(), taken * taken);
    }
  }
}

// CPython: test_thread_pool.test_map_submits_without_iteration
TEST_F(Map, RunsWithoutBeingIterated) {
  std::atomic<int> ran{0};
  auto results = pool_.map([&ran](int) { ++ran; }, Iota(100));
  pool_.shutdown();
  EXPECT_EQ(ran, 100);
}

// CPython: test_executor.test_shutdown_race_issue12456
TEST_F(Map, ShutdownRightAfter) {
  auto results = pool_.map(Square, Iota(100));
  pool_.shutdown();
  EXPECT_EQ(Collect(results), Squares(100));
}

// CPython: test_executor.test_free_reference
TEST_F(Map, KeepsNothingOfAResultThatWasTaken) {
  const auto make = [](int) { return std::make_shared<Counted>(); };
  for (const std::size_t chunksize : {1, 4}) {
    const int before = Counted::alive;
    auto results = pool_.map({.chunksize = chunksize}, make, Iota(8));
    for (int left = 8; left > 0; --left) {
      auto each = results.next();
      ASSERT_TRUE(each);
      const std::weak_ptr<Counted> weak = *each;
      each.reset();
      EXPECT_TRUE(weak.expired());
    }
    EXPECT_EQ(Counted::alive, before);
  }
}

TEST_F(Map, IterationAfterShutdownIsNeverSilentlyShort) {
  for (const std::size_t chunksize : {1, 2}) {
    ThreadPoolExecutor pool(2);
    const std::vector<int> input = Iota(10);
    auto results = pool.map({.chunksize = chunksize, .buffersize = 4}, Square, input);
    EXPECT_EQ(results.next(), 0);
    EXPECT_EQ(results.next(), 1);
    pool.shutdown();
    for (int i = 2; i < 6; ++i) EXPECT_EQ(results.next(), i * i);
    EXPECT_THROW(results.next(), Error);
    EXPECT_EQ(results.next(), std::nullopt);
  }
}

TEST_F(Map, ShutdownThatCancelsShowsAtEachElement) {
  Gate gate;
  ThreadPoolExecutor pool(1);
  const auto pass = [&gate](int x) {
    gate.Pass();
    return x;
  };
  auto results = pool.map(pass, Iota(3));
  gate.AwaitArrivals(1);
  pool.shutdown({.wait = false, .cancel_futures = true});
  gate.Open();
  EXPECT_EQ(results.next(), 0);
  EXPECT_THROW(results.next(), CancelledError);
  EXPECT_THROW(results.next(), CancelledError);
  EXPECT_EQ(results.next(), std::nullopt);
}

TEST_F(Map, OutlivesThePool) {
  std::optional<ThreadPoolExecutor> pool(std::in_place, 2);
  auto all = pool->map(Square, Iota(10));
  auto some = pool->map({.buffersize = 1}, Square, Iota(10));
  pool.reset();
  EXPECT_EQ(Collect(all), Squares(10));
  EXPECT_EQ(some.next(), 0);
  EXPECT_THROW(some.next(), Error);
}

TEST_F(Map, AnExceptionOfTheInput) {
  const auto input = [] {
    return std::views::iota(0) | std::views::transform([](int x) {
             if (x == 5) throw std::out_of_range("input");
             return x;
           });
  };
  EXPECT_THROW(pool_.map(Square, input() | std::views::take(10)), std::out_of_range);
  for (const std::size_t chunksize : {1, 2}) {
    auto results = pool_.map({.chunksize = chunksize, .buffersize = 2}, Square, input());
    int taken = 0;
    try {
      while (auto each = results.next()) EXPECT_EQ(*each, Square(taken++));
      FAIL();
    } catch (const std::out_of_range&) {
    }
    EXPECT_EQ(taken, chunksize == 1 ? 5 : 4);
    EXPECT_EQ(results.next(), std::nullopt);
  }
}

TEST_F(Map, MovesElementsThatWereGivenAwayAndResults) {
  for (const std::size_t chunksize : {1, 2}) {
    std::vector<std::unique_ptr<int>> input;
    for (int i = 0; i < 5; ++i) input.push_back(std::make_unique<int>(i));
    auto results = pool_.map(
        {.chunksize = chunksize}, [](std::unique_ptr<int> p) { return p; }, std::move(input));
    int expected = 0;
    for (auto&& each : results) {
      const std::unique_ptr<int> mine = std::move(each);
      EXPECT_EQ(*mine, expected++);
    }
    EXPECT_EQ(expected, 5);
  }
}

TEST_F(Map, LeavesAnInputGivenByNameAlone) {
  const std::string text = "a text too long to be kept within the string itself";
  std::vector<std::string> input(5, text);
  const auto size = [](std::string s) { return s.size(); };
  EXPECT_EQ(Collect(pool_.map(size, input)), std::vector<std::size_t>(5, text.size()));
  EXPECT_EQ(input, std::vector<std::string>(5, text));
}

TEST_F(Map, OfAFunctionThatReturnsNothing) {
  for (const std::size_t chunksize : {1, 3}) {
    std::atomic<int> sum{0};
    int count = 0;
    for ([[maybe_unused]] const std::monostate each : pool_.map(
             {.chunksize = chunksize}, [&sum](int x) { sum += x; }, Iota(10))) {
      ++count;
    }
    EXPECT_EQ(count, 10);
    EXPECT_EQ(sum, 45);
  }
}

TEST_F(Map, OfAFunctionThatReturnsReferences) {
  std::vector<int> values = Iota(5);
  for (const std::size_t chunksize : {1, 2}) {
    for (int& each : pool_.map(
             {.chunksize = chunksize}, [&values](std::size_t i) -> int& { return values[i]; },
             std::views::iota(std::size_t{0}, std::size_t{5}))) {
      ++each;
    }
  }
  EXPECT_EQ(values, (std::vector<int>{2, 3, 4, 5, 6}));
}

TEST_F(Map, OfBools) {
  const std::vector<bool> input{true, false, true};
  for (const std::size_t chunksize : {1, 2}) {
    auto results = pool_.map({.chunksize = chunksize}, std::logical_not<>(), input);
    EXPECT_EQ(results.next(), false);
    EXPECT_EQ(results.next(), true);
    EXPECT_EQ(results.next(), false);
  }
}

TEST_F(Map, OfViewsAndStreamsAndArrays) {
  const std::vector<int> input = Iota(10);
  const auto is_even = [](int x) { return x % 2 == 0; };
  EXPECT_EQ(Collect(pool_.map(Square, input | std::views::filter(is_even))),
            (std::vector<int>{0, 4, 16, 36, 64}));
  std::istringstream stream("1 2 3");
  EXPECT_EQ(Collect(pool_.map({.buffersize = 1}, Square, std::ranges::istream_view<int>(stream))),
            (std::vector<int>{1, 4, 9}));
  const int array[] = {1, 2, 3};
  EXPECT_EQ(Collect(pool_.map(Square, array)), (std::vector<int>{1, 4, 9}));
}

TEST_F(Map, IsARangeItself) {
  auto results = pool_.map(Square, Iota(5));
  static_assert(std::ranges::input_range<decltype(results)>);
  int sum = 0;
  for (const int each : std::move(results) | std::views::transform(Square)) sum += each;
  EXPECT_EQ(sum, 1 + 16 + 81 + 256);
}

TEST_F(Map, GivesStopTokens) {
  const auto not_stopped = [](std::stop_token stop, int x) {
    return stop.stop_requested() ? -1 : x;
  };
  for (const std::size_t chunksize : {1, 2}) {
    EXPECT_EQ(Collect(pool_.map({.chunksize = chunksize}, not_stopped, Iota(5))), Iota(5));
  }
}

TEST_F(Map, EachTaskHasItsOwnCopyOfAMutableCallable) {
  const auto counts = [n = 0](int x) mutable { return x + ++n; };
  EXPECT_EQ(Collect(pool_.map(counts, Iota(5))), (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST_F(Map, ACallableThatCannotBeCopied) {
  const auto scale = [by = std::make_unique<int>(3)](int x) { return x * *by; };
  auto movable = [by = std::make_unique<int>(3)](int x) { return x * *by; };
  EXPECT_EQ(Collect(pool_.map(std::move(movable), Iota(3))), (std::vector<int>{0, 3, 6}));
  EXPECT_EQ(Collect(pool_.map(std::cref(scale), Iota(3))), (std::vector<int>{0, 3, 6}));
}

TEST_F(Map, CanBeMovedInMidIteration) {
  auto one = pool_.map({.buffersize = 2}, Square, Iota(6));
  EXPECT_EQ(one.next(), 0);
  auto two = std::move(one);
  EXPECT_EQ(two.next(), 1);
  one = pool_.map({.buffersize = 2}, Square, Iota(6));
  EXPECT_EQ(one.next(), 0);
  two = std::move(one);
  EXPECT_EQ(two.next(), 1);
}

TEST_F(Map, FillsABoundedPoolWithoutDeadlock) {
  ThreadPoolExecutor pool({.max_workers = 1, .max_queued = 1});
  EXPECT_EQ(Collect(pool.map(Square, Iota(200))), Squares(200));
}

}  // namespace
}  // namespace cohort
