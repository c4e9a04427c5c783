#include "futures/future.h"

#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <latch>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash_testing.h"
#include "absl/time/time.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

// One future in each of the six states of CPython's tests; here two of them are one.
struct SixFutures {
  SixFutures() {
    running_promise.set_running_or_notify_cancel();
    told_promise.future().cancel();
    EXPECT_FALSE(told_promise.set_running_or_notify_cancel());
  }

  Promise<int> pending_promise;
  Promise<int> running_promise;
  Promise<int> told_promise;

  Future<int> pending = pending_promise.future();
  Future<int> running = running_promise.future();
  Future<int> cancelled = CancelledFuture<int>();
  Future<int> cancelled_and_told = told_promise.future();
  Future<int> failed = FailedFuture<int>();
  Future<int> succeeded = SucceededFuture<int>();
};

std::string TextOf(const Future<int>& future) {
  std::ostringstream out;
  out << future;
  return out.str();
}

std::vector<std::function<void()>> AllMembersOf(const Future<int>& f) {
  return {
      [f] { f.cancel(); },
      [f] { f.cancelled(); },
      [f] { f.running(); },
      [f] { f.done(); },
      [f] { f.state(); },
      [f] { f.result(); },
      [f] { f.result(0s); },
      [f] { Future<int>(f).result(); },
      [f] { Future<int>(f).result(0s); },
      [f] { (void)f.exception(); },
      [f] { (void)f.exception(0s); },
      [f] { f.add_done_callback([](const Future<int>&) {}); },
      [f] { f.then([](const Future<int>&) {}); },
      [f] { f.request_stop(); },
  };
}

TEST(FutureTest, EmptyHandlesThrowInvalidStateError) {
  for (const auto& call : AllMembersOf(Future<int>())) EXPECT_THROW(call(), InvalidStateError);
}

