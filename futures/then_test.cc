#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

int Increment(const Future<int>& f) { return f.result() + 1; }

template <typename T>
class ThenTest : public testing::Test {};
TYPED_TEST_SUITE(ThenTest, AllKinds);

TYPED_TEST(ThenTest, IsCalledWithTheFutureWhenDone) {
  Promise<TypeParam> promise;
  const Future<int> next = promise.future().then([](const Future<TypeParam>& f) {
    Sample<TypeParam>::Expect(f);
    return 1;
  });
  EXPECT_FALSE(next.done());
  Sample<TypeParam>::Set(promise);
  EXPECT_EQ(next.result(0s), 1);
}

TYPED_TEST(ThenTest, IsCalledAtOnceWhereDone) {
  const Future<int> next =
      SucceededFuture<TypeParam>().then([](const Future<TypeParam>&) { return 1; });
  EXPECT_EQ(next.result(0s), 1);
}

TYPED_TEST(ThenTest, GivesResultsOfEveryKind) {
  Promise<int> promise;
  const Future<TypeParam> next = promise.future().then(
      [](const Future<int>&) -> TypeParam { return SucceededFuture<TypeParam>().result(); });
  promise.set_result(42);
  Sample<TypeParam>::Expect(next);
}

TYPED_TEST(ThenTest, FlattensAFutureThatIsDone) {
  Promise<int> promise;
  const Future<TypeParam> next =
      promise.future().then([](const Future<int>&) { return SucceededFuture<TypeParam>(); });
  promise.set_result(42);
  Sample<TypeParam>::Expect(next);
}

TYPED_TEST(ThenTest, FlattensAFutureThatIsPending) {
  Promise<TypeParam> inner;
  const Future<TypeParam> next =
      SucceededFuture<int>().then([&](const Future<int>&) { return inner.future(); });
  EXPECT_TRUE(next.running());
  EXPECT_FALSE(next.cancel());
  Sample<TypeParam>::Set(inner);
  Sample<TypeParam>::Expect(next);
}

TYPED_TEST(ThenTest, FlattensFailureAndCancellation) {
  const Future<TypeParam> failed =
      SucceededFuture<int>().then([](const Future<int>&) { return FailedFuture<TypeParam>(); });
  EXPECT_THROW(failed.result(), std::domain_error);
  const Future<TypeParam> cancelled =
      SucceededFuture<int>().then([](const Future<int>&) { return CancelledFuture<TypeParam>(); });
  EXPECT_THROW(cancelled.result(), CancelledError);
  EXPECT_FALSE(cancelled.cancelled());  // it ran; what it asked was cancelled
}

TEST(ThenChainTest, ResultsTravelDown) {
  Promise<int> promise;
  const Future<std::string> last =
      promise.future().then(Increment).then(&Increment).then([](const Future<int>& f) {
        return std::to_string(f.result());
      });
  promise.set_result(40);
  EXPECT_EQ(last.result(), "42");
}

TEST(ThenChainTest, AnExceptionTravelsDown) {
  Promise<int> promise;
  const Future<int> last = promise.future().then(Increment).then(Increment);
  promise.set_exception(ErrorOf<std::domain_error>("top"));
  EXPECT_THROW(last.result(), std::domain_error);
}

TEST(ThenChainTest, ACancellationTravelsDownAsAnError) {
  const Promise<int> promise;
  const Future<int> last = promise.future().then(Increment).then(Increment);
  promise.future().cancel();
  EXPECT_THROW(last.result(), CancelledError);
}

TEST(ThenChainTest, ALinkMayRecover) {
  Promise<int> promise;
  const Future<int> last = promise.future().then(
      [](const Future<int>& f) { return f.exception() == nullptr ? f.result() : -1; });
  promise.set_exception(ErrorOf<std::domain_error>("top"));
  EXPECT_EQ(last.result(), -1);
}

TEST(ThenChainTest, WhatALinkThrowsIsItsException) {
  const Future<int> next = SucceededFuture<int>().then(
      [](const Future<int>&) -> int { throw std::length_error("link"); });
  EXPECT_THROW(next.result(), std::length_error);
}

TEST(ThenChainTest, WhatAFlatteningLinkThrowsIsItsException) {
  const Future<int> next = SucceededFuture<int>().then(
      [](const Future<int>&) -> Future<int> { throw std::length_error("link"); });
  EXPECT_THROW(next.result(), std::length_error);
}

