#include "futures/wait.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <forward_list>
#include <latch>
#include <list>
#include <map>
#include <random>
#include <ranges>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

template <typename T>
using Futures = std::vector<Future<T>>;

template <typename T>
Futures<T> FuturesOf(const std::vector<Promise<T>>& promises) {
  Futures<T> futures;
  for (const Promise<T>& promise : promises) futures.push_back(promise.future());
  return futures;
}

template <typename T>
class WaitTest : public testing::Test {};
TYPED_TEST_SUITE(WaitTest, AllKinds);

// CPython: test_wait.test_all_completed
TYPED_TEST(WaitTest, AllCompleted) {
  Promise<TypeParam> promise;
  const Futures<TypeParam> futures = {SucceededFuture<TypeParam>(), FailedFuture<TypeParam>(),
                                      CancelledFuture<TypeParam>(), promise.future()};
  BlockedThread waiter([&] {
    const auto [done, not_done] = wait(futures, {.return_when = ALL_COMPLETED});
    EXPECT_EQ(done, futures);
    EXPECT_TRUE(not_done.empty());
  });
  Sample<TypeParam>::Set(promise);
  waiter.Join();
}

// CPython: test_wait.test_timeout
TYPED_TEST(WaitTest, ATimeoutIsNoError) {
  const Promise<TypeParam> promise;
  const auto [done, not_done] =
      wait(Futures<TypeParam>{promise.future(), SucceededFuture<TypeParam>()}, {.timeout = 1ms});
  ASSERT_EQ(done.size(), 1U);
  Sample<TypeParam>::Expect(done[0]);
  EXPECT_EQ(not_done, Futures<TypeParam>{promise.future()});
}

// CPython: test_wait.test_first_completed. There, a cancelled future that no worker has come
// across is not done; here it is done like any other.
TYPED_TEST(WaitTest, FirstCompleted) {
  std::vector<Promise<TypeParam>> promises(3);
  BlockedThread waiter([&] {
    const auto [done, not_done] = wait(FuturesOf(promises), {.return_when = FIRST_COMPLETED});
    EXPECT_EQ(done, Futures<TypeParam>{promises[1].future()});
    EXPECT_EQ(not_done, (Futures<TypeParam>{promises[0].future(), promises[2].future()}));
  });
  Sample<TypeParam>::Set(promises[1]);
  waiter.Join();
}

// CPython: test_wait.test_20369
TEST(WaitForAllTest, DuplicatesCountOnce) {
  const Future<int> f = SucceededFuture<int>();
  const auto [done, not_done] = wait(Futures<int>{f, f}, {.return_when = ALL_COMPLETED});
  EXPECT_EQ(done, Futures<int>{f});
  EXPECT_TRUE(not_done.empty());
}

TEST(WaitForAllTest, DuplicatesCountOnceInAnyOrder) {
  std::vector<Promise<int>> promises(100);
  const Futures<int> once = FuturesOf(promises);
  Futures<int> futures;
  for (int copies = 0; copies < 3; ++copies) {
    futures.insert(futures.end(), once.begin(), once.end());
  }
  std::minstd_rand random;
  std::shuffle(futures.begin(), futures.end(), random);
  for (int i = 0; i < 50; ++i) promises[2 * i].set_result(i);
  const auto [done, not_done] = wait(futures, {.timeout = 0s});
  EXPECT_EQ(done.size(), 50U);
  EXPECT_EQ(not_done.size(), 50U);
  EXPECT_EQ(absl::flat_hash_set<Future<int>>(done.begin(), done.end()).size(), 50U);
  EXPECT_EQ(absl::flat_hash_set<Future<int>>(not_done.begin(), not_done.end()).size(), 50U);
}

TEST(WaitForAllTest, TheOrderIsTheOneGiven) {
  std::vector<Promise<int>> promises(100);
  Futures<int> futures = FuturesOf(promises);
  std::minstd_rand random;
  std::shuffle(futures.begin(), futures.end(), random);
  for (Promise<int>& promise : promises) promise.set_result(1);
  EXPECT_EQ(wait(futures).done, futures);
}

// CPython: test_wait.test_first_completed_some_already_completed
TEST(WaitForFirstTest, CompletedReturnsAtOnceWhereOneIs) {
  const Promise<int> pending;
  for (const Future<int>& f :
       {SucceededFuture<int>(), FailedFuture<int>(), CancelledFuture<int>()}) {
    const auto [done, not_done] = wait({pending.future(), f}, {.return_when = FIRST_COMPLETED});
    EXPECT_EQ(done, Futures<int>{f});
    EXPECT_EQ(not_done, Futures<int>{pending.future()});
  }
}

