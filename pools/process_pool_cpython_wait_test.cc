// Twins of CPython's tests of wait() and as_completed() (Lib/test/test_concurrent_futures,
// test_wait.py and test_as_completed.py), each under the name of its model, over processes. Those
// of futures/wait_test.cc and as_completed_test.cc need no executor.
//
// A cancelled future is done at once here; in CPython it is when a worker comes across it.

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "pools/internal/process_test_util.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using std::chrono::milliseconds;
using testing::UnorderedElementsAre;

using Futures = std::vector<Future<int>>;

int FailAfterGate(const std::string& gate) {
  PassGate(gate, 0);
  throw std::runtime_error("failed");
}

// A value of which it can be told whether it is still there.
struct Tracked {
  std::shared_ptr<int> token = std::make_shared<int>(0);
};

// Done futures of each kind, a task that runs until the test is over, and a worker for others.
class CPythonWait : public testing::Test {
 protected:
  void SetUp() override {
    blocked_ = pool_.submit(PassGate, gate_.path(), 1);
    ASSERT_TRUE(gate_.AwaitArrivals(1));
  }
  void TearDown() override { gate_.Open(); }

  RemoteGate gate_;
  ProcessPoolExecutor pool_{2};
  Future<int> blocked_;
  const Future<int> successful_ = SucceededFuture<int>();
  const Future<int> failed_ = FailedFuture<int>();
  const Future<int> cancelled_ = CancelledFuture<int>();
};

using CPythonAsCompleted = CPythonWait;

// test_20369
TEST_F(CPythonWait, DuplicatesCollapse) {
  const auto future = pool_.submit(Square, 2);
  const auto [done, not_done] = wait({future, future}, {.return_when = ALL_COMPLETED});
  EXPECT_EQ(done, Futures{future});
  EXPECT_TRUE(not_done.empty());
}

// test_first_completed
TEST_F(CPythonWait, FirstCompleted) {
  const auto quick = pool_.submit(Square, 2);
  const auto [done, not_done] = wait({blocked_, quick}, {.return_when = FIRST_COMPLETED});
  EXPECT_EQ(done, Futures{quick});
  EXPECT_EQ(not_done, Futures{blocked_});
}

// test_first_completed_some_already_completed
TEST_F(CPythonWait, FirstCompletedSomeAlreadyCompleted) {
  const auto [done, not_done] =
      wait({cancelled_, successful_, blocked_}, {.return_when = FIRST_COMPLETED});
  EXPECT_EQ(done, (Futures{cancelled_, successful_}));
  EXPECT_EQ(not_done, Futures{blocked_});
}

// test_first_exception: what ends well before it does not end the wait.
TEST_F(CPythonWait, FirstException) {
  RemoteGate gate;
  const auto quick = pool_.submit(Square, 2);
  const auto failing = pool_.submit(FailAfterGate, gate.path());
  const std::jthread opener([&] {
    quick.result();
    gate.Open();
  });
  const auto [done, not_done] = wait({quick, failing, blocked_}, {.return_when = FIRST_EXCEPTION});
  EXPECT_EQ(done, (Futures{quick, failing}));
  EXPECT_EQ(not_done, Futures{blocked_});
  EXPECT_THROW(failing.result(), std::runtime_error);
}

// test_first_exception_some_already_complete: a cancellation is no failure.
TEST_F(CPythonWait, FirstExceptionSomeAlreadyComplete) {
  const auto failing = pool_.submit(Throw, "failed");
  const auto [done, not_done] =
      wait({successful_, cancelled_, failing, blocked_}, {.return_when = FIRST_EXCEPTION});
  EXPECT_EQ(done, (Futures{successful_, cancelled_, failing}));
  EXPECT_EQ(not_done, Futures{blocked_});
  EXPECT_THROW(failing.result(), std::runtime_error);
}

