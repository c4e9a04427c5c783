// How many allocations each operation takes. Counts those of the calling thread.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/combinators.h"
#include "futures/coroutine.h"
#include "futures/future.h"
#include "futures/internal/node_memory.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gtest/gtest.h"

namespace {

thread_local int64_t allocations = 0;
std::atomic<int64_t> alive_blocks{0};

void* CountedAllocate(std::size_t size) {
  ++allocations;
  alive_blocks.fetch_add(1, std::memory_order_relaxed);
  void* const block = std::malloc(size);
  if (block == nullptr) std::abort();
  return block;
}

void CountedFree(void* block) noexcept {
  if (block != nullptr) alive_blocks.fetch_sub(1, std::memory_order_relaxed);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return CountedAllocate(size); }
void* operator new[](std::size_t size) { return CountedAllocate(size); }
void operator delete(void* block) noexcept { CountedFree(block); }
void operator delete[](void* block) noexcept { CountedFree(block); }
void operator delete(void* block, std::size_t) noexcept { CountedFree(block); }
void operator delete[](void* block, std::size_t) noexcept { CountedFree(block); }

namespace cohort {
namespace {

using namespace std::chrono_literals;

template <typename F>
int64_t AllocationsOf(F f) {
  internal::NodeMemory::EndUse();  // else nodes of the calls before would be used again
  const int64_t before = allocations;
  f();
  return allocations - before;
}

TEST(AllocationTest, APromiseAndItsFutureTakeOne) {
  EXPECT_EQ(AllocationsOf([] {
              Promise<int> promise;
              const Future<int> future = promise.future();
              promise.set_running_or_notify_cancel();
              promise.set_result(42);
              EXPECT_EQ(future.result(), 42);
            }),
            1);
}

TEST(AllocationTest, CopyingHandlesTakesNone) {
  const Future<int> future = SucceededFuture<int>();
  EXPECT_EQ(AllocationsOf([&] {
              const Future<int> copy = future;
              const Future<int> another = copy;
              EXPECT_EQ(copy, another);
              EXPECT_TRUE(copy.done());
              EXPECT_EQ(std::hash<Future<int>>()(copy), std::hash<Future<int>>()(another));
            }),
            0);
}

TEST(AllocationTest, BlockingTakesNone) {
  Promise<int> promise;
  const Future<int> future = promise.future();
  BlockedThread waiter(
      [&] { EXPECT_EQ(AllocationsOf([&] { EXPECT_EQ(future.result(), 42); }), 0); });
  promise.set_result(42);
  waiter.Join();
}

TEST(AllocationTest, AFirstSmallCallbackTakesNoneAndOthersOneEach) {
  Promise<int> promise;
  const Future<int> future = promise.future();
  int calls = 0;
  EXPECT_EQ(AllocationsOf([&] { future.add_done_callback([&](const Future<int>&) { ++calls; }); }),
            0);
  EXPECT_EQ(AllocationsOf([&] { future.add_done_callback([&](const Future<int>&) { ++calls; }); }),
            1);
  EXPECT_EQ(AllocationsOf([&] { promise.set_result(42); }), 0);
  EXPECT_EQ(AllocationsOf([&] { future.add_done_callback([&](const Future<int>&) { ++calls; }); }),
            0);
  EXPECT_EQ(calls, 3);
}

TEST(AllocationTest, ALargeFirstCallbackTakesOne) {
  const Promise<int> promise;
  const Future<int> future = promise.future();
  EXPECT_EQ(AllocationsOf([&] {
              future.add_done_callback(
                  [big = std::array<char, 64>()](const Future<int>&) { EXPECT_EQ(big[0], 0); });
            }),
            1);
  future.cancel();
}

TEST(AllocationTest, ThenTakesOne) {
  Promise<int> promise;
  Future<int> next;
  EXPECT_EQ(AllocationsOf([&] {
              next = promise.future().then([](const Future<int>& f) { return f.result() + 1; });
            }),
            1);
  EXPECT_EQ(AllocationsOf([&] { promise.set_result(41); }), 0);
  EXPECT_EQ(next.result(), 42);
}

TEST(AllocationTest, ThenThatFlattensTakesOne) {
  Promise<int> promise;
  Promise<int> inner;
  Future<int> next;
  EXPECT_EQ(AllocationsOf([&] {
              next = promise.future().then([&](const Future<int>&) { return inner.future(); });
              promise.set_result(1);
              inner.set_result(42);
            }),
            1);
  EXPECT_EQ(next.result(), 42);
}

TEST(AllocationTest, FlatteningMovesAValueThatNobodyElseHolds) {
  EXPECT_EQ(AllocationsOf([] {
              const Future<std::string> flat = SucceededFuture<int>().then(
                  [](const Future<int>&) { return SucceededFuture<std::string>(); });
              Sample<std::string>::Expect(flat);
            }),
            4);  // three futures and one text
}

TEST(AllocationTest, CancellingTakesNone) {
  const Promise<int> promise;
  const Future<int> future = promise.future();
  EXPECT_EQ(AllocationsOf([&] { EXPECT_TRUE(future.cancel()); }), 0);
}

TEST(AllocationTest, PollingTakesNone) {
  const Promise<int> promise;
  const Future<int> future = promise.future();
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 100; ++i) EXPECT_FALSE(future.done());
            }),
            0);
}

