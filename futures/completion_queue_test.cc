#include <chrono>
#include <memory>
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
class CompletionQueueTest : public testing::Test {};
TYPED_TEST_SUITE(CompletionQueueTest, AllKinds);

TYPED_TEST(CompletionQueueTest, GivesFuturesAsTheyAreDone) {
  std::vector<Promise<TypeParam>> promises(2);
  CompletionQueue<TypeParam> queue;
  EXPECT_TRUE(queue.empty());
  queue.add(promises[0].future());
  queue.add(promises[1].future());
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.size(), 2U);
  Sample<TypeParam>::Set(promises[1]);
  EXPECT_EQ(queue.next(), promises[1].future());
  EXPECT_EQ(queue.size(), 1U);
  BlockedThread waiter([&] { EXPECT_EQ(queue.next(), promises[0].future()); });
  Sample<TypeParam>::Set(promises[0]);
  waiter.Join();
  EXPECT_TRUE(queue.empty());
}

TEST(CompletionQueueStateTest, TakesDoneFailedAndCancelledOnes) {
  const std::vector<Future<int>> futures = {SucceededFuture<int>(), FailedFuture<int>(),
                                            CancelledFuture<int>()};
  CompletionQueue<int> queue;
  for (const Future<int>& f : futures) queue.add(f);
  for (const Future<int>& f : futures) EXPECT_EQ(queue.next(0s), f);
}

TEST(CompletionQueueStateTest, TakesMoreWhileItIsDrained) {
  CompletionQueue<int> queue;
  queue.add(SucceededFuture<int>());
  int taken = 0;
  while (!queue.empty()) {
    const Future<int> f = queue.next();
    EXPECT_EQ(f.result(), 42);
    if (++taken < 100) {
      queue.add(SucceededFuture<int>());
      if (taken % 3 == 0) queue.add(f);
    }
  }
  EXPECT_GE(taken, 100);
}

TEST(CompletionQueueStateTest, ADuplicateComesTwice) {
  Promise<int> promise;
  CompletionQueue<int> queue;
  queue.add(promise.future());
  queue.add(promise.future());
  promise.set_result(42);
  EXPECT_EQ(queue.next(0s), promise.future());
  EXPECT_EQ(queue.next(0s), promise.future());
  EXPECT_TRUE(queue.empty());
}

TEST(CompletionQueueStateTest, EmptyItThrowsRatherThanWaits) {
  CompletionQueue<int> queue;
  EXPECT_THROW(queue.next(), InvalidStateError);
  EXPECT_THROW(queue.next(0s), InvalidStateError);
  queue.add(SucceededFuture<int>());
  queue.next();
  EXPECT_THROW(queue.next(), InvalidStateError);
}

TEST(CompletionQueueStateTest, AnEmptyHandleIsRefused) {
  CompletionQueue<int> queue;
  EXPECT_THROW(queue.add(Future<int>()), InvalidStateError);
  EXPECT_TRUE(queue.empty());
}

TEST(CompletionQueueStateTest, ATimeoutLosesNothing) {
  Promise<int> promise;
  CompletionQueue<int> queue;
  queue.add(promise.future());
  EXPECT_THROW(queue.next(0s), TimeoutError);
  EXPECT_THROW(queue.next(1ms), TimeoutError);
  EXPECT_THROW(queue.next(absl::Milliseconds(1)), TimeoutError);
  EXPECT_EQ(queue.size(), 1U);
  promise.set_result(42);
  EXPECT_EQ(queue.next(0s).result(), 42);
}

TEST(CompletionQueueStateTest, ASleeperIsWokenByWhatIsAddedLater) {
  const Promise<int> never;
  Promise<int> later;
  CompletionQueue<int> queue;
  queue.add(never.future());
  BlockedThread waiter([&] { EXPECT_EQ(queue.next(), later.future()); });
  queue.add(later.future());
  later.set_result(1);
  waiter.Join();
  const Future<int> done = SucceededFuture<int>();
  BlockedThread second([&] { EXPECT_EQ(queue.next(), done); });
  queue.add(done);
  second.Join();
}

TEST(CompletionQueueStateTest, MayBeAddedToByACallback) {
  Promise<int> first;
  CompletionQueue<int> queue;
  queue.add(first.future());
  first.future().add_done_callback([&](const Future<int>&) { queue.add(SucceededFuture<int>()); });
  first.set_result(1);
  EXPECT_EQ(queue.next(0s).result(), 1);
  EXPECT_EQ(queue.next(0s).result(), 42);
}

TEST(CompletionQueueStateTest, DroppedItLetsGoOfItsFutures) {
  Promise<int> promise;
  auto queue = std::make_unique<CompletionQueue<int>>();
  for (int i = 0; i < 100; ++i) queue->add(promise.future());
  queue->add(SucceededFuture<int>());
  queue = nullptr;
  promise.set_result(1);
}

TEST(CompletionQueueStateTest, DroppingManyDuplicatesIsNotQuadratic) {
  // Would take minutes if each were searched for from the wrong end.
  const Promise<int> promise;
  CompletionQueue<int> queue;
  for (int i = 0; i < kMany / 2; ++i) queue.add(promise.future());
}

}  // namespace
}  // namespace cohort
