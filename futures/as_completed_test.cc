#include <algorithm>
#include <chrono>
#include <iterator>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

template <typename T>
using Futures = std::vector<Future<T>>;

template <typename T>
Futures<T> Collect(AsCompleted<T> range) {
  Futures<T> futures;
  for (Future<T>& f : range) futures.push_back(f);
  return futures;
}

template <typename T>
class AsCompletedTest : public testing::Test {};
TYPED_TEST_SUITE(AsCompletedTest, AllKinds);

// CPython: test_as_completed.test_no_timeout
TYPED_TEST(AsCompletedTest, GivesWhatIsDoneAndThenWhatCompletes) {
  using T = TypeParam;
  std::vector<Promise<T>> promises(2);
  const Futures<T> done = {CancelledFuture<T>(), FailedFuture<T>(), SucceededFuture<T>()};
  BlockedThread waiter([&] {
    Futures<T> futures = {promises[0].future(), promises[1].future()};
    futures.insert(futures.begin(), done.begin(), done.end());
    Futures<T> expected = done;
    expected.push_back(promises[1].future());
    expected.push_back(promises[0].future());
    EXPECT_EQ(Collect(as_completed(futures)), expected);
  });
  Sample<T>::Set(promises[1]);
  Sample<T>::Set(promises[0]);
  waiter.Join();
}

// CPython: test_as_completed.test_future_times_out
TYPED_TEST(AsCompletedTest, GivesExactlyWhatIsDoneInTime) {
  using T = TypeParam;
  for (const Timeout timeout : {Timeout(0s), Timeout(5ms), Timeout(absl::Milliseconds(5))}) {
    const Promise<T> pending;
    Futures<T> seen;
    const Future<T> done = SucceededFuture<T>();
    const Future<T> cancelled = CancelledFuture<T>();
    const auto loop = [&] {
      for (Future<T> f : as_completed({pending.future(), done, cancelled}, timeout)) {
        seen.push_back(f);
      }
    };
    EXPECT_THROW(loop(), TimeoutError);
    EXPECT_EQ(seen, (Futures<T>{done, cancelled}));
  }
}

// CPython: test_as_completed.test_duplicate_futures
TEST(AsCompletedRangeTest, DuplicatesComeOnce) {
  Promise<int> promise;
  const Future<int> f = promise.future();
  const Future<int> other = SucceededFuture<int>();
  BlockedThread waiter([&] {
    EXPECT_EQ(Collect(as_completed(std::list{f, other, f, other, f})), (Futures<int>{other, f}));
  });
  promise.set_result(42);
  waiter.Join();
  EXPECT_EQ(Collect(as_completed({f, f, f})).size(), 1U);
}

// CPython: test_as_completed.test_free_reference_yielded_future. The range keeps the future that it
// gave until the next is asked for, and not longer.
TEST(AsCompletedRangeTest, LetsGoOfWhatItGave) {
  std::vector<Promise<std::shared_ptr<int>>> promises(3);
  std::vector<std::weak_ptr<int>> results;
  Futures<std::shared_ptr<int>> futures;
  for (auto& promise : promises) {
    auto result = std::make_shared<int>(1);
    results.push_back(result);
    promise.set_result(std::move(result));
    futures.push_back(promise.future());
  }
  promises.clear();
  auto range = as_completed(std::move(futures));
  auto each = range.begin();
  EXPECT_FALSE(results[0].expired());
  ++each;
  EXPECT_TRUE(results[0].expired());
  EXPECT_FALSE(results[1].expired());
  *each = {};
  EXPECT_TRUE(results[1].expired());
}

// CPython: test_as_completed.test_correct_timeout_exception_msg
TEST(AsCompletedRangeTest, TheTimeoutsTextCounts) {
  const Promise<int> a;
  const Promise<int> b;
  const Futures<int> futures = {a.future(), SucceededFuture<int>(), b.future(),
                                CancelledFuture<int>()};
  try {
    Collect(as_completed(futures, 0s));
    FAIL();
  } catch (const TimeoutError& error) {
    EXPECT_STREQ(error.what(), "2 (of 4) futures unfinished");
  }
}

TEST(AsCompletedRangeTest, TheTextCountsDuplicatesOnce) {
  const Promise<int> a;
  try {
    Collect(as_completed({a.future(), a.future(), SucceededFuture<int>()}, 0s));
    FAIL();
  } catch (const TimeoutError& error) {
    EXPECT_STREQ(error.what(), "1 (of 2) futures unfinished");
  }
}

TEST(AsCompletedRangeTest, NothingEndsAtOnce) {
  EXPECT_TRUE(Collect(as_completed(Futures<int>())).empty());
  EXPECT_TRUE(Collect(as_completed(Futures<int>(), 0s)).empty());
}

TEST(AsCompletedRangeTest, AnEmptyHandleIsRefusedAtTheCall) {
  EXPECT_THROW(as_completed(Futures<int>(1)), InvalidStateError);
}