TEST(FutureTest, MovedFromHandlesAreEmpty) {
  Future<int> from = SucceededFuture<int>();
  const Future<int> to = std::move(from);
  EXPECT_FALSE(from.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(to.valid());
  for (const auto& call : AllMembersOf(from)) EXPECT_THROW(call(), InvalidStateError);
}

TEST(FutureTest, MembersHaveTheTypesOfTheContract) {
  static_assert(std::is_same_v<decltype(std::declval<const Future<int>&>().result()), const int&>);
  static_assert(std::is_same_v<decltype(std::declval<Future<int>>().result()), int>);
  static_assert(std::is_same_v<decltype(std::declval<Future<int>>().result(1s)), int>);
  static_assert(std::is_same_v<decltype(std::declval<const Future<int&>&>().result()), int&>);
  static_assert(std::is_same_v<decltype(std::declval<Future<int&>>().result()), int&>);
  static_assert(std::is_same_v<decltype(std::declval<const Future<void>&>().result()), void>);
  static_assert(std::is_same_v<Future<int&>::value_type, int&>);
  static_assert(std::is_nothrow_default_constructible_v<Future<int>>);
  static_assert(std::is_nothrow_move_constructible_v<Future<int>>);
  static_assert(std::is_nothrow_copy_constructible_v<Future<int>>);
  static_assert(sizeof(Future<std::string>) == sizeof(void*));
}

// CPython: test_future.test_cancel
// CPython: test_future.test_cancelled
TEST(FutureTest, CancelAndCancelled) {
  const SixFutures f;
  EXPECT_FALSE(f.pending.cancelled());
  EXPECT_TRUE(f.pending.cancel());
  EXPECT_TRUE(f.pending.cancelled());
  EXPECT_FALSE(f.running.cancel());
  EXPECT_FALSE(f.running.cancelled());
  EXPECT_TRUE(f.cancelled.cancel());
  EXPECT_TRUE(f.cancelled.cancelled());
  EXPECT_TRUE(f.cancelled_and_told.cancel());
  EXPECT_TRUE(f.cancelled_and_told.cancelled());
  EXPECT_FALSE(f.failed.cancel());
  EXPECT_FALSE(f.failed.cancelled());
  EXPECT_FALSE(f.succeeded.cancel());
  EXPECT_FALSE(f.succeeded.cancelled());
}

// CPython: test_future.test_done
TEST(FutureTest, Done) {
  const SixFutures f;
  EXPECT_FALSE(f.pending.done());
  EXPECT_FALSE(f.running.done());
  EXPECT_TRUE(f.cancelled.done());
  EXPECT_TRUE(f.cancelled_and_told.done());
  EXPECT_TRUE(f.failed.done());
  EXPECT_TRUE(f.succeeded.done());
}

// CPython: test_future.test_running
TEST(FutureTest, Running) {
  const SixFutures f;
  EXPECT_FALSE(f.pending.running());
  EXPECT_TRUE(f.running.running());
  EXPECT_FALSE(f.cancelled.running());
  EXPECT_FALSE(f.cancelled_and_told.running());
  EXPECT_FALSE(f.failed.running());
  EXPECT_FALSE(f.succeeded.running());
}

// CPython: test_future.test_repr. The text has no address and no type of the result.
TEST(FutureTest, PrintsItsState) {
  const SixFutures f;
  EXPECT_EQ(TextOf(f.pending), "<Future state=pending>");
  EXPECT_EQ(TextOf(f.running), "<Future state=running>");
  EXPECT_EQ(TextOf(f.cancelled), "<Future state=cancelled>");
  EXPECT_EQ(TextOf(f.cancelled_and_told), "<Future state=cancelled>");
  EXPECT_EQ(TextOf(f.failed), "<Future state=finished>");
  EXPECT_EQ(TextOf(f.succeeded), "<Future state=finished>");
  EXPECT_EQ(TextOf(Future<int>()), "<Future empty>");
}

// CPython: test_future.test_result_with_timeout
TEST(FutureTest, ResultPolls) {
  const SixFutures f;
  EXPECT_THROW(f.pending.result(0s), TimeoutError);
  EXPECT_THROW(f.running.result(0s), TimeoutError);
  EXPECT_THROW(f.cancelled.result(0s), CancelledError);
  EXPECT_THROW(f.cancelled_and_told.result(0s), CancelledError);
  EXPECT_THROW(f.failed.result(0s), std::domain_error);
  EXPECT_EQ(f.succeeded.result(0s), 42);
}

// CPython: test_future.test_exception_with_timeout
TEST(FutureTest, ExceptionPolls) {
  const SixFutures f;
  EXPECT_THROW((void)f.pending.exception(0s), TimeoutError);
  EXPECT_THROW((void)f.running.exception(0s), TimeoutError);
  EXPECT_THROW((void)f.cancelled.exception(0s), CancelledError);
  EXPECT_THROW((void)f.cancelled_and_told.exception(0s), CancelledError);
  EXPECT_THROW(std::rethrow_exception(f.failed.exception(0s)), std::domain_error);
  EXPECT_EQ(f.succeeded.exception(0s), nullptr);
}

// CPython: test_future.test_get_snapshot. state() is what is read in one step; once it is final it
// stays what it is.
TEST(FutureTest, StateIsOneSnapshot) {
  const SixFutures f;
  const std::array<std::pair<Future<int>, FutureState>, 6> expected = {{
      {f.pending, FutureState::kPending},
      {f.running, FutureState::kRunning},
      {f.cancelled, FutureState::kCancelled},
      {f.cancelled_and_told, FutureState::kCancelled},
      {f.failed, FutureState::kFinished},
      {f.succeeded, FutureState::kFinished},
  }};
  RunThreads(4, [&](int) {
    for (int i = 0; i < 1000; ++i) {
      for (const auto& [future, state] : expected) ASSERT_EQ(future.state(), state);
    }
  });
}

TEST(FutureTest, EveryKindOfTimeoutRunsOut) {
  const Promise<int> promise;
  const Future<int> f = promise.future();
  EXPECT_THROW(f.result(1ms), TimeoutError);
  EXPECT_THROW(f.result(1us), TimeoutError);
  EXPECT_THROW(f.result(1ns), TimeoutError);
  EXPECT_THROW(f.result(0.001s), TimeoutError);
  EXPECT_THROW(f.result(-1h), TimeoutError);
  EXPECT_THROW(f.result(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())),
               TimeoutError);
  EXPECT_THROW(f.result(absl::Milliseconds(1)), TimeoutError);
  EXPECT_THROW(f.result(-absl::InfiniteDuration()), TimeoutError);
  EXPECT_THROW(Future<int>(f).result(1ms), TimeoutError);
  EXPECT_THROW((void)f.exception(absl::Milliseconds(1)), TimeoutError);
}

