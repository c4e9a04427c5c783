#include "futures/coroutine.h"

#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

template <typename T>
Task<T> Await(Future<T> future) {
  co_return co_await std::move(future);
}

template <typename T>
class TaskTest : public testing::Test {};
TYPED_TEST_SUITE(TaskTest, AllKinds);

TYPED_TEST(TaskTest, AwaitsAFutureThatIsDone) {
  Sample<TypeParam>::Expect(Await(SucceededFuture<TypeParam>()).start());
}

TYPED_TEST(TaskTest, AwaitsAFutureThatIsPending) {
  Promise<TypeParam> promise;
  const Future<TypeParam> result = Await(promise.future()).start();
  EXPECT_TRUE(result.running());
  EXPECT_FALSE(result.cancel());
  Sample<TypeParam>::Set(promise);
  Sample<TypeParam>::Expect(result);
}

TYPED_TEST(TaskTest, ThrowsWhatTheFutureThrows) {
  EXPECT_THROW(Await(FailedFuture<TypeParam>()).start().result(), std::domain_error);
  EXPECT_THROW(Await(CancelledFuture<TypeParam>()).start().result(), CancelledError);
  EXPECT_THROW(Await(Future<TypeParam>()).start().result(), InvalidStateError);
}

template <typename T>
Task<T> AwaitTask(Task<T> task) {
  co_return co_await std::move(task);
}

TYPED_TEST(TaskTest, AwaitsATaskThatDoesNotSuspend) {
  Sample<TypeParam>::Expect(AwaitTask(Await(SucceededFuture<TypeParam>())).start());
}

TYPED_TEST(TaskTest, AwaitsATaskThatSuspends) {
  Promise<TypeParam> promise;
  const Future<TypeParam> result = AwaitTask(AwaitTask(Await(promise.future()))).start();
  EXPECT_FALSE(result.done());
  Sample<TypeParam>::Set(promise);
  Sample<TypeParam>::Expect(result);
}

TYPED_TEST(TaskTest, ThrowsWhatTheTaskThrows) {
  EXPECT_THROW(AwaitTask(Await(FailedFuture<TypeParam>())).start().result(), std::domain_error);
}

Task<int> Add(Future<int> a, Future<int> b) { co_return co_await a + co_await b; }

TEST(CoroutineTest, AwaitsSeveral) {
  Promise<int> a;
  Promise<int> b;
  const Future<int> sum = Add(a.future(), b.future()).start();
  b.set_result(2);
  EXPECT_FALSE(sum.done());
  a.set_result(40);
  EXPECT_EQ(sum.result(0s), 42);
}

Task<bool> IsSameObject(const Future<std::string>& future) {
  const std::string& value = co_await future;
  co_return &value == &future.result();
}

TEST(CoroutineTest, AwaitingAnLvalueRefersToItsValue) {
  const Future<std::string> future = SucceededFuture<std::string>();
  EXPECT_TRUE(IsSameObject(future).start().result());
}

TEST(CoroutineTest, AwaitingAnRvalueMovesTheValueOut) {
  const Future<std::string> future = SucceededFuture<std::string>();
  EXPECT_EQ(Await(future).start().result(), Sample<std::string>::kText);
  EXPECT_THROW(future.result(), InvalidStateError);
}

Task<> SetTrue(bool& ran) {
  ran = true;
  co_return;
}

TEST(TaskLifeTest, IsLazy) {
  bool ran = false;
  Task<> task = SetTrue(ran);
  EXPECT_FALSE(ran);
  EXPECT_TRUE(task.valid());
  task.start().result();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(task.valid());
}

TEST(TaskLifeTest, DroppedItNeverRuns) {
  bool ran = false;
  { const Task<> task = SetTrue(ran); }
  EXPECT_FALSE(ran);
}

TEST(TaskLifeTest, CanBeStartedOnce) {
  bool ran = false;
  Task<> task = SetTrue(ran);
  task.start();
  EXPECT_THROW(task.start(), InvalidStateError);
  EXPECT_THROW(Task<>().start(), InvalidStateError);
}

TEST(TaskLifeTest, CanBeMoved) {
  bool ran = false;
  Task<> from = SetTrue(ran);
  Task<> to = std::move(from);
  EXPECT_FALSE(from.valid());  // NOLINT(bugprone-use-after-move)
  from = std::move(to);
  EXPECT_TRUE(from.valid());
  from.start().result();
  EXPECT_TRUE(ran);
}

Task<int> AwaitWith(Future<int> future, Counted parameter) {
  const Counted local;
  (void)parameter;
  co_return co_await future;
}

TEST(TaskLifeTest, ParametersAndLocalsGoBeforeTheResultIsKnown) {
  Promise<int> promise;
  int alive_when_done = -1;
  Future<int> result = AwaitWith(promise.future(), Counted()).start();
  result.add_done_callback([&](const Future<int>&) { alive_when_done = Counted::alive; });
  EXPECT_GT(Counted::alive, 0);
  promise.set_result(42);
  EXPECT_EQ(alive_when_done, 0);
  EXPECT_EQ(result.result(), 42);
}

TEST(TaskLifeTest, NeedsNoHandle) {
  Promise<int> promise;
  AwaitWith(promise.future(), Counted()).start();
  EXPECT_GT(Counted::alive, 0);
  promise.set_result(42);
  EXPECT_EQ(Counted::alive, 0);
}

