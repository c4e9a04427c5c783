// Threads that race for the same future. Rounds are counted, and threads wait for one another by
// latches alone, so that each test ends by itself.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
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

constexpr int kRounds = kSanitized ? 1'000 : 4'000;

// Calls each of the functions on a thread of its own, `rounds` times, all of them at once each
// time; then calls `check`. A round's shared state is made by `prepare`.
//
// The threads live through all rounds, so that they meet while they are hot: a new thread would
// come too late for most races.
class Race {
 public:
  template <typename... F>
  static void Run(int rounds, const std::function<void()>& prepare,
                  const std::function<void()>& check, F... racers) {
    Race race(sizeof...(F));
    std::vector<std::jthread> threads;
    uint32_t seed = 1;
    (threads.emplace_back([&race, rounds, racers, seed = seed++]() mutable {
      RandomYield yield(seed);
      for (int round = 1; round <= rounds; ++round) {
        race.AwaitRound(round);
        yield();
        racers(yield);
        race.left_.fetch_sub(1);
      }
    }),
     ...);
    for (int round = 1; round <= rounds; ++round) {
      prepare();
      race.left_.store(sizeof...(F));
      race.round_.store(round);
      while (race.left_.load() != 0) sched_yield();
      check();
    }
  }

 private:
  explicit Race(std::size_t threads) : left_(threads) {}

  void AwaitRound(int round) const {
    while (round_.load() < round) sched_yield();
  }

  std::atomic<int> round_{0};
  std::atomic<std::size_t> left_;
};

// Runs f; whether it did not throw an InvalidStateError.
template <typename F>
bool Succeeds(F f) {
  try {
    f();
    return true;
  } catch (const InvalidStateError&) {
    return false;
  }
}

TEST(StressTest, CancelAgainstStart) {
  std::optional<Promise<int>> promise;
  std::atomic<int> cancelled, started;
  Race::Run(
      kRounds,
      [&] {
        promise.emplace();
        cancelled = started = 0;
      },
      [&] {
        EXPECT_EQ(cancelled + started, 1);
        EXPECT_EQ(promise->future().cancelled(), cancelled == 1);
        EXPECT_EQ(promise->future().running(), started == 1);
      },
      [&](RandomYield&) { cancelled += promise->future().cancel() ? 1 : 0; },
      [&](RandomYield&) { started += promise->set_running_or_notify_cancel() ? 1 : 0; });
}

TEST(StressTest, ResultAgainstExceptionAgainstCancel) {
  std::optional<Promise<std::string>> promise;
  std::atomic<int> set_a, set_b, failed, cancelled, called;
  const std::exception_ptr error = ErrorOf<std::domain_error>("failed");
  Race::Run(
      kRounds,
      [&] {
        promise.emplace();
        set_a = set_b = failed = cancelled = called = 0;
        promise->future().add_done_callback([&](const Future<std::string>&) { ++called; });
      },
      [&] {
        EXPECT_EQ(set_a + set_b + failed + cancelled, 1);
        EXPECT_EQ(called, 1);
        const Future<std::string> future = promise->future();
        EXPECT_EQ(future.cancelled(), cancelled == 1);
        if (cancelled == 1) return;
        EXPECT_EQ(future.exception() != nullptr, failed == 1);
        if (failed == 1) return;
        EXPECT_EQ(future.result(), set_a == 1 ? "a" : "b");
      },
      [&](RandomYield&) { set_a += Succeeds([&] { promise->set_result("a"); }); },
      [&](RandomYield&) { set_b += Succeeds([&] { promise->set_result("b"); }); },
      [&](RandomYield&) { failed += Succeeds([&] { promise->set_exception(error); }); },
      [&](RandomYield&) { cancelled += promise->future().cancel() ? 1 : 0; });
}