// test_first_exception_one_already_failed
TEST_F(CPythonWait, FirstExceptionOneAlreadyFailed) {
  const auto [done, not_done] = wait({failed_, blocked_}, {.return_when = FIRST_EXCEPTION});
  EXPECT_EQ(done, Futures{failed_});
  EXPECT_EQ(not_done, Futures{blocked_});
}

// test_all_completed
TEST_F(CPythonWait, AllCompleted) {
  const Futures all{cancelled_, failed_, successful_, pool_.submit(Square, 2),
                    pool_.submit(Square, 3)};
  const auto [done, not_done] = wait(all, {.return_when = ALL_COMPLETED});
  EXPECT_EQ(done, all);
  EXPECT_TRUE(not_done.empty());
}

// test_timeout
TEST_F(CPythonWait, Timeout) {
  const auto quick = pool_.submit(Square, 2);
  quick.result();
  const auto [done, not_done] =
      wait({cancelled_, failed_, successful_, quick, blocked_}, {.timeout = milliseconds(5)});
  EXPECT_EQ(done, (Futures{cancelled_, failed_, successful_, quick}));
  EXPECT_EQ(not_done, Futures{blocked_});
}

// test_no_timeout
TEST_F(CPythonAsCompleted, NoTimeout) {
  const auto one = pool_.submit(Square, 2);
  const auto two = pool_.submit(Square, 3);
  Futures completed;
  for (const auto& each : as_completed({cancelled_, failed_, successful_, one, two})) {
    completed.push_back(each);
  }
  EXPECT_THAT(completed, UnorderedElementsAre(cancelled_, failed_, successful_, one, two));
}

// test_future_times_out
TEST_F(CPythonAsCompleted, FutureTimesOut) {
  for (const milliseconds timeout : {milliseconds(0), milliseconds(5)}) {
    Futures completed;
    try {
      for (const auto& each : as_completed({cancelled_, failed_, successful_, blocked_}, timeout)) {
        completed.push_back(each);
      }
      ADD_FAILURE() << "the time did not run out";
    } catch (const TimeoutError&) {
    }
    EXPECT_THAT(completed, UnorderedElementsAre(cancelled_, failed_, successful_));
  }
}

// test_duplicate_futures
TEST_F(CPythonAsCompleted, DuplicateFutures) {
  const auto future = pool_.submit(Square, 2);
  Futures completed;
  for (const auto& each : as_completed({future, future, future})) completed.push_back(each);
  EXPECT_EQ(completed, Futures{future});
}

// test_correct_timeout_exception_msg
TEST_F(CPythonAsCompleted, CorrectTimeoutExceptionMsg) {
  const Promise<int> never;
  try {
    for (const auto& each :
         as_completed({cancelled_, successful_, blocked_, never.future()}, milliseconds(0))) {
      EXPECT_TRUE(each.done());
    }
    ADD_FAILURE() << "the time did not run out";
  } catch (const TimeoutError& e) {
    EXPECT_STREQ(e.what(), "2 (of 4) futures unfinished");
  }
}

}  // namespace

template <>
struct ipc::Codec<Tracked> {
  static void encode(Writer& writer, const Tracked& /*value*/) { writer.WriteRaw('t'); }
  static Tracked decode(Reader& reader) {
    reader.ReadRaw<char>();
    return {};
  }
};

namespace {

// test_free_reference_yielded_future. The thread that completes it may let go of it last.
TEST_F(CPythonAsCompleted, FreeReferenceYieldedFuture) {
  std::vector<Future<Tracked>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(pool_.submit([] { return Tracked(); }));
  auto range = as_completed(std::move(futures));
  for (auto each = range.begin(); each != range.end();) {
    const std::weak_ptr<int> token = (*each).result().token;
    EXPECT_FALSE(token.expired());
    ++each;
    EXPECT_TRUE(Eventually([&] { return token.expired(); }));
  }
}

}  // namespace
}  // namespace cohort
