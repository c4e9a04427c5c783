#include <chrono>
#include <exception>
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

template <typename T>
class PromiseTest : public testing::Test {};
TYPED_TEST_SUITE(PromiseTest, AllKinds);

TYPED_TEST(PromiseTest, SetsAResultFromPending) {
  Promise<TypeParam> promise;
  Sample<TypeParam>::Set(promise);
  Sample<TypeParam>::Expect(promise.future());
}

TYPED_TEST(PromiseTest, SetsAResultFromRunning) {
  Promise<TypeParam> promise;
  EXPECT_TRUE(promise.set_running_or_notify_cancel());
  EXPECT_TRUE(promise.future().running());
  Sample<TypeParam>::Set(promise);
  EXPECT_FALSE(promise.future().running());
  Sample<TypeParam>::Expect(promise.future());
}

// CPython: test_future.test_multiple_set_result
TYPED_TEST(PromiseTest, ASecondResultIsRefusedAndTheFirstStays) {
  Promise<TypeParam> promise;
  Sample<TypeParam>::Set(promise);
  EXPECT_THROW(Sample<TypeParam>::Set(promise), InvalidStateError);
  EXPECT_THROW(promise.set_exception(ErrorOf<std::domain_error>("late")), InvalidStateError);
  Sample<TypeParam>::Expect(promise.future());
}

// CPython: test_future.test_multiple_set_exception
TYPED_TEST(PromiseTest, ASecondExceptionIsRefusedAndTheFirstStays) {
  Promise<TypeParam> promise;
  const std::exception_ptr first = ErrorOf<std::domain_error>("first");
  promise.set_exception(first);
  EXPECT_THROW(promise.set_exception(ErrorOf<std::length_error>("late")), InvalidStateError);
  EXPECT_THROW(Sample<TypeParam>::Set(promise), InvalidStateError);
  EXPECT_EQ(promise.future().exception(), first);
}

TYPED_TEST(PromiseTest, NothingCanBeSetAfterACancel) {
  Promise<TypeParam> promise;
  EXPECT_TRUE(promise.future().cancel());
  EXPECT_FALSE(promise.set_running_or_notify_cancel());
  EXPECT_FALSE(promise.set_running_or_notify_cancel());
  EXPECT_THROW(Sample<TypeParam>::Set(promise), InvalidStateError);
  EXPECT_THROW(promise.set_exception(ErrorOf<std::domain_error>("late")), InvalidStateError);
  EXPECT_TRUE(promise.future().cancelled());
}

TYPED_TEST(PromiseTest, DroppedItBreaks) {
  Future<TypeParam> future;
  { future = Promise<TypeParam>().future(); }
  EXPECT_TRUE(future.done());
  EXPECT_FALSE(future.cancelled());
  EXPECT_THROW(future.result(), BrokenPromise);
}

TYPED_TEST(PromiseTest, DroppedWhileRunningItBreaks) {
  Future<TypeParam> future;
  {
    Promise<TypeParam> promise;
    future = promise.future();
    promise.set_running_or_notify_cancel();
  }
  EXPECT_THROW(future.result(), BrokenPromise);
}

TYPED_TEST(PromiseTest, DroppedItWakesASleeper) {
  auto promise = std::make_unique<Promise<TypeParam>>();
  BlockedThread waiter([f = promise->future()] { EXPECT_THROW(f.result(), BrokenPromise); });
  promise = nullptr;
  waiter.Join();
}

TEST(PromiseStateTest, SetRunningTwiceThrows) {
  Promise<int> promise;
  EXPECT_TRUE(promise.set_running_or_notify_cancel());
  EXPECT_THROW(promise.set_running_or_notify_cancel(), InvalidStateError);
  promise.set_result(42);
  EXPECT_THROW(promise.set_running_or_notify_cancel(), InvalidStateError);
}

TEST(PromiseStateTest, DroppedAfterItsResultItChangesNothing) {
  const Future<int> future = SucceededFuture<int>();
  EXPECT_EQ(future.result(), 42);
}