TEST(StressTest, CallbacksRunOnceEachAndInOrder) {
  // A callback that comes too late to be kept runs at once, and so maybe before earlier ones, in
  // the completing thread; but those that are kept run in the order of each adding thread.
  constexpr int kEach = 4;
  std::optional<Promise<int>> promise;
  std::atomic<std::thread::id> completing;
  std::mutex mutex;
  std::vector<std::pair<int, int>> in_order;
  std::atomic<int> called;
  const auto add = [&](int thread) {
    return [&, thread](RandomYield& yield) {
      for (int i = 0; i < kEach; ++i) {
        promise->future().add_done_callback([&, thread, i](const Future<int>& f) {
          EXPECT_EQ(f.result(0s), 42);
          ++called;
          if (std::this_thread::get_id() != completing.load()) return;
          const std::lock_guard lock(mutex);
          in_order.emplace_back(thread, i);
        });
        yield();
      }
    };
  };
  Race::Run(
      kRounds,
      [&] {
        promise.emplace();
        in_order.clear();
        called = 0;
      },
      [&] {
        EXPECT_EQ(called, 2 * kEach);
        int next[2] = {0, 0};
        for (const auto& [thread, i] : in_order) EXPECT_EQ(i, next[thread]++);
      },
      add(0), add(1),
      [&](RandomYield& yield) {
        completing = std::this_thread::get_id();
        for (uint32_t i = yield.Below(8); i > 0; --i) yield();
        promise->set_result(42);
      });
}

TEST(StressTest, SleepersAgainstCompletion) {
  std::optional<Promise<int>> promise;
  const auto sleep = [&](RandomYield&) {
    const Future<int> future = promise->future();
    EXPECT_EQ(future.result(), 42);
  };
  const auto poll = [&](RandomYield& yield) {
    const Future<int> future = promise->future();
    for (;;) {
      try {
        EXPECT_EQ(future.result(std::chrono::microseconds(yield.Below(50))), 42);
        return;
      } catch (const TimeoutError&) {
      }
    }
  };
  Race::Run(
      kRounds, [&] { promise.emplace(); }, [] {}, sleep, sleep, poll,
      [&](RandomYield& yield) {
        for (uint32_t i = yield.Below(64); i > 0; --i) yield();
        promise->set_running_or_notify_cancel();
        promise->set_result(42);
      });
}

TEST(StressTest, WaitsThatGiveUpAgainstCompletionAgainstCallbacks) {
  std::vector<Promise<int>> promises;
  std::vector<Future<int>> futures;
  std::atomic<int> called;
  const auto wait_for_first = [&](RandomYield& yield) {
    for (int i = 0; i < 20; ++i) {
      const auto result =
          wait(futures, {.timeout = std::chrono::microseconds(yield.Below(3)),
                         .return_when = yield.Below(2) == 0 ? FIRST_COMPLETED : FIRST_EXCEPTION});
      EXPECT_EQ(result.done.size() + result.not_done.size(), futures.size());
    }
  };
  Race::Run(
      kRounds / 4,
      [&] {
        promises = std::vector<Promise<int>>(3);
        futures.clear();
        for (const Promise<int>& promise : promises) futures.push_back(promise.future());
        called = 0;
      },
      [&] { EXPECT_EQ(called, 15); }, wait_for_first, wait_for_first,
      [&](RandomYield& yield) {
        for (int i = 0; i < 15; ++i) {
          futures[i % 3].add_done_callback([&](const Future<int>&) { ++called; });
          yield();
        }
      },
      [&](RandomYield& yield) {
        for (Promise<int>& promise : promises) {
          for (uint32_t i = yield.Below(16); i > 0; --i) yield();
          promise.set_result(1);
        }
      });
}

TEST(StressTest, AsCompletedDroppedWhileFuturesComplete) {
  constexpr int kCount = 8;
  std::vector<Promise<int>> promises;
  std::vector<Future<int>> futures;
  const auto complete = [&](int first) {
    return [&, first](RandomYield& yield) {
      for (int i = first; i < kCount; i += 2) {
        promises[i].set_result(i);
        yield();
      }
    };
  };
  Race::Run(
      kRounds,
      [&] {
        promises = std::vector<Promise<int>>(kCount);
        futures.clear();
        for (const Promise<int>& promise : promises) futures.push_back(promise.future());
      },
      [] {}, complete(0), complete(1),
      [&](RandomYield& yield) {
        uint32_t left = yield.Below(kCount);
        for (const Future<int>& f : as_completed(futures)) {
          EXPECT_TRUE(f.done());
          if (left-- == 0) break;
        }
      },
      [&](RandomYield& yield) {
        const auto unread = as_completed(futures);
        yield();
      });
}

