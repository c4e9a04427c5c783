#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "absl/time/time.h"
#include "futures/future.h"
#include "pools/thread_pool_executor.h"

namespace {

TEST(OutsideWorkspace, SubmitsToAThreadPool) {
  cohort::ThreadPoolExecutor pool(2);
  EXPECT_EQ(pool.submit([](int a, int b) { return a * b; }, 6, 7).result(), 42);
  EXPECT_THROW(pool.submit([] { throw std::domain_error("no"); }).result(), std::domain_error);
}

TEST(OutsideWorkspace, FulfilsAPromise) {
  cohort::Promise<std::string> promise;
  const cohort::Future<std::string> future = promise.future();
  EXPECT_THROW(future.result(std::chrono::milliseconds(1)), cohort::TimeoutError);
  EXPECT_THROW(future.result(absl::Milliseconds(1)), cohort::TimeoutError);
  ASSERT_TRUE(promise.set_running_or_notify_cancel());
  promise.set_result("kept");
  EXPECT_EQ(future.result(), "kept");
}

}  // namespace
