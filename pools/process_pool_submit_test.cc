// What can be submitted, and that it runs elsewhere.

#include <sys/prctl.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

struct Point {
  int x;
  int y;
  int Sum() const { return x + y; }
  int Scaled(int factor) { return factor * (x + y); }
};

struct Adder {
  int amount;
  int operator()(int n) const { return n + amount; }
};

struct Doubler {
  int operator()(int n) const { return 2 * n; }
};

struct Counter {
  int calls;
  int operator()() { return ++calls; }
};

std::string Joined(std::string_view left, std::string_view right) {
  return std::string(left) + "+" + std::string(right);
}
std::size_t LengthOf(const std::string& text) { return text.size(); }
int TotalOf(std::vector<int> numbers) {
  int total = 0;
  for (const int each : numbers) total += each;
  return total;
}
void Nothing() {}

TEST(ProcessPoolSubmit, RunsInAnotherProcess) {
  ProcessPoolExecutor pool(1);
  const pid_t pid = pool.submit(WorkerPid).result();
  EXPECT_NE(pid, getpid());
  EXPECT_EQ(pool.submit(getppid).result(), getpid());
  EXPECT_THAT(pool.worker_pids(), testing::ElementsAre(pid));
}

TEST(ProcessPoolSubmit, FunctionsAndPointersToThem) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Square, 7).result(), 49);
  EXPECT_EQ(pool.submit(&Square, 8).result(), 64);
  int (*chosen)(int) = Square;
  EXPECT_EQ(pool.submit(chosen, 9).result(), 81);
  Future<void> nothing = pool.submit(Nothing);
  nothing.result();
}

TEST(ProcessPoolSubmit, MemberFunctionsAndMembers) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(&Point::Sum, Point{3, 4}).result(), 7);
  EXPECT_EQ(pool.submit(&Point::Scaled, Point{3, 4}, 10).result(), 70);
}

TEST(ProcessPoolSubmit, LambdasWithoutCaptures) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit([] { return 5; }).result(), 5);
  EXPECT_EQ(pool.submit([](int a, int b) { return a - b; }, 9, 4).result(), 5);
  const auto named = [](auto n) { return n + n; };
  EXPECT_EQ(pool.submit(named, 21).result(), 42);
  EXPECT_EQ(pool.submit(named, std::string("ab")).result(), "abab");
}

TEST(ProcessPoolSubmit, FunctionObjects) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(Adder{5}, 3).result(), 8);
  EXPECT_EQ(pool.submit(Doubler(), 3).result(), 6);
  Counter counter{7};
  EXPECT_EQ(pool.submit(counter).result(), 8);
  EXPECT_EQ(pool.submit(counter).result(), 8);
  EXPECT_EQ(counter.calls, 7);
}

TEST(ProcessPoolSubmit, LiteralsAndViews) {
  ProcessPoolExecutor pool(1);
  EXPECT_EQ(pool.submit(LengthOf, "four").result(), 4u);
  const std::string text = "text";
  EXPECT_EQ(pool.submit(Joined, std::string_view(text), "literal").result(), "text+literal");
  EXPECT_EQ(pool.submit(Joined, text, std::string(1000, 'x')).result(),
            "text+" + std::string(1000, 'x'));
  EXPECT_EQ(pool.submit(Joined, std::string_view(), "").result(), "+");
}

TEST(ProcessPoolSubmit, SpansAreViewsOfTheMessage) {
  ProcessPoolExecutor pool(1);
  const std::vector<int> numbers{1, 2, 3, 4};
  const auto sum = [](std::span<const int> all) {
    int total = 0;
    for (const int each : all) total += each;
    return total;
  };
  EXPECT_EQ(pool.submit(sum, std::span<const int>(numbers)).result(), 10);
  EXPECT_EQ(pool.submit(sum, std::span<const int>()).result(), 0);
}

TEST(ProcessPoolSubmit, ArgumentsThatCanOnlyBeMoved) {
  ProcessPoolExecutor pool(1);
  const auto read = [](std::unique_ptr<int> n) { return n == nullptr ? -1 : *n; };
  EXPECT_EQ(pool.submit(read, std::make_unique<int>(42)).result(), 42);
  EXPECT_EQ(pool.submit(read, std::unique_ptr<int>()).result(), -1);
  const auto make = [](int n) { return std::make_unique<int>(n); };
  EXPECT_EQ(*pool.submit(make, 43).result(), 43);
}

TEST(ProcessPoolSubmit, ArgumentsAreCopiesOfTheMomentOfTheCall) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto busy = pool.submit(PassGate, gate.path(), 0);
  std::vector<int> numbers{1, 2, 3};
  const auto total = pool.submit(TotalOf, numbers);
  numbers.assign(100, 1000);
  gate.Open();
  EXPECT_EQ(total.result(), 6);
}

TEST(ProcessPoolSubmit, GivesFuturesOfWhatIsReturned) {
  ProcessPoolExecutor pool(1);
  static_assert(std::is_same_v<decltype(pool.submit(Square, 1)), Future<int>>);
  static_assert(std::is_same_v<decltype(pool.submit(Nothing)), Future<void>>);
  static_assert(std::is_same_v<decltype(pool.submit(Joined, "", "")), Future<std::string>>);
  static_assert(Executor<ProcessPoolExecutor>);
}

TEST(ProcessPoolSubmit, ResultsMoveOut) {
  ProcessPoolExecutor pool(1);
  auto future = pool.submit([] { return std::make_unique<std::string>("moved"); });
  std::unique_ptr<std::string> text = std::move(future).result();
  EXPECT_EQ(*text, "moved");
}

TEST(ProcessPoolSubmit, FromManyThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 200;
  ProcessPoolExecutor pool(2);
  std::vector<std::jthread> threads;
  std::vector<std::vector<Future<int>>> futures(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) futures[t].push_back(pool.submit(Square, t * kEach + i));
    });
  }
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      const int n = t * kEach + i;
      EXPECT_EQ(futures[t][i].result(), n * n);
    }
  }
}

TEST(ProcessPoolSubmit, ThousandsWithoutWaiting) {
  constexpr int kTasks = 5000;
  ProcessPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < kTasks; ++i) futures.push_back(pool.submit(Square, i));
  for (int i = 0; i < kTasks; ++i) ASSERT_EQ(futures[i].result(), i * i);
}

TEST(ProcessPoolSubmit, FromTwoPoolsAtOnce) {
  ProcessPoolExecutor first(1);
  ProcessPoolExecutor second(1);
  for (int i = 0; i < 50; ++i) {
    const auto a = first.submit(WorkerPid);
    const auto b = second.submit(WorkerPid);
    EXPECT_NE(a.result(), b.result());
  }
}

TEST(ProcessPoolSubmit, WorkersAreNamed) {
  ProcessPoolExecutor pool(1);
  const auto name = [] {
    char text[17] = {};
    prctl(PR_GET_NAME, text);
    return std::string(text);
  };
  EXPECT_EQ(pool.submit(name).result(), "cohort-worker-0");
}

}  // namespace
}  // namespace cohort