TEST(StressTest, AsCompletedGivesEachOnce) {
  constexpr int kCount = 16;
  std::vector<Promise<int>> promises;
  std::vector<Future<int>> futures;
  const auto complete = [&](int first) {
    return [&, first](RandomYield& yield) {
      for (int i = first; i < kCount; i += 2) {
        yield();
        if (i % 5 == 0) {
          futures[i].cancel();
        } else {
          promises[i].set_result(i);
        }
      }
    };
  };
  const auto drain = [&](RandomYield&) {
    int seen = 0;
    for (const Future<int>& f : as_completed(futures)) {
      EXPECT_TRUE(f.done());
      ++seen;
    }
    EXPECT_EQ(seen, kCount);
  };
  Race::Run(
      kRounds / 2,
      [&] {
        promises = std::vector<Promise<int>>(kCount);
        futures.clear();
        for (const Promise<int>& promise : promises) futures.push_back(promise.future());
      },
      [] {}, complete(0), complete(1), drain, drain);
}

TEST(StressTest, GathersAgainstCompletionAgainstCancel) {
  std::vector<Promise<int>> promises;
  std::vector<Future<int>> futures;
  std::optional<Future<std::vector<int>>> all;
  std::optional<Future<WhenAny<int>>> any;
  Race::Run(
      kRounds / 2,
      [&] {
        promises = std::vector<Promise<int>>(4);
        futures.clear();
        for (const Promise<int>& promise : promises) futures.push_back(promise.future());
        all = when_all(futures);
        any = when_any(futures);
      },
      [&] {
        EXPECT_TRUE(all->done());
        EXPECT_TRUE(all->cancelled() || all->result() == (std::vector{0, 1, 2, 3}));
        EXPECT_TRUE(any->done());
        EXPECT_TRUE(any->cancelled() || any->result().future.done());
      },
      [&](RandomYield& yield) {
        for (int i : {0, 2}) {
          promises[i].set_result(i);
          yield();
        }
      },
      [&](RandomYield& yield) {
        for (int i : {3, 1}) {
          promises[i].set_result(i);
          yield();
        }
      },
      [&](RandomYield& yield) {
        for (uint32_t i = yield.Below(16); i > 0; --i) yield();
        if (yield.Below(2) == 0) all->cancel();
        any->cancel();
      },
      [&](RandomYield& yield) {
        // Registers while the inputs complete.
        for (int i = 0; i < 3; ++i) {
          const auto late_any = when_any(futures);
          const auto late_all = when_all(futures);
          if (yield.Below(4) == 0) late_all.cancel();
          EXPECT_TRUE(late_any.result().future.done());
        }
      });
}

TEST(StressTest, LinksAgainstCompletionAgainstCancel) {
  std::optional<Promise<int>> promise;
  std::optional<Future<int>> middle;
  std::atomic<int> ran, cancelled;
  Race::Run(
      kRounds,
      [&] {
        promise.emplace();
        ran = cancelled = 0;
        middle = promise->future().then([&, counted = Counted()](const Future<int>& f) {
          ++ran;
          return f.result();
        });
      },
      [&] {
        EXPECT_EQ(ran + cancelled, 1);
        promise.reset();
        middle.reset();
        EXPECT_EQ(Counted::alive, 0);
      },
      [&](RandomYield&) { promise->set_result(1); },
      [&](RandomYield&) { cancelled += middle->cancel() ? 1 : 0; },
      [&](RandomYield&) {
        const Future<int> last = middle->then([counted = Counted()](const Future<int>& f) {
          return f.cancelled() ? -1 : f.result();
        });
        const int result = last.result();
        EXPECT_TRUE(result == 1 || result == -1);
      });
}

TEST(StressTest, FlatteningAgainstCompletion) {
  std::optional<Promise<int>> outer;
  std::optional<Promise<std::string>> inner;
  std::optional<Future<std::string>> flat;
  Race::Run(
      kRounds,
      [&] {
        outer.emplace();
        inner.emplace();
        flat = outer->future().then([f = inner->future()](const Future<int>&) { return f; });
      },
      [] {}, [&](RandomYield&) { outer->set_result(1); },
      [&](RandomYield&) { inner->set_result("inner"); },
      [&](RandomYield&) { EXPECT_EQ(flat->result(), "inner"); });
}

