#include "pools/rate_limited_executor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <limits>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/internal/test_util.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"
#include "pools/thread_pool_executor.h"
#include "testing/manual_executor.h"
#include "testing/manual_timer.h"

namespace cohort {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

int Square(int n) { return n * n; }
int UntilStopped(std::stop_token token) {
  while (!token.stop_requested()) std::this_thread::yield();
  return 1;
}

// A limiter whose clock and workers are moved by hand.
struct ByHand {
  explicit ByHand(RateLimitOptions options) : limited(executor, WithTimer(options)) {}

  // Lets all that may run do so, and the time pass.
  void Run(milliseconds by) {
    executor.run_all();
    timer.advance(by);
    executor.run_all();
  }

  RateLimitOptions WithTimer(RateLimitOptions options) {
    options.timer = &timer;
    return options;
  }

  ManualTimer timer;
  ManualExecutor executor;
  RateLimitedExecutor<ManualExecutor> limited;
};

TEST(RateLimited, StartsAreSpacedAndNeverEarly) {
  ByHand hand({.calls_per_second = 5});
  const auto begin = hand.timer.now();
  std::vector<int> starts;
  for (int i = 0; i < 4; ++i) {
    hand.limited.submit([&] { starts.push_back((hand.timer.now() - begin) / milliseconds(1)); });
  }
  hand.Run(milliseconds(0));
  for (int i = 0; i < 700; ++i) hand.Run(milliseconds(1));
  EXPECT_THAT(starts, ElementsAre(0, 200, 400, 600));
}

TEST(RateLimited, ABurstAfterAPause) {
  ByHand hand({.calls_per_second = 10, .burst = 3});
  for (int i = 0; i < 10; ++i) hand.limited.submit(Square, i);
  EXPECT_EQ(hand.executor.pending(), 3U);
  hand.timer.advance(milliseconds(99));
  EXPECT_EQ(hand.executor.pending(), 3U);
  hand.timer.advance(milliseconds(1));
  EXPECT_EQ(hand.executor.pending(), 4U);
  hand.timer.advance(seconds(10));
  EXPECT_EQ(hand.executor.pending(), 10U);
  for (int i = 0; i < 10; ++i) hand.limited.submit(Square, i);
  EXPECT_EQ(hand.executor.pending(), 13U);  // no more than the burst was saved up
  hand.limited.shutdown({.wait = false, .cancel_futures = true});
}

TEST(RateLimited, NoLimitStartsAtOnce) {
  ByHand hand({});
  for (int i = 0; i < 1000; ++i) hand.limited.submit(Square, i);
  EXPECT_EQ(hand.executor.pending(), 1000U);
  EXPECT_EQ(hand.timer.pending(), 0U);
}

TEST(RateLimited, SoManyAtATime) {
  ByHand hand({.max_concurrent = 2});
  for (int i = 0; i < 5; ++i) hand.limited.submit(Square, i);
  EXPECT_EQ(hand.executor.pending(), 2U);
  EXPECT_EQ(hand.limited.stats().queued, 3U);
  EXPECT_EQ(hand.limited.stats().running, 2U);
  hand.executor.run_one();
  EXPECT_EQ(hand.executor.pending(), 2U);
  hand.executor.run_all();
  EXPECT_EQ(hand.limited.stats().succeeded, 5U);
  EXPECT_EQ(hand.limited.max_workers(), 1);
}

TEST(RateLimited, ARateAndAConcurrencyTogether) {
  ByHand hand({.calls_per_second = 10, .burst = 4, .max_concurrent = 2});
  for (int i = 0; i < 4; ++i) hand.limited.submit(Square, i);
  EXPECT_EQ(hand.executor.pending(), 2U);
  hand.executor.run_one();
  EXPECT_EQ(hand.executor.pending(), 2U);
  hand.executor.run_all();
  EXPECT_EQ(hand.limited.stats().succeeded, 4U);
}

TEST(RateLimited, InTheOrderOfSubmissionHigherPrioritiesFirst) {
  ByHand hand({.calls_per_second = 1});
  std::string order;
  const auto note = [&order](char which) { order += which; };
  for (const char which : {'a', 'b', 'c'}) hand.limited.submit(note, which);
  hand.limited.submit(TaskOptions{.priority = 1}, note, 'H');
  hand.limited.submit(TaskOptions{.priority = -1}, note, 'l');
  hand.limited.submit(note, 'd');
  for (int i = 0; i < 6; ++i) hand.Run(seconds(1));
  EXPECT_EQ(order, "aHbcdl");
}

TEST(RateLimited, ACallThatWaitsCanBeCancelledAndTakesNoToken) {
  ByHand hand({.calls_per_second = 1});
  const auto held = std::make_shared<int>(0);
  hand.limited.submit(Square, 0);
  const Future<void> cancelled = hand.limited.submit([held] {});
  const Future<int> next = hand.limited.submit(Square, 2);
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_EQ(held.use_count(), 1);
  hand.Run(seconds(1));
  EXPECT_EQ(next.result(), 4);
  const PoolStats stats = hand.limited.stats();
  EXPECT_EQ(stats.cancelled, 1U);
  EXPECT_EQ(stats.succeeded, 2U);
  EXPECT_EQ(stats.queued, 0U);
}

TEST(RateLimited, AStartedCallCanBeCancelledUntilItBeginsAndGivesItsPlaceBack) {
  ByHand hand({.max_concurrent = 1});
  const Future<int> first = hand.limited.submit(Square, 1);
  const Future<int> second = hand.limited.submit(Square, 2);
  EXPECT_FALSE(first.running());
  EXPECT_TRUE(first.cancel());
  EXPECT_TRUE(first.cancelled());
  hand.executor.run_all();
  EXPECT_EQ(second.result(), 4);
}

TEST(RateLimited, RunningOnceTheExecutorBelowHasBegunIt) {
  ByHand hand({});
  Future<bool> future;
  future = hand.limited.submit([&] { return future.running() && !future.cancel(); });
  EXPECT_FALSE(future.running());
  hand.executor.run_all();
  EXPECT_TRUE(future.result());
}

TEST(RateLimited, AskedToStopACallThatWaitsIsCancelled) {
  ByHand hand({.calls_per_second = 1});
  hand.limited.submit(Square, 1);
  const Future<int> waiting = hand.limited.submit(UntilStopped);
  EXPECT_TRUE(waiting.request_stop());
  EXPECT_TRUE(waiting.cancelled());
}

TEST(RateLimited, APauseHoldsEverythingBack) {
  ByHand hand({.calls_per_second = 1000});
  hand.limited.pause_until(hand.timer.now() + seconds(3));
  for (int i = 0; i < 3; ++i) hand.limited.submit(Square, i);
  hand.timer.advance(milliseconds(2999));
  EXPECT_EQ(hand.executor.pending(), 0U);
  hand.timer.advance(milliseconds(1));
  EXPECT_EQ(hand.executor.pending(), 1U);
  hand.timer.advance(milliseconds(2));
  EXPECT_EQ(hand.executor.pending(), 3U);
}

TEST(RateLimited, APauseCanBeEndedEarly) {
  ByHand hand({});
  hand.limited.pause_until(hand.timer.now() + seconds(3));
  hand.limited.submit(Square, 1);
  EXPECT_EQ(hand.executor.pending(), 0U);
  hand.limited.pause_until(hand.timer.now());
  EXPECT_EQ(hand.executor.pending(), 1U);
  hand.limited.submit(Square, 2);
  EXPECT_EQ(hand.executor.pending(), 2U);
}

TEST(RateLimited, MapKeepsItsOrderAndItsWindow) {
  ByHand hand({.calls_per_second = 1});
  auto squares = hand.limited.map({.chunksize = 7, .buffersize = 3}, Square, std::views::iota(0));
  EXPECT_EQ(hand.limited.stats().queued + hand.limited.stats().running, 3U);
  for (int i = 0; i < 5; ++i) {
    hand.Run(seconds(1));
    EXPECT_EQ(squares.next(), i * i);
  }
}

TEST(RateLimited, ADroppedMapCancelsWhatWaits) {
  ByHand hand({.calls_per_second = 1});
  { const auto squares = hand.limited.map(Square, std::vector{1, 2, 3, 4}); }
  EXPECT_EQ(hand.limited.stats().cancelled, 4U);
  EXPECT_EQ(hand.limited.stats().queued, 0U);
}

TEST(RateLimited, ShutdownThatCancels) {
  ByHand hand({.calls_per_second = 1, .burst = 2});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 4; ++i) futures.push_back(hand.limited.submit(Square, i));
  hand.limited.shutdown({.wait = true, .cancel_futures = true});
  for (const auto& future : futures) EXPECT_TRUE(future.cancelled());
  EXPECT_THROW(hand.limited.submit(Square, 1), Error);
  EXPECT_EQ(hand.executor.submit(Square, 3).result(), 9);  // the one below goes on
}

