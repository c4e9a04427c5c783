#include "futures/combinators.h"

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "futures/future.h"
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
class CombinatorsTest : public testing::Test {};
TYPED_TEST_SUITE(CombinatorsTest, AllKinds);

TYPED_TEST(CombinatorsTest, WhenAllIsDoneWhenAllAre) {
  std::vector<Promise<TypeParam>> promises(3);
  const auto all = when_all(FuturesOf(promises));
  for (Promise<TypeParam>& promise : promises) {
    EXPECT_FALSE(all.done());
    Sample<TypeParam>::Set(promise);
  }
  EXPECT_TRUE(all.done());
  EXPECT_NO_THROW(all.result());
}

TYPED_TEST(CombinatorsTest, WhenAllFailsWithTheFirstFailure) {
  std::vector<Promise<TypeParam>> promises(3);
  const auto all = when_all(FuturesOf(promises));
  promises[1].set_exception(ErrorOf<std::domain_error>("first"));
  EXPECT_THROW(all.result(0s), std::domain_error);
  promises[0].set_exception(ErrorOf<std::length_error>("second"));
  Sample<TypeParam>::Set(promises[2]);
  EXPECT_THROW(all.result(0s), std::domain_error);
}

TYPED_TEST(CombinatorsTest, WhenAllOfTwo) {
  Promise<TypeParam> promise;
  const auto all = when_all(SucceededFuture<int>(), promise.future());
  EXPECT_FALSE(all.done());
  Sample<TypeParam>::Set(promise);
  EXPECT_EQ(std::get<0>(all.result(0s)), 42);
}

TYPED_TEST(CombinatorsTest, WhenAnyGivesTheFirst) {
  std::vector<Promise<TypeParam>> promises(3);
  const Future<WhenAny<TypeParam>> any = when_any(FuturesOf(promises));
  EXPECT_FALSE(any.done());
  Sample<TypeParam>::Set(promises[2]);
  Sample<TypeParam>::Set(promises[0]);
  EXPECT_EQ(any.result(0s).index, 2U);
  EXPECT_EQ(any.result().future, promises[2].future());
  Sample<TypeParam>::Expect(any.result().future);
}

TEST(WhenAllTest, ResultsComeInTheOrderOfTheInputs) {
  std::vector<Promise<int>> promises(3);
  const Future<std::vector<int>> all = when_all(FuturesOf(promises));
  promises[2].set_result(3);
  promises[0].set_result(1);
  promises[1].set_result(2);
  EXPECT_EQ(all.result(0s), (std::vector{1, 2, 3}));
}

TEST(WhenAllTest, InputsKeepWhatCanBeCopied) {
  const Future<std::string> input = SucceededFuture<std::string>();
  EXPECT_EQ(when_all({input, input}).result().size(), 2U);
  Sample<std::string>::Expect(input);
}

TEST(WhenAllTest, WhatCanOnlyBeMovedIsMovedOut) {
  const auto input = SucceededFuture<std::unique_ptr<int>>();
  auto all = when_all(Futures<std::unique_ptr<int>>{input});
  EXPECT_EQ(*std::move(all).result()[0], 42);
  EXPECT_THROW(input.result(), InvalidStateError);
}

TEST(WhenAllTest, TypesOfTheResults) {
  static_assert(std::is_same_v<decltype(when_all(Futures<void>())), Future<void>>);
  static_assert(std::is_same_v<decltype(when_all(Futures<int&>())),
                               Future<std::vector<std::reference_wrapper<int>>>>);
  static_assert(
      std::is_same_v<decltype(when_all(Future<int>(), Future<void>(), Future<int&>())),
                     Future<std::tuple<int, std::monostate, std::reference_wrapper<int>>>>);
  static_assert(std::is_same_v<decltype(when_all(Future<int>())), Future<std::tuple<int>>>);
  static_assert(std::is_same_v<decltype(when_any(Futures<void>())), Future<WhenAny<void>>>);
}

TEST(WhenAllTest, OfNothingIsDone) {
  EXPECT_TRUE(when_all(Futures<int>()).result(0s).empty());
  EXPECT_NO_THROW(when_all(Futures<void>()).result(0s));
  EXPECT_NO_THROW(when_all().result(0s));
}

TEST(WhenAllTest, FailsWithACancelledInput) {
  const Promise<int> pending;
  const auto all = when_all({pending.future(), CancelledFuture<int>()});
  EXPECT_THROW(all.result(0s), CancelledError);
  EXPECT_FALSE(all.cancelled());
  EXPECT_FALSE(pending.future().done());
}

TEST(WhenAllTest, FailsWithAnInputWhoseResultIsGone) {
  const Future<std::string> input = SucceededFuture<std::string>();
  Future<std::string>(input).result();
  EXPECT_THROW(when_all({input}).result(0s), InvalidStateError);
}

TEST(WhenAllTest, OfATupleFailsWithTheOneThatFails) {
  Promise<int> a;
  const Promise<std::string> b;
  const auto all = when_all(a.future(), b.future());
  a.set_exception(ErrorOf<std::domain_error>("a"));
  EXPECT_THROW(all.result(0s), std::domain_error);
}

