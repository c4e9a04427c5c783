// The hook for exceptions that nobody ever looked at.

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "futures/combinators.h"
#include "futures/coroutine.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gtest/gtest.h"

namespace cohort {
namespace {

using namespace std::chrono_literals;

std::string TextOf(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "?";
  }
}

class UnobservedTest : public testing::Test {
 protected:
  UnobservedTest() {
    set_unobserved_exception_hook(
        [this](const std::exception_ptr& error) { reported_.push_back(TextOf(error)); });
  }
  ~UnobservedTest() override { set_unobserved_exception_hook(nullptr); }

  // What was reported so far, which is then forgotten.
  std::vector<std::string> Reported() { return std::exchange(reported_, {}); }

  static Future<int> Failed(const char* text = "lost") {
    Promise<int> promise;
    promise.set_exception(ErrorOf<std::domain_error>(text));
    return promise.future();
  }

  using Texts = std::vector<std::string>;

 private:
  Texts reported_;
};

TEST_F(UnobservedTest, IsReportedOnceWhenTheLastHandleGoes) {
  {
    const Future<int> first = Failed();
    { const Future<int> second = first; }
    EXPECT_EQ(Reported(), Texts());
  }
  EXPECT_EQ(Reported(), Texts{"lost"});
}

TEST_F(UnobservedTest, IsReportedWhereThereNeverWasAHandle) {
  Promise<void>().set_exception(ErrorOf<std::domain_error>("lost"));
  EXPECT_EQ(Reported(), Texts{"lost"});
}

TEST_F(UnobservedTest, ResultAndExceptionLook) {
  EXPECT_THROW(Failed().result(), std::domain_error);
  EXPECT_THROW((void)Future<int>(Failed()).result(0s), std::domain_error);
  const Future<int> lvalue = Failed();
  EXPECT_THROW(lvalue.result(), std::domain_error);
  (void)Failed().exception();
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, DoneAndWaitDoNotLook) {
  {
    const Future<int> f = Failed();
    EXPECT_TRUE(f.done());
    EXPECT_EQ(wait({f}, {.return_when = FIRST_EXCEPTION}).done.size(), 1U);
    for (const Future<int>& each : as_completed({f})) EXPECT_TRUE(each.done());
  }
  EXPECT_EQ(Reported(), Texts{"lost"});
}

TEST_F(UnobservedTest, SuccessAndCancellationAreNotReported) {
  SucceededFuture<int>();
  CancelledFuture<int>();
  SucceededFuture<std::string>().result();
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, ADroppedPromiseIsReportedToWhoeverNeverLooked) {
  { const Future<int> f = Promise<int>().future(); }
  EXPECT_EQ(Reported(), Texts{BrokenPromise().what()});
  { const Promise<int> nobody_holds_a_future; }
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, ACallbackThatDoesNotLookDoesNotCount) {
  {
    Promise<int> promise;
    promise.future().add_done_callback([](const Future<int>&) {});
    promise.set_exception(ErrorOf<std::domain_error>("lost"));
  }
  EXPECT_EQ(Reported(), Texts{"lost"});
  {
    Promise<int> promise;
    promise.future().add_done_callback([](const Future<int>& f) { (void)f.exception(); });
    promise.set_exception(ErrorOf<std::domain_error>("seen"));
  }
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, AChainReportsItOnceAtItsEnd) {
  const auto pass_on = [](const Future<int>& f) { return f.result(); };
  {
    Promise<int> promise;
    promise.future().then(pass_on).then(pass_on);
    promise.set_exception(ErrorOf<std::domain_error>("lost"));
  }
  EXPECT_EQ(Reported(), Texts{"lost"});
  {
    Promise<int> promise;
    const Future<int> last = promise.future().then(pass_on).then(pass_on);
    promise.set_exception(ErrorOf<std::domain_error>("seen"));
    EXPECT_THROW(last.result(), std::domain_error);
  }
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, AFlattenedFutureIsLookedAt) {
  {
    SucceededFuture<int>().then([](const Future<int>&) { return Failed("inner"); });
  }
  EXPECT_EQ(Reported(), Texts{"inner"});
  const Future<int> flat =
      SucceededFuture<int>().then([](const Future<int>&) { return Failed("inner"); });
  EXPECT_THROW(flat.result(), std::domain_error);
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, WhenAllPassesItOn) {
  EXPECT_THROW(when_all({Failed("a"), Failed("b")}).result(), std::domain_error);
  EXPECT_EQ(Reported(), Texts());
  { when_all({Failed("a"), SucceededFuture<int>()}); }
  EXPECT_EQ(Reported(), Texts{"a"});
}

TEST_F(UnobservedTest, WhenAnyDoesNotLook) {
  { when_any({Failed("first"), Failed("second")}); }
  Texts reported = Reported();
  std::sort(reported.begin(), reported.end());
  EXPECT_EQ(reported, (Texts{"first", "second"}));
  EXPECT_THROW(when_any({Failed()}).result().future.result(), std::domain_error);
  EXPECT_EQ(Reported(), Texts());
}

Task<int> Throws() {
  throw std::domain_error("task");
  co_return 1;
}

Task<int> AwaitsThrows() {
  try {
    co_await Throws();
  } catch (const std::domain_error&) {
  }
  co_return 1;
}

TEST_F(UnobservedTest, TasksAreLikeAnyOther) {
  Throws().start();
  EXPECT_EQ(Reported(), Texts{"task"});
  AwaitsThrows().start();
  EXPECT_EQ(Reported(), Texts());
}

TEST_F(UnobservedTest, TheHookBeforeIsReturned) {
  int calls = 0;
  auto before = set_unobserved_exception_hook([&](const std::exception_ptr&) { ++calls; });
  Failed();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Reported(), Texts());
  set_unobserved_exception_hook(std::move(before));
  Failed();
  EXPECT_EQ(Reported(), Texts{"lost"});
}

TEST_F(UnobservedTest, ByDefaultALineIsPrinted) {
  set_unobserved_exception_hook(nullptr);
  testing::internal::CaptureStderr();
  Failed();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "cohort: a task failed, and nobody asked for its result: std::domain_error: lost\n");
}

TEST_F(UnobservedTest, AHookThatThrowsIsLogged) {
  set_unobserved_exception_hook([](const std::exception_ptr&) { throw std::length_error("hook"); });
  testing::internal::CaptureStderr();
  Failed();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "cohort: the unobserved-exception hook threw: std::length_error: hook\n");
}

TEST_F(UnobservedTest, AHookMayReplaceItself) {
  set_unobserved_exception_hook(
      [](const std::exception_ptr&) { set_unobserved_exception_hook([](std::exception_ptr) {}); });
  Failed();
  testing::internal::CaptureStderr();
  Failed();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(UnobservedTest, AHookMayLoseAnotherFuture) {
  int calls = 0;
  set_unobserved_exception_hook([&](const std::exception_ptr&) {
    if (++calls == 1) Failed();
  });
  Failed();
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace cohort