TEST(RateLimited, ShutdownSignalsWhatRuns) {
  ThreadPoolExecutor pool(1);
  RateLimitedExecutor<ThreadPoolExecutor> limited(pool, {.max_concurrent = 1});
  const Future<int> running = limited.submit(UntilStopped);
  const Future<int> waiting = limited.submit(Square, 1);
  ASSERT_TRUE(Eventually([&] { return running.running(); }));
  limited.shutdown({.wait = true, .cancel_futures = true});
  EXPECT_EQ(running.result(), 1);
  EXPECT_TRUE(waiting.cancelled());
}

TEST(RateLimited, TheDestructorRunsWhatWaits) {
  ThreadPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  {
    RateLimitedExecutor<ThreadPoolExecutor> limited(pool, {.calls_per_second = 1000});
    for (int i = 0; i < 10; ++i) futures.push_back(limited.submit(Square, i));
  }
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(futures[i].done());
    EXPECT_EQ(futures[i].result(), i * i);
  }
}

TEST(RateLimited, CallbacksHaveRunWhenShutdownReturns) {
  ThreadPoolExecutor pool(2);
  std::atomic<int> callbacks{0};
  RateLimitedExecutor<ThreadPoolExecutor> limited(pool, {});
  for (int i = 0; i < 100; ++i) {
    limited.submit(Square, i).add_done_callback([&](const Future<int>&) { ++callbacks; });
  }
  limited.shutdown();
  EXPECT_EQ(callbacks, 100);
}