TEST(ThenChainTest, AnEmptyFutureFromALinkIsAnError) {
  const Future<int> next =
      SucceededFuture<int>().then([](const Future<int>&) { return Future<int>(); });
  EXPECT_THROW(next.result(), InvalidStateError);
}

TEST(ThenChainTest, TypesAreFlattenedOnceAndUnqualified) {
  const Future<int> f = SucceededFuture<int>();
  auto flat = f.then([](const Future<int>&) { return SucceededFuture<std::string>(); });
  static_assert(std::is_same_v<decltype(flat), Future<std::string>>);
  auto from_const =
      f.then([](const Future<int>&) -> const Future<int> { return SucceededFuture<int>(); });
  static_assert(std::is_same_v<decltype(from_const), Future<int>>);
  auto value_const = f.then([](const Future<int>&) -> const std::string { return "x"; });
  static_assert(std::is_same_v<decltype(value_const), Future<std::string>>);
  auto nothing = f.then([](const Future<int>&) {});
  static_assert(std::is_same_v<decltype(nothing), Future<void>>);
  auto twice = f.then([](const Future<int>&) {
    Promise<Future<int>> promise;
    promise.set_result(SucceededFuture<int>());
    return promise.future();
  });
  static_assert(std::is_same_v<decltype(twice), Future<Future<int>>>);
  EXPECT_EQ(from_const.result(), 42);
  EXPECT_EQ(twice.result().result(), 42);
}

TEST(ThenChainTest, TheCallableMayBeMoveOnlyAndIsCalledAsAnRvalue) {
  struct Once {
    std::unique_ptr<int> owned;
    int operator()(const Future<int>& f) && { return *owned + f.result(); }
  };
  EXPECT_EQ(SucceededFuture<int>().then(Once{std::make_unique<int>(1)}).result(), 43);
}

TEST(ThenChainTest, MovesAValueAlong) {
  Promise<std::unique_ptr<int>> promise;
  Future<std::unique_ptr<int>> last = promise.future();
  for (int i = 0; i < 3; ++i) {
    last = last.then([](Future<std::unique_ptr<int>> f) {
      std::unique_ptr<int> value = std::move(f).result();
      ++*value;
      return value;
    });
  }
  promise.set_result(std::make_unique<int>(39));
  EXPECT_EQ(*last.result(), 42);
}