TEST(StressTest, OneThreadGetsTheValueThatIsMovedOut) {
  std::optional<Promise<std::string>> promise;
  std::atomic<int> got;
  const auto take = [&](RandomYield&) {
    got += Succeeds([&] { EXPECT_EQ(promise->future().result(), Sample<std::string>::kText); });
  };
  Race::Run(
      kRounds,
      [&] {
        promise.emplace();
        got = 0;
      },
      [&] {
        EXPECT_EQ(got, 1);
        EXPECT_THROW(promise->future().result(), InvalidStateError);
      },
      take, take, take, [&](RandomYield&) { promise->set_result(Sample<std::string>::kText); });
}

TEST(StressTest, LastHandlesAgainstOneAnother) {
  // Whoever is last destroys the result, once.
  std::vector<Future<Counted>> handles;
  const auto drop = [&](int i) { return [&, i](RandomYield&) { handles[i] = {}; }; };
  Race::Run(
      kRounds,
      [&] {
        Promise<Counted> promise;
        promise.set_result(Counted());
        handles.assign(4, promise.future());
      },
      [&] { EXPECT_EQ(Counted::alive, 0); }, drop(0), drop(1), drop(2), drop(3));
}

TEST(StressTest, APromiseIsDroppedAsSoonAsItsFutureIsDone) {
  // The waiter lets go of everything while the completing thread still has callbacks to run.
  std::optional<Future<std::string>> future;
  std::unique_ptr<Promise<std::string>> promise;
  std::atomic<int> called;
  Race::Run(
      kRounds,
      [&] {
        promise = std::make_unique<Promise<std::string>>();
        future = promise->future();
        called = 0;
        future->add_done_callback([&](const Future<std::string>&) { ++called; });
      },
      [&] {
        EXPECT_EQ(called, 1);
        promise = nullptr;
      },
      [&](RandomYield&) { promise->set_result("done"); },
      [&](RandomYield& yield) {
        if (yield.Below(2) == 0) {
          wait({*future}, {.return_when = FIRST_COMPLETED});
        } else {
          future->result();
        }
        future.reset();
      });
}

TEST(StressTest, CompletionQueueWithManyAdders) {
  constexpr int kAdders = 3;
  constexpr int kEach = kSanitized ? 5'000 : 50'000;
  CompletionQueue<int> queue;
  std::vector<Promise<int>> promises(kAdders * kEach);
  std::vector<int> seen(promises.size(), 0);
  {
    std::vector<std::jthread> threads;
    for (int adder = 0; adder < kAdders; ++adder) {
      threads.emplace_back([&, adder] {
        RandomYield yield(adder + 1);
        for (int i = adder * kEach; i < (adder + 1) * kEach; ++i) {
          // Before, between or after, as it comes.
          if (yield.Below(2) == 0) {
            queue.add(promises[i].future());
          } else {
            promises[i].future().add_done_callback([&](Future<int> f) { queue.add(std::move(f)); });
          }
          yield();
          promises[i].set_result(i);
        }
      });
    }
    for (std::size_t taken = 0; taken < promises.size();) {
      try {
        ++seen[queue.next().result()];
        ++taken;
      } catch (const InvalidStateError&) {  // empty at the moment
        sched_yield();
      }
    }
  }
  EXPECT_EQ(seen, std::vector<int>(promises.size(), 1));
  EXPECT_TRUE(queue.empty());
}

Task<int> Sum(const std::vector<Future<int>>& futures) {
  int sum = 0;
  for (const Future<int>& f : futures) sum += co_await f;
  co_return sum;
}

Task<int> SumTwice(const std::vector<Future<int>>& futures) {
  const int once = co_await Sum(futures);
  co_return once + co_await Sum(futures);
}

TEST(StressTest, CoroutinesThatChangeThreads) {
  std::vector<Promise<int>> promises;
  std::vector<Future<int>> futures;
  Race::Run(
      kRounds / 2,
      [&] {
        promises = std::vector<Promise<int>>(6);
        futures.clear();
        for (const Promise<int>& promise : promises) futures.push_back(promise.future());
      },
      [] {},
      [&](RandomYield& yield) {
        for (int i : {0, 2, 4}) {
          promises[i].set_result(1);
          yield();
        }
      },
      [&](RandomYield& yield) {
        for (int i : {1, 3, 5}) {
          promises[i].set_result(1);
          yield();
        }
      },
      [&](RandomYield&) {
        EXPECT_EQ(SumTwice(futures).start().result(), 12);
        EXPECT_EQ(
            Sum(futures).start().then([](const Future<int>& f) { return f.result(); }).result(), 6);
      });
}

}  // namespace
}  // namespace cohort