TEST(WhenAllTest, TakesRangesOfEveryKind) {
  const Future<int> f = SucceededFuture<int>();
  const Future<int> raw[] = {f, f};
  EXPECT_EQ(when_all(std::list{f, f}).result().size(), 2U);
  EXPECT_EQ(when_all(raw).result().size(), 2U);
  EXPECT_EQ(when_all(std::views::iota(0, 3) | std::views::transform([&](int) { return f; }))
                .result()
                .size(),
            3U);
  EXPECT_EQ(when_any(std::list{f, f}).result().index, 0U);
}

TEST(WhenAllTest, AnEmptyHandleIsRefused) {
  EXPECT_THROW(when_all(Futures<int>(1)), InvalidStateError);
  EXPECT_THROW(when_all(Future<int>(), Future<int>()), InvalidStateError);
  EXPECT_THROW(when_any(Futures<int>(1)), InvalidStateError);
}

TEST(WhenAllTest, CancellingItLeavesTheInputsAlone) {
  std::vector<Promise<int>> promises(2);
  const auto all = when_all(FuturesOf(promises));
  EXPECT_TRUE(all.cancel());
  EXPECT_THROW(all.result(), CancelledError);
  EXPECT_FALSE(promises[0].future().done());
  promises[0].set_result(1);
  promises[1].set_result(2);
  EXPECT_TRUE(all.cancelled());
}

TEST(WhenAllTest, MayBeDroppedBeforeItsInputsAreDone) {
  std::vector<Promise<int>> promises(2);
  { when_all(FuturesOf(promises)); }
  { when_any(FuturesOf(promises)); }
  promises[0].set_result(1);
  promises[1].set_result(2);
}

TEST(WhenAllTest, OutlivesTheHandlesOfItsInputs) {
  std::vector<Promise<int>> promises(2);
  const auto all = when_all(FuturesOf(promises));
  promises[0].set_result(1);
  promises[1].set_result(2);
  promises.clear();
  EXPECT_EQ(all.result(), (std::vector{1, 2}));
}

TEST(WhenAllTest, LetsGoOfItsInputsWhenDecided) {
  Promise<int> fails;
  Promise<Counted> promise;
  promise.set_result(Counted());
  const auto all = when_all(promise.future(), fails.future());
  { const Promise<Counted> dropped = std::move(promise); }
  EXPECT_EQ(Counted::alive, 1);
  fails.set_exception(ErrorOf<std::domain_error>("failed"));
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_THROW(all.result(), std::domain_error);
}

TEST(WhenAllTest, ACancelLetsGoOfTheInputs) {
  const Promise<int> pending;
  Promise<Counted> promise;
  promise.set_result(Counted());
  const auto all = when_all(promise.future(), pending.future());
  { const Promise<Counted> dropped = std::move(promise); }
  EXPECT_TRUE(all.cancel());
  EXPECT_EQ(Counted::alive, 0);
}

TEST(WhenAllTest, ABrokenInputFailsIt) {
  Future<std::vector<int>> all;
  {
    std::vector<Promise<int>> promises(2);
    all = when_all(FuturesOf(promises));
  }
  EXPECT_THROW(all.result(0s), BrokenPromise);
}

TEST(WhenAllTest, Many) {
  std::vector<Promise<int>> promises(kMany / 4);
  const auto all = when_all(FuturesOf(promises));
  for (Promise<int>& promise : promises) promise.set_result(1);
  EXPECT_EQ(all.result(0s).size(), promises.size());
}

TEST(WhenAllTest, ALongChainNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany / 10; ++i) {
    last = when_all({last}).then(
        [](const Future<std::vector<int>>& all) { return all.result()[0] + 1; });
  }
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany / 10);
}

TEST(WhenAllTest, CancellingOneOfManyDuplicatesIsNotQuadratic) {
  const Promise<int> promise;
  const auto all = when_all(Futures<int>(kMany / 4, promise.future()));
  EXPECT_TRUE(all.cancel());
}

TEST(WhenAnyTest, IsDoneWithAnInputThatIs) {
  const Promise<int> pending;
  const Future<int> done = SucceededFuture<int>();
  EXPECT_EQ(when_any({pending.future(), done, done}).result(0s).index, 1U);
}

TEST(WhenAnyTest, AFailureOrACancellationIsAnEnd) {
  const Promise<int> pending;
  const auto failed = when_any({pending.future(), FailedFuture<int>()});
  EXPECT_THROW(failed.result(0s).future.result(), std::domain_error);
  const auto cancelled = when_any({CancelledFuture<int>(), pending.future()});
  EXPECT_TRUE(cancelled.result(0s).future.cancelled());
}

TEST(WhenAnyTest, OfNothingIsRefused) {
  EXPECT_THROW(when_any(Futures<int>()), std::invalid_argument);
}

TEST(WhenAnyTest, LetsGoOfTheLosersWhenDecided) {
  Promise<Counted> winner;
  Promise<Counted> loser;
  const auto any = when_any({winner.future(), loser.future()});
  winner.set_result(Counted());
  loser.set_result(Counted());
  { const Promise<Counted> dropped = std::move(loser); }
  EXPECT_EQ(Counted::alive, 1);  // the winner, which the result refers to
}

TEST(WhenAnyTest, CancellingItLeavesTheInputsAlone) {
  Promise<int> promise;
  const auto any = when_any({promise.future()});
  EXPECT_TRUE(any.cancel());
  promise.set_result(1);
  EXPECT_TRUE(any.cancelled());
  EXPECT_EQ(promise.future().result(), 1);
}

}  // namespace
}  // namespace cohort