TEST(RateLimited, InItsOwnCallsAndCallbacksItDoesNotWaitForItself) {
  ThreadPoolExecutor pool(1);
  RateLimitedExecutor<ThreadPoolExecutor> limited(pool, {});
  limited.submit([&] { limited.shutdown(); }).result();
  auto other = std::make_unique<RateLimitedExecutor<ThreadPoolExecutor>>(pool, RateLimitOptions{});
  const Future<int> future = other->submit(Square, 2);
  future.then([&](const Future<int>&) { other.reset(); }).result();
  EXPECT_EQ(other, nullptr);
}

TEST(RateLimited, ItsLastHandleMayGoWithACall) {
  using Limited = RateLimitedExecutor<ThreadPoolExecutor>;
  ThreadPoolExecutor pool(1);
  auto limited = std::make_shared<Limited>(pool, RateLimitOptions{});
  std::latch go(1);
  const Future<int> ran = limited->submit([limited, &go] { return go.wait(), 1; });
  limited.reset();
  go.count_down();
  EXPECT_EQ(ran.result(), 1);

  ManualTimer timer;
  limited =
      std::make_shared<Limited>(pool, RateLimitOptions{.calls_per_second = 1, .timer = &timer});
  limited->submit(Square, 1).result();
  const Future<void> cancelled = limited->submit([limited] {});
  limited.reset();
  EXPECT_TRUE(cancelled.cancel());
}

TEST(RateLimited, AnExecutorBelowThatIsGoneIsTheCallsError) {
  auto pool = std::make_unique<ThreadPoolExecutor>(1);
  ManualTimer timer;
  RateLimitedExecutor<ThreadPoolExecutor> limited(*pool, {.calls_per_second = 1, .timer = &timer});
  EXPECT_EQ(limited.submit(Square, 2).result(), 4);
  const Future<int> late = limited.submit(Square, 3);
  pool.reset();
  timer.advance(seconds(1));
  EXPECT_THROW(late.result(), Error);
  EXPECT_EQ(limited.stats().failed, 1U);
}

// With one place and one thread, each call waits for one more below it.
TEST(RateLimited, CallsThatWaitForOthersLendThemTheirPlace) {
  ThreadPoolExecutor pool(1);
  RateLimitedExecutor<ThreadPoolExecutor> limited(pool, {.max_concurrent = 1});
  std::function<int(int)> sum = [&](int n) -> int {
    return n == 0 ? 0 : n + limited.submit(sum, n - 1).result();
  };
  EXPECT_EQ(limited.submit(sum, 50).result(), 50 * 51 / 2);
  EXPECT_EQ(limited.stats().running, 0U);
}