TEST(WaitForFirstTest, CompletedIsWokenByACancel) {
  const Promise<int> a;
  const Promise<int> b;
  BlockedThread waiter([&] {
    const auto [done, not_done] = wait({a.future(), b.future()}, {.return_when = FIRST_COMPLETED});
    EXPECT_EQ(done, Futures<int>{b.future()});
  });
  b.future().cancel();
  waiter.Join();
}

// CPython: test_wait.test_first_exception
TEST(WaitForFirstTest, ExceptionReturnsWhenOneFailsAndNotBefore) {
  std::vector<Promise<int>> promises(3);
  BlockedThread waiter([&] {
    const auto [done, not_done] = wait(FuturesOf(promises), {.return_when = FIRST_EXCEPTION});
    EXPECT_EQ(done, (Futures<int>{promises[0].future(), promises[1].future()}));
    EXPECT_EQ(not_done, Futures<int>{promises[2].future()});
  });
  promises[0].set_result(42);
  promises[1].set_exception(ErrorOf<std::domain_error>("failed"));
  waiter.Join();
  (void)promises[1].future().exception();
}

// CPython: test_wait.test_first_exception_some_already_complete. A cancellation is no failure; but
// the cancelled future is done.
TEST(WaitForFirstTest, ExceptionIsNotACancellation) {
  std::vector<Promise<int>> promises(2);
  const Future<int> cancelled = CancelledFuture<int>();
  BlockedThread waiter([&] {
    const auto [done, not_done] =
        wait({SucceededFuture<int>(), cancelled, promises[0].future(), promises[1].future()},
             {.return_when = FIRST_EXCEPTION});
    EXPECT_EQ(done.size(), 3U);
    EXPECT_EQ(done[1], cancelled);
    EXPECT_EQ(not_done, Futures<int>{promises[1].future()});
  });
  promises[0].set_exception(ErrorOf<std::domain_error>("failed"));
  waiter.Join();
  (void)promises[0].future().exception();
}

// CPython: test_wait.test_first_exception_one_already_failed
TEST(WaitForFirstTest, ExceptionReturnsAtOnceWhereOneHasFailed) {
  const Promise<int> pending;
  const Future<int> failed = FailedFuture<int>();
  const auto [done, not_done] = wait({failed, pending.future()}, {.return_when = FIRST_EXCEPTION});
  EXPECT_EQ(done, Futures<int>{failed});
  EXPECT_EQ(not_done, Futures<int>{pending.future()});
}

TEST(WaitForFirstTest, ExceptionWaitsForAllWhereNoneFails) {
  Promise<int> a;
  Promise<int> b;
  BlockedThread waiter([&] {
    const auto [done, not_done] = wait({a.future(), b.future()}, {.return_when = FIRST_EXCEPTION});
    EXPECT_EQ(done.size(), 2U);
  });
  a.set_result(1);
  b.future().cancel();
  waiter.Join();
}

TEST(WaitForFirstTest, TimesOut) {
  const Promise<int> promise;
  for (const ReturnWhen when : {FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED}) {
    for (const Timeout timeout : {Timeout(0s), Timeout(1ms), Timeout(absl::Milliseconds(1))}) {
      const auto [done, not_done] =
          wait({promise.future()}, {.timeout = timeout, .return_when = when});
      EXPECT_TRUE(done.empty());
      EXPECT_EQ(not_done.size(), 1U);
    }
  }
}

// CPython: test_wait.test_pending_calls_race
TEST(WaitForAllTest, FuturesReleasedAtOnceWakeTheWaiter) {
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  for (int round = 0; round < 20; ++round) {
    std::vector<Promise<int>> promises(kThreads * kEach);
    const Futures<int> futures = FuturesOf(promises);
    std::latch start(kThreads + 1);
    std::jthread completing([&] {
      RunThreads(kThreads, [&](int thread) {
        start.arrive_and_wait();
        for (int i = 0; i < kEach; ++i) promises[thread * kEach + i].set_result(i);
      });
    });
    start.arrive_and_wait();
    EXPECT_EQ(wait(futures).done, futures);
  }
}

TEST(WaitTest, NothingIsDoneAtOnce) {
  for (const ReturnWhen when : {FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED}) {
    const auto [done, not_done] = wait(Futures<int>(), {.return_when = when});
    EXPECT_TRUE(done.empty());
    EXPECT_TRUE(not_done.empty());
  }
}

// CPython raises this only where it has to block.
TEST(WaitTest, AnUnknownReturnWhenIsRefused) {
  EXPECT_THROW(wait(Futures<int>(), {.return_when = static_cast<ReturnWhen>(7)}),
               std::invalid_argument);
}