TEST(TaskLifeTest, DroppedUnrunItDestroysItsParameters) {
  { const Task<int> task = AwaitWith(SucceededFuture<int>(), Counted()); }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(TaskLifeTest, AwaitedTasksAreDestroyedWithTheirAwaiter) {
  Promise<int> promise;
  const Future<int> result = AwaitTask(AwaitWith(promise.future(), Counted())).start();
  promise.set_result(42);
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(result.result(), 42);
}

Task<int> Throw() {
  throw std::length_error("task");
  co_return 1;
}

Task<int> Recover() {
  try {
    co_return co_await Throw();
  } catch (const std::length_error&) {
  }
  co_return -1;
}

TEST(CoroutineTest, WhatATaskThrowsCanBeCaught) {
  EXPECT_THROW(Throw().start().result(), std::length_error);
  EXPECT_EQ(Recover().start().result(), -1);
}

TEST(CoroutineTest, GoesOnInTheCompletingThread) {
  Promise<void> promise;
  const auto where = [](Future<void> f) -> Task<std::thread::id> {
    co_await f;
    co_return std::this_thread::get_id();
  };
  const Future<std::thread::id> result = where(promise.future()).start();
  std::thread completing([&] { promise.set_result(); });
  const std::thread::id expected = completing.get_id();
  completing.join();
  EXPECT_EQ(result.result(), expected);
}

TEST(CoroutineTest, ABrokenPromiseResumes) {
  Future<int> result;
  { result = Await(Promise<int>().future()).start(); }
  EXPECT_THROW(result.result(), BrokenPromise);
}

TEST(CoroutineTest, ACancelledFutureResumes) {
  const Promise<int> promise;
  const Future<int> result = Await(promise.future()).start();
  promise.future().cancel();
  EXPECT_THROW(result.result(0s), CancelledError);
}

// --- no recursion

Task<int> CountDone(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await SucceededFuture<int>() - 41;
  co_return sum;
}

TEST(CoroutineManyTest, ALoopOverDoneFuturesNeedsNoStack) {
  EXPECT_EQ(CountDone(kMany).start().result(), kMany);
}

Task<int> One() { co_return 1; }

Task<int> CountTasks(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await One();
  co_return sum;
}

TEST(CoroutineManyTest, ALoopOverTasksNeedsNoStack) {
  EXPECT_EQ(CountTasks(kMany).start().result(), kMany);
}

Task<int> Increment(Future<int> before) { co_return co_await before + 1; }

TEST(CoroutineManyTest, AChainOfStartedTasksNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany; ++i) last = Increment(last).start();
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany);
}

Task<int> IncrementThroughATask(Future<int> before) { co_return co_await Increment(before); }

TEST(CoroutineManyTest, AChainOfTasksThatAwaitTasksNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany; ++i) last = IncrementThroughATask(last).start();
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany);
}

Task<int> IncrementAndGoOn(Future<int> before) {
  const int value = co_await before;
  co_await One();
  co_await SucceededFuture<int>();
  co_return value + co_await Increment(SucceededFuture<int>()) - 42;
}

TEST(CoroutineManyTest, AChainOfTasksThatGoOnWithoutSuspendingNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany / 2; ++i) last = IncrementAndGoOn(last).start();
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany / 2);
}

TEST(CoroutineManyTest, AChainOfTasksAndLinksNeedsNoStack) {
  Promise<int> promise;
  Future<int> last = promise.future();
  for (int i = 0; i < kMany / 2; ++i) {
    last = Increment(last).start().then([](const Future<int>& f) { return Increment(f).start(); });
  }
  promise.set_result(0);
  EXPECT_EQ(last.result(0s), kMany / 2 * 2);
}

// --- coroutine types that are not ours

struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Detached Store(Future<int> future, int& to) { to = co_await future; }

TEST(ForeignCoroutineTest, MayAwaitAFuture) {
  Promise<int> promise;
  int value = 0;
  const Detached coroutine = Store(promise.future(), value);
  promise.set_result(42);
  EXPECT_EQ(value, 42);
  EXPECT_TRUE(coroutine.handle.done());
  coroutine.handle.destroy();
}

TEST(ForeignCoroutineTest, MayBeDestroyedWhileItAwaits) {
  Promise<int> promise;
  int value = 0;
  Store(promise.future(), value).handle.destroy();
  promise.set_result(42);
  EXPECT_EQ(value, 0);
}

Detached AwaitTaskElsewhere(Task<int> task, int& to) { to = co_await std::move(task); }

TEST(ForeignCoroutineTest, MayAwaitATask) {
  Promise<int> promise;
  int value = 0;
  const Detached coroutine = AwaitTaskElsewhere(Await(promise.future()), value);
  EXPECT_EQ(value, 0);
  promise.set_result(42);
  EXPECT_EQ(value, 42);
  coroutine.handle.destroy();
}

// An awaitable that keeps the handle, and never resumes it.
struct Forgetful {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { *kept = handle; }
  void await_resume() const noexcept {}
  std::coroutine_handle<>* kept;
};

Task<int> AwaitForgetful(std::coroutine_handle<>* kept) {
  co_await Forgetful{kept};
  co_return 1;
}

TEST(ForeignCoroutineTest, ATaskThatIsDestroyedBreaksItsFuture) {
  std::coroutine_handle<> kept;
  const Future<int> result = AwaitForgetful(&kept).start();
  EXPECT_FALSE(result.done());
  kept.destroy();
  EXPECT_THROW(result.result(0s), BrokenPromise);
}

}  // namespace
}  // namespace cohort
