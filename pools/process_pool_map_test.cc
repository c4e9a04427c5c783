// map() over processes. What map() does whatever the executor is tested by thread_pool_map_test.cc
// and testing/executor_conformance.h.

#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/map.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using testing::ElementsAre;

int Add(int a, int b) { return a + b; }
std::string Shout(const std::string& text) { return text + "!"; }
bool IsEven(int n) { return n % 2 == 0; }
void Ignore(int /*n*/) {}

int RefuseOdd(int n) {
  if (n % 2 != 0) throw std::invalid_argument("odd: " + std::to_string(n));
  return n;
}
int DieOfThree(int n) {
  if (n == 3) ExitWith(3);
  return n;
}

template <typename Range>
auto All(Range&& range) {
  std::vector<typename std::remove_cvref_t<Range>::value_type> all;
  for (auto&& each : range) all.push_back(std::move(each));
  return all;
}

std::vector<int> Numbers(int count) {
  std::vector<int> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// What each element came to: its result, or the text of its exception.
template <typename Range>
std::vector<std::string> Outcomes(Range range) {
  std::vector<std::string> outcomes;
  for (auto it = range.begin(); it != range.end(); ++it) {
    try {
      outcomes.push_back(std::to_string(*it));
    } catch (const WorkerDied&) {
      outcomes.push_back("died");
    } catch (const std::exception& e) {
      outcomes.push_back(e.what());
    }
  }
  return outcomes;
}

TEST(ProcessPoolMap, ChunksOfAnySizeAgree) {
  ProcessPoolExecutor pool(2);
  const std::vector<int> numbers = Numbers(100);
  std::vector<int> expected;
  for (const int n : numbers) expected.push_back(n * n);
  for (const std::size_t chunksize : {1, 2, 7, 50, 100, 1000, 0}) {
    EXPECT_EQ(All(pool.map({.chunksize = chunksize}, Square, numbers)), expected) << chunksize;
  }
}

TEST(ProcessPoolMap, OfSeveralRanges) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {1, 3}) {
    EXPECT_THAT(All(pool.map({.chunksize = chunksize}, Add, std::vector{1, 2, 3, 4},
                             std::vector{10, 20, 30})),
                ElementsAre(11, 22, 33));
  }
  EXPECT_THAT(All(pool.map(std::plus<int>(), {1, 2}, {3, 4})), ElementsAre(4, 6));
}

TEST(ProcessPoolMap, OfResultsOfManyKinds) {
  ProcessPoolExecutor pool(2);
  const std::vector<std::string> texts{"a", "", std::string(300'000, 'x')};
  for (const std::size_t chunksize : {1, 2, 3}) {
    EXPECT_EQ(All(pool.map({.chunksize = chunksize}, Shout, texts)),
              (std::vector<std::string>{"a!", "!", texts[2] + "!"}));
    EXPECT_EQ(All(pool.map({.chunksize = chunksize}, IsEven, Numbers(4))),
              (std::vector<bool>{true, false, true, false}));
    EXPECT_EQ(All(pool.map({.chunksize = chunksize}, Ignore, Numbers(4))).size(), 4u);
    auto pointers = pool.map(
        {.chunksize = chunksize}, [](int n) { return std::make_unique<int>(n); }, Numbers(3));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(**pointers.next(), i);
  }
}

TEST(ProcessPoolMap, OfNothing) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {0, 1, 5}) {
    EXPECT_THAT(All(pool.map({.chunksize = chunksize}, Square, std::vector<int>())), ElementsAre());
  }
}

TEST(ProcessPoolMap, AnExceptionIsItsElementsAlone) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {1, 2, 3, 5, 10}) {
    EXPECT_THAT(Outcomes(pool.map({.chunksize = chunksize}, RefuseOdd, Numbers(5))),
                ElementsAre("0", "odd: 1", "2", "odd: 3", "4"))
        << chunksize;
  }
}

TEST(ProcessPoolMap, ADeathIsItsTasksAlone) {
  ProcessPoolExecutor pool(2);
  EXPECT_THAT(Outcomes(pool.map(DieOfThree, Numbers(6))),
              ElementsAre("0", "1", "2", "died", "4", "5"));
  EXPECT_THAT(Outcomes(pool.map({.chunksize = 2}, DieOfThree, Numbers(6))),
              ElementsAre("0", "1", "died", "died", "4", "5"));
}

TEST(ProcessPoolMap, ABufferDrawsAnEndlessInput) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {1, 3}) {
    auto squares = pool.map({.chunksize = chunksize, .buffersize = 4}, Square, std::views::iota(0));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(squares.next(), i * i);
  }
}