TEST(PromiseStateTest, DroppedItRunsTheCallbacks) {
  bool broken = false;
  {
    const Promise<int> promise;
    promise.future().add_done_callback([&](const Future<int>& f) {
      EXPECT_THROW(f.result(), BrokenPromise);
      broken = true;
    });
  }
  EXPECT_TRUE(broken);
}

TEST(PromiseStateTest, DroppedAfterACancelItChangesNothing) {
  const Future<int> future = CancelledFuture<int>();
  EXPECT_TRUE(future.cancelled());
}

// What CPython's fix of a falsy exception object is for us: a null pointer is none.
TEST(PromiseStateTest, ANullExceptionIsRefused) {
  Promise<int> promise;
  EXPECT_THROW(promise.set_exception(nullptr), InvalidStateError);
  EXPECT_FALSE(promise.future().done());
  promise.set_result(42);
  EXPECT_EQ(promise.future().result(), 42);
}

TEST(PromiseStateTest, AThrownIntIsAnException) {
  Promise<int> promise;
  promise.set_exception(std::make_exception_ptr(0));
  EXPECT_NE(promise.future().exception(), nullptr);
  EXPECT_THROW(promise.future().result(), int);
}

TEST(PromiseStateTest, CanBeMoved) {
  static_assert(!std::is_copy_constructible_v<Promise<int>>);
  static_assert(std::is_nothrow_move_constructible_v<Promise<int>>);
  Promise<int> from;
  const Future<int> future = from.future();
  Promise<int> to = std::move(from);
  EXPECT_EQ(to.future(), future);
  EXPECT_FALSE(future.done());
  to.set_result(42);
  EXPECT_EQ(future.result(), 42);
}

TEST(PromiseStateTest, MovedFromThrows) {
  Promise<int> from;
  const Promise<int> to = std::move(from);
  EXPECT_THROW(from.future(), InvalidStateError);  // NOLINT(bugprone-use-after-move)
  EXPECT_THROW(from.set_running_or_notify_cancel(), InvalidStateError);
  EXPECT_THROW(from.set_result(1), InvalidStateError);
  EXPECT_THROW(from.set_exception(ErrorOf<std::domain_error>("")), InvalidStateError);
}

TEST(PromiseStateTest, AssigningBreaksWhatWasThere) {
  Promise<int> promise;
  const Future<int> first = promise.future();
  Promise<int> other;
  const Future<int> second = other.future();
  promise = std::move(other);
  EXPECT_THROW(first.result(), BrokenPromise);
  EXPECT_FALSE(second.done());
  Promise<int>& same = promise;
  promise = std::move(same);
  EXPECT_FALSE(second.done());
  promise.set_result(42);
  EXPECT_EQ(second.result(), 42);
}

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&&) { throw std::length_error("move"); }
};

TEST(PromiseStateTest, AResultThatCannotBeStoredIsAFailure) {
  Promise<ThrowsWhenMoved> promise;
  promise.set_result(ThrowsWhenMoved());
  EXPECT_THROW(promise.future().result(), std::length_error);
}

TEST(PromiseStateTest, TakesWhatConverts) {
  Promise<std::string> text;
  text.set_result("literal");
  EXPECT_EQ(text.future().result(), "literal");
  Promise<double> number;
  number.set_result(1);
  EXPECT_EQ(number.future().result(), 1.0);
}

TEST(PromiseStateTest, ReferencesMayBeToConst) {
  static const std::string target = "target";
  Promise<const std::string&> promise;
  promise.set_result(target);
  EXPECT_EQ(&promise.future().result(), &target);
}

TEST(PromiseStateTest, MayBeDestroyedAsSoonAsTheFutureIsDone) {
  // The completing thread must not touch the shared state after it has let the waiter go.
  for (int i = 0; i < 2000; ++i) {
    auto promise = std::make_unique<Promise<std::string>>();
    std::thread completing([&p = *promise] { p.set_result("done"); });
    EXPECT_EQ(promise->future().result(), "done");
    completing.join();
  }
}

}  // namespace
}  // namespace cohort