TEST(WaitTest, AnEmptyHandleIsRefused) {
  EXPECT_THROW(wait({SucceededFuture<int>(), Future<int>()}), InvalidStateError);
  EXPECT_THROW(wait(Futures<int>(1)), InvalidStateError);
}

TEST(WaitTest, TheConstantsAreThoseOfTheEnumeration) {
  static_assert(FIRST_COMPLETED == ReturnWhen::kFirstCompleted);
  static_assert(FIRST_EXCEPTION == ReturnWhen::kFirstException);
  static_assert(ALL_COMPLETED == ReturnWhen::kAllCompleted);
  static_assert(WaitOptions().return_when == ALL_COMPLETED);
  EXPECT_TRUE(WaitOptions().timeout.is_forever());
}

// --- ranges of every kind

template <typename Range>
void ExpectWaitsFor(Range&& range, std::size_t count) {
  auto result = wait(std::forward<Range>(range));
  static_assert(std::is_same_v<decltype(result), DoneAndNotDone<int>>);
  EXPECT_EQ(result.done.size(), count);
}

TEST(WaitRangeTest, Containers) {
  const Future<int> a = SucceededFuture<int>();
  const Future<int> b = SucceededFuture<int>();
  ExpectWaitsFor(std::vector{a, b}, 2);
  ExpectWaitsFor(std::list{a, b}, 2);
  ExpectWaitsFor(std::forward_list{a, b}, 2);
  ExpectWaitsFor(std::deque{a, b}, 2);
  ExpectWaitsFor(std::array{a, b}, 2);
  ExpectWaitsFor(absl::flat_hash_set<Future<int>>{a, b, a}, 2);
  const Future<int> raw[] = {a, b};
  ExpectWaitsFor(raw, 2);
  ExpectWaitsFor(std::initializer_list<Future<int>>{a, b}, 2);
}

TEST(WaitRangeTest, EachElementIsLookedAtOnce) {
  constexpr int kCount = 50;
  Futures<int> futures(kCount);
  int looks = 0;
  const auto start = [&](Future<int>& future) -> Future<int>& {
    ++looks;
    return future = SucceededFuture<int>();
  };
  ExpectWaitsFor(futures | std::views::transform(start), kCount);
  EXPECT_EQ(looks, kCount);
}

TEST(WaitRangeTest, Views) {
  Futures<int> futures = {SucceededFuture<int>(), SucceededFuture<int>(), SucceededFuture<int>()};
  std::map<int, Future<int>> by_number = {{1, futures[0]}, {2, futures[1]}};
  ExpectWaitsFor(futures | std::views::take(2), 2);
  ExpectWaitsFor(std::views::values(by_number), 2);
  ExpectWaitsFor(std::views::iota(0, 3) | std::views::transform([&](int i) { return futures[i]; }),
                 3);
  ExpectWaitsFor(std::ranges::subrange(futures.begin(), futures.end()), 3);
  ExpectWaitsFor(std::span(futures), 3);
  ExpectWaitsFor(std::span<const Future<int>>(futures), 3);
  ExpectWaitsFor(absl::MakeSpan(futures), 3);
  ExpectWaitsFor(absl::MakeConstSpan(futures), 3);
  for (const Future<int>& f : futures) EXPECT_TRUE(f.valid());
  for (const auto& [number, f] : by_number) EXPECT_TRUE(f.valid());
}

TEST(WaitRangeTest, AnLvalueKeepsItsHandlesAndAnRvalueGivesThem) {
  Futures<int> futures = {SucceededFuture<int>(), SucceededFuture<int>()};
  wait(futures);
  EXPECT_TRUE(futures[0].valid());
  const Futures<int> constant = futures;
  wait(std::move(constant));
  EXPECT_TRUE(constant[0].valid());
  const auto result = wait(std::move(futures));
  EXPECT_FALSE(futures[0].valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(result.done, constant);
}

// --- many

TEST(WaitManyTest, DoneAndPendingMixed) {
  const int count = kMany;
  std::vector<Promise<int>> promises(count);
  const Futures<int> futures = FuturesOf(promises);
  for (int i = 0; i < count; i += 2) promises[i].set_result(i);
  EXPECT_EQ(wait(futures, {.timeout = 0s}).done.size(), count / 2U);
  EXPECT_EQ(wait(futures, {.return_when = FIRST_COMPLETED}).done.size(), count / 2U);
  EXPECT_EQ(wait(futures, {.timeout = 0s, .return_when = FIRST_EXCEPTION}).not_done.size(),
            count / 2U);
  std::jthread completing([&] {
    for (int i = 1; i < count; i += 2) promises[i].set_result(i);
  });
  EXPECT_EQ(wait(futures).done.size(), static_cast<std::size_t>(count));
}

}  // namespace
}  // namespace cohort
