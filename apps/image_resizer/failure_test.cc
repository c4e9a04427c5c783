#include "apps/image_resizer/failure.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <exception>
#include <new>
#include <stdexcept>

#include "apps/image_resizer/image_error.h"
#include "futures/errors.h"

namespace cohort::image_resizer {
namespace {

template <typename E>
Failure Of(const E& error) {
  return FailureOf(std::make_exception_ptr(error));
}

TEST(FailureTest, OfTheImage) {
  const Failure failure = Of(ImageError(ErrorKind::kDamaged, "the data ends too early"));
  EXPECT_EQ(failure.kind, "damaged");
  EXPECT_EQ(failure.reason, "the data ends too early");
}

TEST(FailureTest, OfTheWorker) {
  const Failure killed = Of(WorkerDied("a long story", {.signal = SIGSEGV}));
  EXPECT_EQ(killed.kind, "crashed");
  EXPECT_EQ(killed.reason, "the worker was ended by signal 11 (Segmentation fault)");
  EXPECT_EQ(Of(WorkerDied("", {.exit_status = 3})).reason, "the worker ended with status 3");
}

TEST(FailureTest, OfAWorkerThatThePoolHasKilled) {
  const WorkerDied died(
      "worker process 7 was killed by signal 9 (Killed) in the middle of task 'a.jpg'; the pool "
      "killed it, for its answer has 20 bytes\nframes",
      {.signal = SIGKILL});
  EXPECT_EQ(Of(died).reason,
            "the worker was ended by signal 9 (Killed); the pool killed it, for its answer has 20 "
            "bytes");
}

TEST(FailureTest, OfLimits) {
  EXPECT_EQ(Of(TimeoutError()).kind, "timeout");
  EXPECT_EQ(Of(std::bad_alloc()).kind, "out of memory");
}

TEST(FailureTest, OfAnythingElse) {
  const Failure failure = Of(std::runtime_error("a surprise"));
  EXPECT_EQ(failure.kind, "failed");
  EXPECT_EQ(failure.reason, "a surprise");
}

}  // namespace
}  // namespace cohort::image_resizer