TEST(RateLimited, NeverMoreAtATimeThanAllowed) {
  ThreadPoolExecutor pool(8);
  RateLimitedExecutor<ThreadPoolExecutor> limited(pool, {.max_concurrent = 3});
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  const auto call = [&] {
    const int now = ++running;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) continue;
    std::this_thread::yield();
    --running;
  };
  for (int i = 0; i < 2000; ++i) limited.post(call);
  limited.shutdown();
  EXPECT_LE(most, 3);
  EXPECT_EQ(limited.stats().succeeded, 2000U);
}

TEST(RateLimited, OnTopOfAnother) {
  ManualTimer timer;
  ManualExecutor executor;
  RateLimitedExecutor<ManualExecutor> all(executor, {.calls_per_second = 10, .timer = &timer});
  RateLimitedExecutor one(all, {.max_concurrent = 1, .timer = &timer});
  RateLimitedExecutor other(all, {.calls_per_second = 2, .timer = &timer});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 3; ++i) futures.push_back(one.submit(Square, i));
  for (int i = 0; i < 3; ++i) futures.push_back(other.submit(Square, 3 + i));
  for (int i = 0; i < 40; ++i) {
    executor.run_all();
    timer.advance(milliseconds(50));
  }
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(futures[i].done()) << i;
    EXPECT_EQ(futures[i].result(), i * i);
  }
}

TEST(RateLimited, OnProcesses) {
  ProcessPoolExecutor pool(2);
  RateLimitedExecutor<ProcessPoolExecutor> limited(pool, {.max_concurrent = 1});
  std::vector<int> squares;
  for (const int square : limited.map(Square, std::vector{1, 2, 3})) squares.push_back(square);
  EXPECT_THAT(squares, ElementsAre(1, 4, 9));
  const auto joined = [](const std::string& a, std::string_view b) { return a + std::string(b); };
  EXPECT_EQ(limited.submit(joined, "one ", std::string_view("two")).result(), "one two");
  const Future<int> future = limited.submit(UntilStopped);
  ASSERT_TRUE(Eventually([&] { return future.running(); }));
  EXPECT_FALSE(future.cancel());
  EXPECT_TRUE(future.request_stop());
  EXPECT_EQ(future.result(), 1);
}

std::string RefusalOf(const RateLimitOptions& options) {
  ManualExecutor executor;
  try {
    const RateLimitedExecutor<ManualExecutor> limited(executor, options);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "accepted";
}

TEST(RateLimited, BadOptionsAreNamed) {
  EXPECT_THAT(RefusalOf({.calls_per_second = -2}), HasSubstr("calls_per_second"));
  EXPECT_THAT(RefusalOf({.calls_per_second = -2}), HasSubstr("-2"));
  EXPECT_THAT(RefusalOf({.calls_per_second = std::numeric_limits<double>::quiet_NaN()}),
              HasSubstr("calls_per_second"));
  EXPECT_THAT(RefusalOf({.burst = 0}), HasSubstr("burst must be 1 or more, not 0"));
  EXPECT_THAT(RefusalOf({.max_concurrent = -1}), HasSubstr("max_concurrent"));
  EXPECT_EQ(RefusalOf({.calls_per_second = 1e-300, .burst = 1 << 30}), "accepted");
}

// An executor of a user's own: all that a limiter needs of one. It makes the call in submit().
struct InlineExecutor {
  static constexpr bool runs_in_this_process = true;

  template <typename F, typename... Args>
  auto submit(const TaskOptions& /*options*/, F&& function, Args&&... args) {
    Promise<std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>> promise;
    if (in_submit) in_submit();
    promise.set_result(std::invoke(std::forward<F>(function), std::forward<Args>(args)...));
    return promise.future();
  }
  int max_workers() const { return 1; }
  PoolStats stats() const { return {}; }

  std::function<void()> in_submit = nullptr;
};

TEST(RateLimited, OnAnExecutorThatCallsAtOnce) {
  InlineExecutor executor;
  RateLimitedExecutor<InlineExecutor> limited(executor, {.calls_per_second = 1e6});
  EXPECT_EQ(limited.submit(Square, 3).result(), 9);
  std::function<int(int)> sum = [&](int n) -> int {
    return n == 0 ? 0 : n + limited.submit(sum, n - 1).result();
  };
  EXPECT_EQ(limited.submit(sum, 20).result(), 210);
  limited
      .submit(
          [&](int) {
            limited.shutdown();
            return 0;
          },
          1)
      .result();
}

// The call has ended before submit() returns, so that its callbacks run on the thread that starts
// calls; and they wait for calls.
TEST(RateLimited, CallbacksMayWaitForOtherCalls) {
  ThreadPoolExecutor pool(2);
  InlineExecutor executor;
  RateLimitedExecutor<InlineExecutor> limited(executor, {.calls_per_second = 1000});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) {
    const auto later = [&limited](const Future<int>& done) {
      return limited.submit(Square, done.result()).result();
    };
    futures.push_back(
        pool.submit([&, i] { return limited.submit(Square, i); })
            .then([later](const Future<Future<int>>& f) { return f.result().then(later); }));
  }
  for (int i = 0; i < 20; ++i) EXPECT_EQ(futures[i].result(), i * i * i * i);
}