TEST(AsCompletedRangeTest, TheTimeCountsFromTheCall) {
  const Promise<int> promise;
  auto range = as_completed({promise.future()}, 1ms);
  while (!Deadline::after(0s).has_passed()) {
  }
  EXPECT_THROW(promise.future().result(2ms), TimeoutError);
  promise.future().cancel();
  // The time is over, but what is done is still given.
  EXPECT_EQ(Collect(std::move(range)).size(), 1U);
}

TEST(AsCompletedRangeTest, MayGoOnAfterATimeout) {
  Promise<int> promise;
  auto range = as_completed({promise.future()}, 0s);
  EXPECT_THROW(range.begin(), TimeoutError);
  promise.set_result(42);
  EXPECT_EQ((*range.begin()).result(), 42);
}

// As when another thread completes them just then.
TEST(AsCompletedRangeTest, CompletionOrderOfThoseThatAreDoneWhileTheyAreAdded) {
  std::vector<Promise<int>> promises(4);
  promises[0].set_result(0);
  const auto added = std::views::iota(0, 4) | std::views::transform([&](int i) {
                       if (i == 3) {
                         for (const int each : {2, 1, 3}) promises[each].set_result(each);
                       }
                       return promises[i].future();
                     });
  std::vector<int> order;
  for (const Future<int>& f : as_completed(added)) order.push_back(f.result());
  EXPECT_EQ(order, (std::vector{0, 2, 1, 3}));
}

TEST(AsCompletedRangeTest, CompletionOrderOfManyThreads) {
  // Each thread's own futures come in its order.
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  std::vector<Promise<int>> promises(kThreads * kEach);
  Futures<int> futures;
  for (auto& promise : promises) futures.push_back(promise.future());
  std::jthread completing([&] {
    RunThreads(kThreads, [&](int thread) {
      for (int i = 0; i < kEach; ++i) promises[thread * kEach + i].set_result(thread * kEach + i);
    });
  });
  std::vector<int> next(kThreads, 0);
  auto range = as_completed(futures);
  // What was done when the range was made comes in the order given; that is each thread's, too.
  for (const Future<int>& f : range) {
    const int value = f.result();
    EXPECT_EQ(value % kEach, next[value / kEach]++);
  }
  EXPECT_EQ(next, std::vector<int>(kThreads, kEach));
}

TEST(AsCompletedRangeTest, MovesResultsOut) {
  std::vector<Promise<std::unique_ptr<int>>> promises(2);
  Futures<std::unique_ptr<int>> futures;
  for (auto& promise : promises) futures.push_back(promise.future());
  promises[0].set_result(std::make_unique<int>(40));
  promises[1].set_result(std::make_unique<int>(2));
  int sum = 0;
  for (auto& f : as_completed(futures)) sum += *std::move(f).result();
  EXPECT_EQ(sum, 42);
  EXPECT_THROW(futures[0].result(), InvalidStateError);
}

TEST(AsCompletedRangeTest, IsAnInputRange) {
  static_assert(std::ranges::input_range<AsCompleted<int>>);
  static_assert(std::input_iterator<AsCompleted<int>::iterator>);
  const Futures<int> futures = {SucceededFuture<int>(), SucceededFuture<int>(),
                                SucceededFuture<int>()};
  auto range = as_completed(futures);
  const Futures<int> copied(range.begin(), range.end());
  EXPECT_EQ(copied, futures);
  int sum = 0;
  for (const Future<int>& f : as_completed(futures) | std::views::take(2)) sum += f.result();
  EXPECT_EQ(sum, 84);
  EXPECT_EQ(as_completed(futures).begin()->result(), 42);
  EXPECT_EQ(Collect(as_completed(futures | std::views::drop(1))).size(), 2U);
}

TEST(AsCompletedRangeTest, AbandonedHalfWay) {
  std::vector<Promise<int>> promises(100);
  Futures<int> futures;
  for (auto& promise : promises) futures.push_back(promise.future());
  for (int i = 0; i < 50; ++i) promises[i].set_result(i);
  int seen = 0;
  for (const Future<int>& f : as_completed(futures)) {
    EXPECT_TRUE(f.done());
    if (++seen == 25) break;
  }
  for (int i = 50; i < 100; ++i) promises[i].set_result(i);  // nobody is told, nothing breaks
  EXPECT_EQ(Collect(as_completed(futures)).size(), 100U);
}

TEST(AsCompletedRangeTest, AbandonedUnread) {
  Promise<int> promise;
  { auto range = as_completed({promise.future(), SucceededFuture<int>()}); }
  promise.set_result(1);
}

TEST(AsCompletedManyTest, DoneAndPendingMixed) {
  const int count = kMany;
  std::vector<Promise<int>> promises(count);
  Futures<int> futures;
  for (auto& promise : promises) futures.push_back(promise.future());
  for (int i = 0; i < count; i += 2) promises[i].set_result(1);
  std::jthread completing([&] {
    for (int i = 1; i < count; i += 2) promises[i].set_result(1);
  });
  int sum = 0;
  for (const Future<int>& f : as_completed(futures)) sum += f.result();
  EXPECT_EQ(sum, count);
}

}  // namespace
}  // namespace cohort