TEST(FutureTest, EveryKindOfForeverWaits) {
  const std::vector<Timeout> timeouts = {
      Timeout(),
      std::chrono::hours::max(),
      std::chrono::duration<double>(std::numeric_limits<double>::infinity()),
      absl::InfiniteDuration(),
      std::chrono::nanoseconds::max() - 1ns,
      std::chrono::years(200),
  };
  for (const Timeout timeout : timeouts) {
    Promise<int> promise;
    BlockedThread waiter([&] { EXPECT_EQ(promise.future().result(timeout), 42); });
    promise.set_result(42);
    waiter.Join();
  }
}

TEST(FutureTest, TheTimeoutsTextSaysHowLong) {
  const Promise<int> promise;
  try {
    promise.future().result(2ms);
    FAIL();
  } catch (const TimeoutError& error) {
    EXPECT_STREQ(error.what(), "the future was not done within 0.002000 s; its task goes on");
  }
}

// CPython: test_future.test_result_with_success
TEST(FutureTest, ResultIsWokenBySuccess) {
  Promise<int> promise;
  BlockedThread waiter([f = promise.future()] { EXPECT_EQ(f.result(), 42); });
  promise.set_result(42);
  waiter.Join();
}

// CPython: test_future.test_result_with_cancel. Nobody has to run into the cancelled future first.
TEST(FutureTest, ResultIsWokenByCancel) {
  const Promise<int> promise;
  BlockedThread waiter([f = promise.future()] { EXPECT_THROW(f.result(), CancelledError); });
  EXPECT_TRUE(promise.future().cancel());
  waiter.Join();
}

// CPython: test_future.test_exception_with_success (which sets an exception, its name apart)
TEST(FutureTest, ExceptionIsWokenByFailure) {
  Promise<int> promise;
  BlockedThread waiter([f = promise.future()] { EXPECT_NE(f.exception(), nullptr); });
  promise.set_exception(ErrorOf<std::domain_error>("failed"));
  waiter.Join();
}

TEST(FutureTest, ExceptionIsWokenBySuccess) {
  Promise<int> promise;
  BlockedThread waiter([f = promise.future()] { EXPECT_EQ(f.exception(), nullptr); });
  promise.set_result(42);
  waiter.Join();
}

TEST(FutureTest, StartingWakesNobodyForGood) {
  Promise<int> promise;
  BlockedThread waiter([f = promise.future()] { EXPECT_EQ(f.result(), 42); });
  promise.set_running_or_notify_cancel();
  promise.future().add_done_callback([](const Future<int>&) {});
  promise.set_result(42);
  waiter.Join();
}

TEST(FutureTest, AllSleepersAreWoken) {
  Promise<int> promise;
  std::vector<std::unique_ptr<BlockedThread>> waiters;
  for (int i = 0; i < 8; ++i) {
    // Half of them with a deadline far away: both kinds sleep on the same word.
    const Timeout timeout = i % 2 == 0 ? Timeout() : Timeout(1h);
    waiters.push_back(std::make_unique<BlockedThread>(
        [timeout, f = promise.future()] { EXPECT_EQ(f.result(timeout), 42); }));
  }
  promise.set_result(42);
  for (auto& waiter : waiters) waiter->Join();
}

TEST(FutureTest, EqualHandlesReferToTheSameTask) {
  const Promise<int> a;
  const Promise<int> b;
  EXPECT_EQ(a.future(), a.future());
  EXPECT_NE(a.future(), b.future());
  EXPECT_NE(a.future(), Future<int>());
  EXPECT_EQ(Future<int>(), Future<int>());
}

TEST(FutureTest, HashesByTask) {
  const Promise<int> a;
  const Promise<int> b;
  const std::unordered_set<Future<int>> standard = {a.future(), b.future(), a.future()};
  EXPECT_EQ(standard.size(), 2U);
  const absl::flat_hash_set<Future<int>> flat = {a.future(), b.future(), a.future(), Future<int>()};
  EXPECT_EQ(flat.size(), 3U);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {a.future(), b.future(), a.future(), Future<int>()}));
}