// Its submit() ends when a test says so.
struct SlowExecutor {
  template <typename F, typename... Args>
  auto submit(const TaskOptions& options, F&& function, Args&&... args) {
    auto future = pool.submit(options, std::forward<F>(function), std::forward<Args>(args)...);
    in_submit.count_down();
    go.wait();
    return future;
  }
  int max_workers() const { return 1; }
  PoolStats stats() const { return {}; }

  ThreadPoolExecutor& pool;
  std::latch& in_submit;
  std::latch& go;
};

// Gives everybody the same future.
struct MemoizingExecutor {
  template <typename F>
  Future<std::string> submit(const TaskOptions& /*options*/, F&& /*function*/) {
    return known;
  }
  int max_workers() const { return 1; }
  PoolStats stats() const { return {}; }

  Future<std::string> known;
};

TEST(RateLimited, AStopThatIsAskedForWhileTheCallIsSubmittedReachesIt) {
  ThreadPoolExecutor pool(1);
  std::latch in_submit(1);
  std::latch go(1);
  SlowExecutor slow{pool, in_submit, go};
  RateLimitedExecutor<SlowExecutor> limited(slow, {});
  const std::jthread stopper([&] {
    in_submit.wait();
    limited.shutdown({.wait = false, .cancel_futures = true});
    go.count_down();
  });
  EXPECT_EQ(limited.submit(UntilStopped).result(), 1);
}

// What is left of a cancelled call must keep neither the limiter nor its timer.
TEST(RateLimited, ACancelledCallOutlivesEverything) {
  Future<int> kept;
  std::weak_ptr<int> token;
  {
    ManualTimer timer;
    ManualExecutor executor;
    const auto held = std::make_shared<int>(0);
    token = held;
    RateLimitedExecutor<ManualExecutor> limited(executor,
                                                {.calls_per_second = 1e-6, .timer = &timer});
    limited.submit(Square, 1);
    kept = limited.submit([held] { return *held; });
    executor.run_all();
    EXPECT_EQ(timer.pending(), 1U);
    EXPECT_TRUE(kept.cancel());
    EXPECT_EQ(timer.pending(), 0U);
  }
  EXPECT_TRUE(token.expired());
  EXPECT_TRUE(kept.cancelled());
}

TEST(RateLimited, ManyCancelledCallsAreNotKept) {
  ByHand hand({.calls_per_second = 1e-6});
  hand.limited.submit(Square, 1);
  const Future<int> first = hand.limited.submit(Square, 2);
  for (int i = 0; i < 1000; ++i) hand.limited.submit(Square, i).cancel();
  EXPECT_EQ(hand.limited.stats().cancelled, 1000U);
  EXPECT_EQ(hand.limited.stats().queued, 1U);
  EXPECT_FALSE(first.done());
  hand.limited.shutdown({.wait = false, .cancel_futures = true});
}

