#include <atomic>
#include <thread>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

class Bounded : public testing::Test {
 protected:
  Bounded() {
    busy_ = pool_.submit([this] { gate_.Pass(); });
    gate_.AwaitArrivals(1);
  }
  ~Bounded() override { gate_.Open(); }

  Gate gate_;
  ThreadPoolExecutor pool_{ThreadPoolOptions{.max_workers = 1, .max_queued = 2}};
  Future<void> busy_;
};

TEST_F(Bounded, SubmitWaitsForRoom) {
  std::atomic<int> submitted{0};
  for (; submitted < 2; ++submitted) pool_.post([] {});
  BlockedThread submitter([&] {
    pool_.post([] {});
    ++submitted;
  });
  EXPECT_EQ(submitted, 2);
  EXPECT_EQ(pool_.stats().queued, 2);
  gate_.Open();
  submitter.Join();
  EXPECT_EQ(submitted, 3);
  pool_.shutdown();
  EXPECT_EQ(pool_.stats().succeeded, 4);
}

TEST_F(Bounded, CancelGivesRoom) {
  const auto first = pool_.submit([] {});
  const auto second = pool_.submit({.priority = 1}, [] {});
  BlockedThread submitter([&] {
    pool_.post([] {});
    pool_.post([] {});
  });
  EXPECT_TRUE(first.cancel());
  EXPECT_TRUE(second.cancel());
  submitter.Join();
  EXPECT_EQ(pool_.stats().queued, 2);
}

TEST_F(Bounded, ShutdownWakesWhoWaitsForRoom) {
  pool_.post([] {});
  pool_.post([] {});
  std::atomic<int> refused{0};
  const auto submit = [&] {
    try {
      pool_.post([] {});
    } catch (const Error&) {
      ++refused;
    }
  };
  BlockedThread one(submit);
  BlockedThread two(submit);
  pool_.shutdown({.wait = false});
  one.Join();
  two.Join();
  EXPECT_EQ(refused, 2);
  gate_.Open();
}

TEST_F(Bounded, ShutdownThatCancelsWakesThemToo) {
  pool_.post([] {});
  pool_.post([] {});
  BlockedThread submitter([&] { EXPECT_THROW(pool_.post([] {}), Error); });
  pool_.shutdown({.wait = false, .cancel_futures = true});
  submitter.Join();
  gate_.Open();
}

TEST(BoundedPool, SubmitInATaskDoesNotDeadlock) {
  for (const int workers : {1, 2, 4}) {
    std::atomic<int> ran{0};
    ThreadPoolExecutor pool({.max_workers = workers, .max_queued = 1});
    std::vector<Future<void>> futures;
    for (int i = 0; i < 20; ++i) {
      futures.push_back(pool.submit([&] {
        for (int j = 0; j < 10; ++j) pool.post([&ran] { ++ran; });
      }));
    }
    for (const auto& future : futures) future.result();
    pool.shutdown();
    EXPECT_EQ(ran, 200);
  }
}

TEST(BoundedPool, ABrokenPoolWakesWhoWaitsForRoom) {
  Gate gate;
  ThreadPoolExecutor pool({.max_workers = 1,
                           .initializer =
                               [&gate] {
                                 gate.Pass();
                                 throw std::runtime_error("broken");
                               },
                           .max_queued = 1});
  const auto queued = pool.submit([] {});
  BlockedThread submitter([&] { EXPECT_THROW(pool.submit([] {}), BrokenThreadPool); });
  gate.Open();
  submitter.Join();
  EXPECT_THROW(queued.result(), BrokenThreadPool);
}

TEST(BoundedPool, ManySubmittersNeverExceedTheBound) {
  constexpr int kEach = kSanitized ? 500 : 5'000;
  std::atomic<int> ran{0};
  ThreadPoolExecutor pool({.max_workers = 2, .max_queued = 3});
  RunThreads(4, [&](int) {
    for (int i = 0; i < kEach; ++i) {
      const auto future = pool.submit([&ran] { ++ran; });
      if (i % 7 == 0 && future.cancel()) ++ran;
    }
  });
  pool.shutdown();
  EXPECT_EQ(ran, 4 * kEach);
}

}  // namespace
}  // namespace cohort