TEST(FutureTest, OutlivesThePromise) {
  Future<std::string> future;
  {
    Promise<std::string> promise;
    promise.set_result("kept");
    future = promise.future();
  }
  EXPECT_EQ(future.result(), "kept");
}

TEST(FutureTest, RequestStopIsFalseWithoutATaskThatListens) {
  const SixFutures f;
  EXPECT_FALSE(f.pending.request_stop());
  EXPECT_FALSE(f.running.request_stop());
  EXPECT_FALSE(f.succeeded.request_stop());
}

// --- results of every kind

template <typename T>
class FutureOfEveryKindTest : public testing::Test {};
TYPED_TEST_SUITE(FutureOfEveryKindTest, AllKinds);

TYPED_TEST(FutureOfEveryKindTest, GivesItsResultAgainAndAgain) {
  const Future<TypeParam> future = SucceededFuture<TypeParam>();
  Sample<TypeParam>::Expect(future);
  Sample<TypeParam>::Expect(future);
  EXPECT_EQ(future.exception(), nullptr);
}

TYPED_TEST(FutureOfEveryKindTest, RethrowsAgainAndAgain) {
  const Future<TypeParam> future = FailedFuture<TypeParam>();
  EXPECT_THROW(future.result(), std::domain_error);
  EXPECT_THROW(Future<TypeParam>(future).result(), std::domain_error);
  EXPECT_THROW(future.result(), std::domain_error);
  EXPECT_THROW(std::rethrow_exception(future.exception()), std::domain_error);
}

TYPED_TEST(FutureOfEveryKindTest, CancelledThrowsCancelledError) {
  const Future<TypeParam> future = CancelledFuture<TypeParam>();
  EXPECT_THROW(future.result(), CancelledError);
  EXPECT_THROW(Future<TypeParam>(future).result(), CancelledError);
  EXPECT_THROW((void)future.exception(), CancelledError);
}

TYPED_TEST(FutureOfEveryKindTest, WakesASleeper) {
  Promise<TypeParam> promise;
  BlockedThread waiter([f = promise.future()] { Sample<TypeParam>::Expect(f); });
  Sample<TypeParam>::Set(promise);
  waiter.Join();
}

TYPED_TEST(FutureOfEveryKindTest, ResultOfAnRvalue) {
  EXPECT_NO_THROW(SucceededFuture<TypeParam>().result());
  EXPECT_NO_THROW(SucceededFuture<TypeParam>().result(1s));
}

// --- moving the value out

TEST(FutureMoveOutTest, TheValueIsGoneForEveryHandle) {
  Future<std::string> future = SucceededFuture<std::string>();
  const Future<std::string> other = future;
  EXPECT_EQ(std::move(future).result(), Sample<std::string>::kText);
  EXPECT_THROW(other.result(), InvalidStateError);
  EXPECT_THROW(other.result(0s), InvalidStateError);
  EXPECT_THROW(Future<std::string>(other).result(), InvalidStateError);
  EXPECT_THROW(future.result(), InvalidStateError);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(other.exception(), nullptr);
  EXPECT_TRUE(other.done());
  EXPECT_FALSE(other.cancelled());
}

TEST(FutureMoveOutTest, MovesRatherThanCopies) {
  Promise<std::unique_ptr<int>> promise;
  auto value = std::make_unique<int>(1);
  const int* const address = value.get();
  promise.set_result(std::move(value));
  EXPECT_EQ(promise.future().result().get(), address);
}

TEST(FutureMoveOutTest, NothingStaysBehind) {
  Promise<Counted> promise;
  const Future<Counted> future = promise.future();
  promise.set_result(Counted());
  EXPECT_EQ(Counted::alive, 1);
  { const Counted taken = Future<Counted>(future).result(); }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(FutureMoveOutTest, VoidAndReferencesStay) {
  const Future<void> nothing = SucceededFuture<void>();
  Future<void>(nothing).result();
  EXPECT_NO_THROW(nothing.result());
  const Future<int&> reference = SucceededFuture<int&>();
  Future<int&>(reference).result();
  EXPECT_EQ(&reference.result(), &Sample<int&>::target);
}

TEST(FutureMoveOutTest, ATimeoutTakesNothing) {
  Promise<std::string> promise;
  EXPECT_THROW(promise.future().result(0s), TimeoutError);
  promise.set_result("still there");
  EXPECT_EQ(promise.future().result(), "still there");
}

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&& other) : armed(other.armed), counted() {
    if (armed) throw std::length_error("move");
  }
  bool armed = false;
  Counted counted;
};