TEST(ProcessPoolMap, ABufferDrawsNoMoreThanItsSize) {
  ProcessPoolExecutor pool(2);
  int drawn = 0;
  auto counted = std::views::iota(0) | std::views::transform([&](int n) {
                   ++drawn;
                   return n;
                 });
  auto squares = pool.map({.buffersize = 5}, Square, counted);
  EXPECT_EQ(drawn, 5);
  EXPECT_EQ(squares.next(), 0);
  EXPECT_EQ(drawn, 6);
}

TEST(ProcessPoolMap, TheTimeoutEndsTheIterationAndCancelsTheRest) {
  RemoteGate gate;
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  ProcessPoolExecutor pool(1);
  const auto pass_or_note = [](const std::string& gate_path, const std::string& to, int n) {
    if (n == 1) return PassGate(gate_path, n);
    WriteLine(to, std::to_string(n));
    return n;
  };
  const std::vector<std::string> gates(20, gate.path());
  const std::vector<std::string> files(20, file);
  auto results =
      pool.map({.timeout = std::chrono::milliseconds(50)}, pass_or_note, gates, files, Numbers(20));
  ASSERT_TRUE(gate.AwaitArrivals(1));
  auto it = results.begin();
  try {
    for (; it != results.end(); ++it) EXPECT_EQ(*it, 0);
    ADD_FAILURE() << "the time did not run out";
  } catch (const TimeoutError&) {
  }
  EXPECT_TRUE(results.begin() == results.end());
  EXPECT_EQ(pool.stats().cancelled, 18u);
  gate.Open();
  pool.shutdown();
  EXPECT_THAT(LinesOf(file), ElementsAre("0"));
}

TEST(ProcessPoolMap, ATimeoutErrorOfATaskIsAnElementLikeAnother) {
  ProcessPoolExecutor pool(1);
  const auto fail = [](int n) -> int {
    if (n == 1) throw TimeoutError("thrown by the task");
    return n;
  };
  for (const std::size_t chunksize : {1, 4}) {
    EXPECT_THAT(Outcomes(pool.map({.timeout = std::chrono::hours(1), .chunksize = chunksize}, fail,
                                  Numbers(3))),
                ElementsAre("0", "thrown by the task", "2"));
  }
}

TEST(ProcessPoolMap, DroppingCancelsWhatHasNotBegun) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  {
    const auto dropped = pool.map(PassGate, std::vector<std::string>(30, gate.path()), Numbers(30));
    ASSERT_TRUE(gate.AwaitArrivals(1));
  }
  EXPECT_EQ(pool.stats().cancelled, 29u);
  gate.Open();
  pool.shutdown();
  EXPECT_EQ(gate.arrived(), 1);
  EXPECT_EQ(pool.stats().succeeded, 1u);
}

TEST(ProcessPoolMap, ClosingEndsTheIteration) {
  ProcessPoolExecutor pool(1);
  for (const std::size_t chunksize : {1, 4}) {
    auto squares = pool.map({.chunksize = chunksize}, Square, Numbers(10));
    EXPECT_EQ(squares.next(), 0);
    squares.close();
    EXPECT_EQ(squares.next(), std::nullopt);
    EXPECT_TRUE(squares.begin() == squares.end());
  }
}

TEST(ProcessPoolMap, RunsWithoutIteration) {
  ScratchFolder folder;
  const std::string file = folder.file("ran");
  ProcessPoolExecutor pool(2);
  const auto note = [](const std::string& to, int n) { return WriteLine(to, std::to_string(n)); };
  const auto results = pool.map(note, std::vector<std::string>(20, file), Numbers(20));
  pool.shutdown();
  EXPECT_EQ(LinesOf(file).size(), 20u);
}

TEST(ProcessPoolMap, ALazyInputThatShutdownCutsShortIsToldOf) {
  ProcessPoolExecutor pool(1);
  auto squares = pool.map({.buffersize = 2}, Square, Numbers(10));
  EXPECT_EQ(squares.next(), 0);
  pool.shutdown();
  EXPECT_EQ(squares.next(), 1);
  EXPECT_EQ(squares.next(), 4);
  EXPECT_THROW(squares.next(), Error);
  EXPECT_EQ(squares.next(), std::nullopt);
}

TEST(ProcessPoolMap, WithAFunctionObjectOfData) {
  struct Times {
    int factor;
    int operator()(int n) const { return n * factor; }
  };
  ProcessPoolExecutor pool(2);
  for (const std::size_t chunksize : {1, 2}) {
    EXPECT_THAT(All(pool.map({.chunksize = chunksize}, Times{3}, {1, 2, 3})), ElementsAre(3, 6, 9));
  }
}

TEST(ProcessPoolMap, TenThousand) {
  ProcessPoolExecutor pool(2);
  int expected = 0;
  for (const int square : pool.map({.chunksize = 0}, Square, std::views::iota(0, 10'000))) {
    ASSERT_EQ(square, expected * expected);
    ++expected;
  }
  EXPECT_EQ(expected, 10'000);
}

}  // namespace
}  // namespace cohort