TEST(ThenChainTest, ManyLinksOfOneFutureRunInOrder) {
  Promise<int> promise;
  std::vector<int> ran;
  std::vector<Future<void>> links;
  for (int i = 0; i < 10; ++i) {
    links.push_back(promise.future().then([&ran, i](const Future<int>&) { ran.push_back(i); }));
  }
  promise.set_result(42);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(ThenChainTest, ALinksOwnLinksRunBeforeTheNextCallback) {
  // As if each link completed its future within the callback, which is what Python code does.
  Promise<int> promise;
  std::string ran;
  const Future<void> last =
      promise.future().then([&](const Future<int>&) { ran += "a"; }).then([&](const Future<void>&) {
        ran += "b";
      });
  promise.future().add_done_callback([&](const Future<int>&) {
    last.result();  // is done, so that a callback may rely on a chain that was set up before it
    ran += "c";
  });
  promise.set_result(42);
  EXPECT_EQ(ran, "abc");
}

TEST(ThenChainTest, CancelledBeforeItsTurnALinkNeverRuns) {
  Promise<int> promise;
  bool ran = false;
  const Future<void> next = promise.future().then([&](const Future<int>&) { ran = true; });
  EXPECT_TRUE(next.cancel());
  EXPECT_FALSE(promise.future().cancelled());
  promise.set_result(42);
  EXPECT_FALSE(ran);
  EXPECT_TRUE(next.cancelled());
}

TEST(ThenChainTest, CancellingALinkReachesThoseAfterIt) {
  const Promise<int> promise;
  const Future<int> middle = promise.future().then(Increment);
  const Future<int> last = middle.then(Increment);
  EXPECT_TRUE(middle.cancel());
  EXPECT_THROW(last.result(), CancelledError);
}

TEST(ThenChainTest, CallablesAreDestroyedAsSoonAsTheyRan) {
  Promise<int> promise;
  int alive_when_done = -1;
  const Future<void> next = promise.future().then([counted = Counted()](const Future<int>&) {});
  next.add_done_callback([&](const Future<void>&) { alive_when_done = Counted::alive; });
  EXPECT_EQ(Counted::alive, 1);
  promise.set_result(42);
  EXPECT_EQ(alive_when_done, 0);
}

TEST(ThenChainTest, CallablesAreDestroyedWhenTheyThrowOrFlatten) {
  const Future<int> thrown = SucceededFuture<int>().then(
      [counted = Counted()](const Future<int>&) -> int { throw std::length_error("x"); });
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_NE(thrown.exception(), nullptr);
  const Promise<int> inner;
  const Future<int> flat = SucceededFuture<int>().then(
      [counted = Counted(), f = inner.future()](const Future<int>&) { return f; });
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_FALSE(flat.done());
}

TEST(ThenChainTest, CallablesAreDestroyedByACancel) {
  const Promise<int> promise;
  const Future<void> next = promise.future().then([counted = Counted()](const Future<int>&) {});
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_TRUE(next.cancel());
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThenChainTest, RunsAlsoWhenItsHandleWasDropped) {
  Promise<int> promise;
  bool ran = false;
  promise.future().then([&, counted = Counted()](const Future<int>&) { ran = true; });
  promise.set_result(42);
  EXPECT_TRUE(ran);
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThenChainTest, ResultsOfDroppedLinksAreDestroyed) {
  Promise<int> promise;
  promise.future().then([](const Future<int>&) { return Counted(); });
  promise.set_result(42);
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThenChainTest, ABrokenPromiseRunsTheChain) {
  Future<int> last;
  { last = Promise<int>().future().then(Increment).then(Increment); }
  EXPECT_THROW(last.result(), BrokenPromise);
}

TEST(ThenChainTest, RunsInTheCompletingThread) {
  Promise<int> promise;
  const Future<std::thread::id> next =
      promise.future().then([](const Future<int>&) { return std::this_thread::get_id(); });
  std::thread completing([&] { promise.set_result(42); });
  const std::thread::id expected = completing.get_id();
  completing.join();
  EXPECT_EQ(next.result(), expected);
}

TEST(ThenChainTest, ALongPendingChainNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany; ++i) last = last.then(Increment);
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany);
}

TEST(ThenChainTest, ALongChainOfCancelledLinksNeedsNoStack) {
  const Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany / 10; ++i) last = last.then(Increment);
  promise.future().cancel();
  EXPECT_THROW(last.result(0s), CancelledError);
}

TEST(ThenChainTest, ALongChainThatFlattensDoneFuturesNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany; ++i) {
    last = last.then([](const Future<int>& f) {
      Promise<int> inner;
      inner.set_result(f.result() + 1);
      return inner.future();
    });
  }
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany);
}

TEST(ThenChainTest, ALongChainThatFlattensPendingFuturesNeedsNoStack) {
  // Each link's future is completed by the one before it.
  Promise<int> promise;
  Future<int> before = promise.future();
  for (int i = 0; i < kMany; ++i) {
    before = SucceededFuture<int>().then([&](const Future<int>&) { return before; });
  }
  promise.set_result(7);
  EXPECT_EQ(before.result(0s), 7);
}

TEST(ThenChainTest, FlatteningCopiesWhatOthersHold) {
  Promise<std::string> inner;
  const Future<std::string> held = inner.future();
  const Future<std::string> flat =
      SucceededFuture<int>().then([&](const Future<int>&) { return held; });
  inner.set_result("shared");
  EXPECT_EQ(flat.result(), "shared");
  EXPECT_EQ(held.result(), "shared");
}

TEST(ThenChainTest, FlatteningLeavesTheValueToLaterCallbacks) {
  Promise<std::string> inner;
  Future<std::string> held = inner.future();
  const Future<std::string> flat =
      SucceededFuture<int>().then([&](const Future<int>&) { return std::move(held); });
  std::string seen;
  inner.future().add_done_callback([&](const Future<std::string>& f) { seen = f.result(); });
  inner.set_result("shared");
  EXPECT_EQ(flat.result(), "shared");
  EXPECT_EQ(seen, "shared");
}

TEST(ThenChainTest, FlatteningATakenResultIsAnError) {
  const Future<std::string> inner = SucceededFuture<std::string>();
  Future<std::string>(inner).result();
  const Future<std::string> flat =
      SucceededFuture<int>().then([&](const Future<int>&) { return inner; });
  EXPECT_THROW(flat.result(), InvalidStateError);
}

}  // namespace
}  // namespace cohort