TEST(FutureMoveOutTest, AThrowingMoveLeavesNothingBehind) {
  {
    Promise<ThrowsWhenMoved> promise;
    promise.set_result(ThrowsWhenMoved());
    const Future<ThrowsWhenMoved> future = promise.future();
    const_cast<ThrowsWhenMoved&>(future.result()).armed = true;
    EXPECT_THROW(Future<ThrowsWhenMoved>(future).result(), std::length_error);
    EXPECT_THROW(future.result(), InvalidStateError);
    EXPECT_EQ(Counted::alive, 0);
  }
  EXPECT_EQ(Counted::alive, 0);
}

// --- callbacks

// CPython: test_future.test_done_callback_with_result
TEST(DoneCallbackTest, SeesTheResult) {
  Promise<int> promise;
  int seen = 0;
  promise.future().add_done_callback([&](const Future<int>& f) { seen = f.result(0s); });
  EXPECT_EQ(seen, 0);
  promise.set_result(42);
  EXPECT_EQ(seen, 42);
}

// CPython: test_future.test_done_callback_with_exception
TEST(DoneCallbackTest, SeesTheException) {
  Promise<int> promise;
  std::exception_ptr seen;
  promise.future().add_done_callback([&](const Future<int>& f) { seen = f.exception(0s); });
  const std::exception_ptr error = ErrorOf<std::domain_error>("failed");
  promise.set_exception(error);
  EXPECT_EQ(seen, error);
}

// CPython: test_future.test_done_callback_with_cancel
TEST(DoneCallbackTest, SeesTheCancellation) {
  const Promise<int> promise;
  bool seen = false;
  promise.future().add_done_callback([&](const Future<int>& f) { seen = f.cancelled(); });
  EXPECT_TRUE(promise.future().cancel());
  EXPECT_TRUE(seen);
}

// CPython: test_future.test_done_callback_raises
TEST(DoneCallbackTest, AThrowingOneIsLoggedAndTheRestStillRun) {
  testing::internal::CaptureStderr();
  Promise<int> promise;
  std::vector<int> ran;
  promise.future().add_done_callback([&](const Future<int>&) {
    ran.push_back(1);
    throw std::domain_error("from the first");
  });
  promise.future().add_done_callback([&](const Future<int>&) {
    ran.push_back(2);
    throw 7;
  });
  promise.future().add_done_callback([&](const Future<int>&) { ran.push_back(3); });
  promise.set_result(42);
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "cohort: a done callback threw: std::domain_error: from the first\n"
            "cohort: a done callback threw: int\n");
}

// CPython: test_future.test_done_callback_already_successful
// CPython: test_future.test_done_callback_already_failed
// CPython: test_future.test_done_callback_already_cancelled
TEST(DoneCallbackTest, RunsAtOnceWhereDone) {
  for (const Future<int>& future :
       {SucceededFuture<int>(), FailedFuture<int>(), CancelledFuture<int>()}) {
    Future<int> seen;
    future.add_done_callback([&](Future<int> f) { seen = std::move(f); });
    EXPECT_EQ(seen, future);
  }
}

// CPython: test_future.test_done_callback_raises_already_succeeded
TEST(DoneCallbackTest, AThrowingOneIsLoggedWhereDone) {
  testing::internal::CaptureStderr();
  EXPECT_NO_THROW(SucceededFuture<int>().add_done_callback(
      [](const Future<int>&) { throw std::domain_error("late"); }));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "cohort: a done callback threw: std::domain_error: late\n");
}

TEST(DoneCallbackTest, RunInTheOrderInWhichTheyWereAdded) {
  Promise<int> promise;
  std::vector<int> ran;
  for (int i = 0; i < 100; ++i) {
    promise.future().add_done_callback([&ran, i](const Future<int>&) { ran.push_back(i); });
  }
  promise.set_result(42);
  ASSERT_EQ(ran.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[i], i);
}

TEST(DoneCallbackTest, RunInTheCompletingThread) {
  Promise<int> promise;
  std::thread::id ran_in;
  promise.future().add_done_callback(
      [&](const Future<int>&) { ran_in = std::this_thread::get_id(); });
  std::thread completing([&] { promise.set_result(42); });
  const std::thread::id expected = completing.get_id();
  completing.join();
  EXPECT_EQ(ran_in, expected);
}