TEST(AllocationTest, CompletionQueueUsesItsNodesAgain) {
  const Future<int> done = SucceededFuture<int>();
  CompletionQueue<int> queue;
  queue.add(done);
  queue.next();
  EXPECT_EQ(AllocationsOf([&] {
              for (int i = 0; i < 1000; ++i) {
                queue.add(done);
                queue.next();
              }
            }),
            0);
}

TEST(AllocationTest, AsCompletedDoesNotGrowWithTheFutures) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 1000; ++i) futures.push_back(SucceededFuture<int>());
  EXPECT_LE(AllocationsOf([&] {
              for (const Future<int>& f : as_completed(futures)) EXPECT_TRUE(f.done());
            }),
            6);  // the handles, the set, its nodes, their list, and maybe a table of duplicates
}

// --- what is done over and over with a future that stays pending must leave nothing with it

template <typename F>
void ExpectNoGrowth(F f) {
  for (int i = 0; i < 10; ++i) f();
  const int64_t before = alive_blocks.load();
  for (int i = 0; i < 1000; ++i) f();
  EXPECT_EQ(alive_blocks.load(), before);
}

TEST(GrowthTest, PollingWaitsLeaveNothing) {
  const Promise<int> promise;
  const Promise<int> other;
  const std::vector<Future<int>> futures = {promise.future(), other.future()};
  for (const ReturnWhen when : {FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED}) {
    ExpectNoGrowth([&] { wait(futures, {.timeout = 0s, .return_when = when}); });
    ExpectNoGrowth([&] { wait(futures, {.timeout = 1us, .return_when = when}); });
  }
  ExpectNoGrowth([&] { EXPECT_THROW(promise.future().result(0s), TimeoutError); });
}

TEST(GrowthTest, AbandonedAsCompletedLeavesNothing) {
  const Promise<int> promise;
  const Future<int> done = SucceededFuture<int>();
  ExpectNoGrowth([&] {
    for (const Future<int>& f : as_completed({promise.future(), done})) {
      EXPECT_EQ(f, done);
      break;
    }
  });
}

TEST(GrowthTest, DroppedQueuesLeaveNothing) {
  const Promise<int> promise;
  ExpectNoGrowth([&] {
    CompletionQueue<int> queue;
    queue.add(promise.future());
    queue.add(SucceededFuture<int>());
    queue.next();
  });
}

TEST(GrowthTest, DecidedCombinatorsLeaveNothing) {
  const Promise<int> pending;
  ExpectNoGrowth([&] { when_any({pending.future(), SucceededFuture<int>()}); });
  ExpectNoGrowth([&] { when_any({pending.future()}).cancel(); });
  ExpectNoGrowth([&] { when_all({pending.future(), CancelledFuture<int>()}).exception(); });
  ExpectNoGrowth([&] { when_all({pending.future()}).cancel(); });
}

TEST(GrowthTest, CancelledLinksLeaveNothing) {
  const Promise<int> pending;
  ExpectNoGrowth([&] {
    EXPECT_TRUE(pending.future().then([](const Future<int>& f) { return f.result(); }).cancel());
  });
}

Task<int> AwaitBoth(Future<int> a, Future<int> b) { co_return co_await a + co_await b; }

TEST(GrowthTest, EndedTasksLeaveNothing) {
  ExpectNoGrowth([] {
    Promise<int> promise;
    const Future<int> sum = AwaitBoth(SucceededFuture<int>(), promise.future()).start();
    promise.set_result(1);
    EXPECT_EQ(sum.result(), 43);
  });
}

}  // namespace
}  // namespace cohort