TEST(RateLimited, ACallbackOfACancelledCallMayShutDownOrDropTheFuture) {
  ByHand hand({.calls_per_second = 1e-6});
  hand.limited.submit(Square, 1);
  const Future<int> waits = hand.limited.submit(Square, 2);
  Future<int> asked = hand.limited.submit(UntilStopped);
  int callbacks = 0;
  asked.add_done_callback([&](const Future<int>&) { asked = {}; });
  asked.add_done_callback([&](const Future<int>&) { ++callbacks; });
  EXPECT_TRUE(asked.request_stop());
  hand.limited.submit(Square, 3).add_done_callback([&](const Future<int>&) {
    hand.limited.shutdown();
    ++callbacks;
  });
  hand.limited.shutdown({.wait = false, .cancel_futures = true});
  EXPECT_TRUE(waits.cancelled());
  EXPECT_EQ(callbacks, 2);
}

TEST(RateLimited, RecursionTakesNoThreadALevel) {
  for (const RateLimitOptions options :
       {RateLimitOptions{}, RateLimitOptions{.max_concurrent = 1}}) {
    ThreadPoolExecutor pool(1);
    RateLimitedExecutor<ThreadPoolExecutor> limited(pool, options);
    std::function<int(int)> sum = [&](int n) -> int {
      return n == 0 ? 0 : n + limited.submit(sum, n - 1).result();
    };
    const std::size_t before = ThreadsAlive();
    EXPECT_EQ(limited.submit(sum, 100).result(), 5050);
    EXPECT_LE(ThreadsAlive(), before + 10);
  }
}

TEST(RateLimited, AClassDerivedFromAnExecutorIsOne) {
  struct Mine : ThreadPoolExecutor {
    Mine() : ThreadPoolExecutor(1) {}
  } mine;
  RateLimitedExecutor<Mine> limited(mine, {.max_concurrent = 1});
  EXPECT_EQ(limited.submit([&] { return limited.submit(Square, 4).result(); }).result(), 16);
}

// Whoever made the future may have given it to others as well.
TEST(RateLimited, AResultThatOthersHoldIsCopied) {
  MemoizingExecutor memoizing;
  ThreadPoolExecutor pool(1);
  memoizing.known = pool.submit([] { return std::string(100, 'x'); });
  RateLimitedExecutor<MemoizingExecutor> limited(memoizing, {});
  const auto call = [] { return std::string(); };
  EXPECT_EQ(limited.submit(call).result(), std::string(100, 'x'));
  EXPECT_EQ(limited.submit(call).result(), std::string(100, 'x'));
  memoizing.known = {};
  EXPECT_THROW(limited.submit(call).result(), InvalidStateError);
}

TEST(RateLimited, InAForkedChildItCanOnlyBeDestroyed) {
  if (kSanitized) GTEST_SKIP() << "sanitizers do not follow threads into a forked child";
  ThreadPoolExecutor pool(1);
  auto* const limited = new RateLimitedExecutor<ThreadPoolExecutor>(pool, {.calls_per_second = 1});
  limited->submit(Square, 1);
  const Future<int> waits = limited->submit(Square, 2);
  const pid_t child = fork();
  if (child == 0) {
    bool refused = false;
    try {
      limited->submit(Square, 3);
    } catch (const Error&) {
      refused = true;
    }
    delete limited;
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  waits.cancel();
  delete limited;
}

TEST(RateLimited, InRealTimeStartsAreNotEarly) {
  ThreadPoolExecutor pool(4);
  RateLimitedExecutor limited(pool, {.calls_per_second = 100});
  std::vector<Future<steady_clock::time_point>> starts;
  for (int i = 0; i < 20; ++i) starts.push_back(limited.submit(steady_clock::now));
  const auto first = starts[0].result();
  // The first one's own way to its thread is not part of the space after it.
  constexpr auto kWayOfTheFirst = milliseconds(5);
  for (int i = 1; i < 20; ++i) {
    EXPECT_GE(starts[i].result() - first, i * milliseconds(10) - kWayOfTheFirst) << i;
  }
}

TEST(RateLimited, AForkedChildStartsNoneOfTheParentsCalls) {
  if (kSanitized) GTEST_SKIP() << "sanitizers do not follow threads into a forked child";
  ByHand hand({.calls_per_second = 1});
  hand.limited.pause_until(hand.timer.now() + seconds(5));
  hand.limited.submit(Square, 2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // instead of a test that never ends
    hand.limited.pause_until(hand.timer.now());
    _exit(hand.executor.pending() == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  hand.limited.shutdown({.wait = true, .cancel_futures = true});
}

}  // namespace
}  // namespace cohort