TEST(DoneCallbackTest, SleepersAreWokenBeforeCallbacksRun) {
  Promise<int> promise;
  std::latch woken(1);
  promise.future().add_done_callback([&](const Future<int>&) { woken.wait(); });
  BlockedThread waiter([&, f = promise.future()] {
    f.result();
    woken.count_down();
  });
  promise.set_result(42);
  waiter.Join();
}

TEST(DoneCallbackTest, AreDestroyedAsSoonAsTheyRan) {
  Promise<int> promise;
  const Future<int> future = promise.future();
  // Of each size: within the future, and with a node of its own.
  future.add_done_callback([counted = Counted()](const Future<int>&) {});
  future.add_done_callback(
      [counted = Counted(), big = std::array<char, 100>()](const Future<int>&) {
        EXPECT_EQ(Counted::alive, 1);  // the first is gone
        EXPECT_EQ(big[0], 0);
      });
  EXPECT_EQ(Counted::alive, 2);
  promise.set_result(42);
  EXPECT_EQ(Counted::alive, 0);
  future.add_done_callback([counted = Counted()](const Future<int>&) {});
  EXPECT_EQ(Counted::alive, 0);
}

TEST(DoneCallbackTest, AreDestroyedAfterACancel) {
  const Promise<int> promise;
  promise.future().add_done_callback([counted = Counted()](const Future<int>&) {});
  promise.future().cancel();
  EXPECT_EQ(Counted::alive, 0);
}

TEST(DoneCallbackTest, MayBeMoveOnlyMutableAFunctionOrAMember) {
  static int calls = 0;
  struct Local {
    static void Function(const Future<int>&) { ++calls; }
  };
  Promise<int> promise;
  promise.future().add_done_callback([owned = std::make_unique<int>(1), n = 0](
                                         const Future<int>&) mutable { calls += *owned + n++; });
  promise.future().add_done_callback(Local::Function);
  promise.future().add_done_callback(&Local::Function);
  promise.future().add_done_callback(std::function<void(Future<int>)>(Local::Function));
  promise.set_result(42);
  EXPECT_EQ(calls, 4);
}

TEST(DoneCallbackTest, OneAddedByACallbackRunsAtOnce) {
  Promise<int> promise;
  std::vector<int> ran;
  promise.future().add_done_callback([&](const Future<int>& f) {
    f.add_done_callback([&](const Future<int>&) { ran.push_back(1); });
    ran.push_back(2);
  });
  promise.future().add_done_callback([&](const Future<int>&) { ran.push_back(3); });
  promise.set_result(42);
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(DoneCallbackTest, MayDropTheLastHandleOfItsFuture) {
  // The future itself must last until the callback that is kept inside it has been destroyed.
  auto promise = std::make_unique<Promise<Counted>>();
  auto future = std::make_unique<Future<Counted>>(promise->future());
  future->add_done_callback([&](Future<Counted> f) {
    f = {};
    future = nullptr;
  });
  promise->set_result(Counted());
  EXPECT_EQ(future, nullptr);
  promise = nullptr;
  EXPECT_EQ(Counted::alive, 0);
}

TEST(DoneCallbackTest, MayDropThePromiseThatCompletesItsFuture) {
  auto promise = std::make_unique<Promise<int>>();
  int calls = 0;
  promise->future().add_done_callback([&](const Future<int>&) {
    ++calls;
    promise = nullptr;
  });
  promise->future().add_done_callback([&](const Future<int>& f) { calls += f.result(); });
  promise->set_result(42);
  EXPECT_EQ(calls, 43);
}

TEST(DoneCallbackTest, MayDropTheHandleThatCancelsItsFuture) {
  auto promise = std::make_unique<Promise<int>>();
  auto future = std::make_unique<Future<int>>(promise->future());
  int calls = 0;
  future->add_done_callback([&](const Future<int>&) {
    ++calls;
    promise = nullptr;
    future = nullptr;
  });
  future->add_done_callback([&](const Future<int>& f) { calls += f.cancelled() ? 1 : 0; });
  EXPECT_TRUE(future->cancel());
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace cohort
