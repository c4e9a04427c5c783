#include "futures/errors.h"

#include <stdexcept>
#include <string>
#include <type_traits>

#include "gtest/gtest.h"

namespace cohort {
namespace {

template <typename E>
void ExpectCaughtAsError(const E& error) {
  EXPECT_THROW(throw error, Error);
  EXPECT_THROW(throw error, std::runtime_error);
}

TEST(ErrorsTest, AllDeriveFromError) {
  ExpectCaughtAsError(CancelledError());
  ExpectCaughtAsError(TimeoutError());
  ExpectCaughtAsError(InvalidStateError("text"));
  ExpectCaughtAsError(BrokenPromise());
  ExpectCaughtAsError(BrokenExecutor("text"));
  ExpectCaughtAsError(BrokenThreadPool("text"));
  ExpectCaughtAsError(BrokenProcessPool("text"));
  ExpectCaughtAsError(WorkerDied("text", {}));
  ExpectCaughtAsError(RemoteError("T", "text"));
}

TEST(ErrorsTest, BrokenPoolsAreBrokenExecutors) {
  static_assert(std::is_base_of_v<BrokenExecutor, BrokenThreadPool>);
  static_assert(std::is_base_of_v<BrokenExecutor, BrokenProcessPool>);
  static_assert(!std::is_base_of_v<BrokenExecutor, WorkerDied>);
}

TEST(ErrorsTest, HaveATextOfTheirOwnOrTheCallers) {
  EXPECT_STRNE(CancelledError().what(), "");
  EXPECT_STRNE(TimeoutError().what(), "");
  EXPECT_STRNE(BrokenPromise().what(), "");
  EXPECT_STREQ(CancelledError("why").what(), "why");
  EXPECT_STREQ(TimeoutError("why").what(), "why");
  EXPECT_STREQ(BrokenThreadPool(std::string("why")).what(), "why");
}

TEST(ErrorsTest, WorkerDiedSaysWhatIsKnown) {
  const WorkerDied error("worker 7 died", {.task = "resize", .pid = 7, .signal = 11});
  EXPECT_STREQ(error.what(), "worker 7 died");
  EXPECT_EQ(error.task(), "resize");
  EXPECT_EQ(error.pid(), 7);
  EXPECT_EQ(error.signal(), 11);
  EXPECT_EQ(error.exit_status(), 0);
  EXPECT_EQ(error.backtrace(), "");
}

TEST(ErrorsTest, RemoteErrorNamesTheType) {
  const RemoteError error("app::Fault", "disk full");
  EXPECT_STREQ(error.what(), "app::Fault: disk full");
  EXPECT_EQ(error.type_name(), "app::Fault");
}

TEST(ErrorsTest, CanBeCopiedWithoutThrowing) {
  // An exception whose copy throws ends the program.
  static_assert(std::is_nothrow_copy_constructible_v<CancelledError>);
  static_assert(std::is_nothrow_copy_constructible_v<TimeoutError>);
  const WorkerDied error("text", {.backtrace = "#0 main"});
  const WorkerDied copy = error;
  EXPECT_EQ(copy.backtrace(), "#0 main");
}

}  // namespace
}  // namespace cohort
