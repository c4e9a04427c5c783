#include "pools/thread_pool_executor.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/internal/usable_cpus.h"

namespace cohort {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

int Square(int x) { return x * x; }

struct Account {
  int balance = 0;
  int Add(int amount) { return balance += amount; }
  int Read() const { return balance; }
};

std::string ThreadName() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof(name));
  return name;
}

// CPython: test_executor.test_submit, test_submit_keyword
TEST(Submit, RunsWhatStdInvokeRuns) {
  ThreadPoolExecutor pool(2);
  Account account{5};
  EXPECT_EQ(pool.submit(Square, 12).result(), 144);
  EXPECT_EQ(pool.submit(&Square, 3).result(), 9);
  EXPECT_EQ(pool.submit(&Account::Add, &account, 7).result(), 12);
  EXPECT_EQ(pool.submit(&Account::Add, std::ref(account), 1).result(), 13);
  EXPECT_EQ(pool.submit(&Account::Read, account).result(), 13);
  EXPECT_EQ(pool.submit(&Account::balance, account).result(), 13);
  EXPECT_EQ(pool.submit(std::plus<>(), 2, 3).result(), 5);
  EXPECT_EQ(pool.submit(std::function<int(int)>(Square), 5).result(), 25);
  EXPECT_EQ(pool.submit([n = 0]() mutable { return ++n; }).result(), 1);
}

TEST(Submit, CopiesArgumentsUnlessAReferenceIsAskedFor) {
  ThreadPoolExecutor pool(1);
  int value = 1;
  pool.submit([](int& n) { n = 2; }, std::ref(value)).result();
  EXPECT_EQ(value, 2);
  pool.submit([](int n) { return ++n; }, value).result();
  EXPECT_EQ(value, 2);
  std::string text = "before";
  Gate gate;
  const auto busy = pool.submit([&] { gate.Pass(); });
  const auto copied = pool.submit([](const std::string& s) { return s; }, text);
  text = "after";
  gate.Open();
  EXPECT_EQ(copied.result(), "before");
}

TEST(Submit, TakesWhatCanOnlyBeMoved) {
  ThreadPoolExecutor pool(1);
  auto callable = [p = std::make_unique<int>(4)](std::unique_ptr<int> q) {
    return std::make_unique<int>(*p + *q);
  };
  auto future = pool.submit(std::move(callable), std::make_unique<int>(5));
  EXPECT_EQ(*std::move(future).result(), 9);
}

TEST(Submit, GivesReferencesAndNothing) {
  ThreadPoolExecutor pool(1);
  int value = 1;
  Future<int&> reference = pool.submit([&value]() -> int& { return value; });
  EXPECT_EQ(&reference.result(), &value);
  Future<void> nothing = pool.submit([&value] { value = 2; });
  nothing.result();
  EXPECT_EQ(value, 2);
}

TEST(Submit, CarriesExceptions) {
  ThreadPoolExecutor pool(1);
  const auto failed = pool.submit([]() -> int { throw std::domain_error("no"); });
  EXPECT_THROW(failed.result(), std::domain_error);
  const auto odd = pool.submit([] { throw 42; });
  EXPECT_THROW(odd.result(), int);
  EXPECT_EQ(pool.submit(Square, 2).result(), 4);  // the worker goes on
}

// CPython: test_executor.test_swallows_falsey_exceptions
TEST(Submit, AnExceptionCountsWhateverItIs) {
  ThreadPoolExecutor pool(1);
  const auto failed = pool.submit([]() -> int { throw std::exception_ptr(); });
  EXPECT_NE(failed.exception(), nullptr);
  EXPECT_THROW(failed.result(), std::exception_ptr);
}

TEST(Submit, GivesAStopTokenToWhoTakesOne) {
  ThreadPoolExecutor pool(1);
  std::latch started(1);
  const auto future = pool.submit(
      [&](std::stop_token stop, int n) {
        started.count_down();
        while (!stop.stop_requested()) sched_yield();
        return n;
      },
      7);
  started.wait();
  EXPECT_TRUE(future.request_stop());
  EXPECT_EQ(future.result(), 7);
  EXPECT_FALSE(future.request_stop());
}

TEST(Submit, TimeoutSignalsTheStopToken) {
  ThreadPoolExecutor pool(1);
  const auto wait_for_stop = [](std::stop_token stop) {
    while (!stop.stop_requested()) sched_yield();
  };
  pool.submit({.timeout = std::chrono::milliseconds(1)}, wait_for_stop).result();
  pool.submit({.timeout = std::chrono::seconds(0)}, wait_for_stop).result();
  const bool stopped = pool.submit({.timeout = std::chrono::hours(1)},
                                   [](std::stop_token stop) { return stop.stop_requested(); })
                           .result();
  EXPECT_FALSE(stopped);
}

TEST(Submit, RefusesBadOptions) {
  ThreadPoolExecutor pool(1);
  try {
    pool.submit({.max_retries = -2}, Square, 1);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("max_retries"), HasSubstr("-2")));
  }
}

// CPython: test_executor.test_no_stale_references
TEST(Submit, DestroysTheCallableAndItsArgumentsAtOnce) {
  ThreadPoolExecutor pool(1);
  const auto token = std::make_shared<int>(1);
  const auto future = pool.submit([token](const std::shared_ptr<int>&) {}, token);
  future.result();
  EXPECT_EQ(token.use_count(), 1);
  pool.submit([token](const std::shared_ptr<int>&) {}, token);  // nobody keeps the future
  EXPECT_TRUE(Eventually([&] { return token.use_count() == 1; }));
  Gate gate;
  const auto busy = pool.submit([&] { gate.Pass(); });
  const auto cancelled = pool.submit([token] {});
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_EQ(token.use_count(), 1);
  gate.Open();
}

TEST(Submit, RefusedAfterShutdownLeavesNothing) {
  ThreadPoolExecutor pool(1);
  pool.shutdown();
  const auto token = std::make_shared<int>(1);
  EXPECT_THROW(pool.submit([token] {}), std::runtime_error);
  EXPECT_THROW(pool.post([token] {}), std::runtime_error);
  EXPECT_THROW(pool.map([token](int) {}, std::vector<int>{1}), std::runtime_error);
  EXPECT_EQ(token.use_count(), 1);
}

// Whoever makes a pool of one thread wants things done one after the other, in order.
TEST(Submit, OneWorkerKeepsTheOrder) {
  constexpr int kTasks = 20'000;
  std::vector<int> order;
  {
    Gate gate;
    ThreadPoolExecutor pool(1);
    pool.post([&] { gate.Pass(); });
    for (int i = 0; i < kTasks; ++i) pool.post([&order, i] { order.push_back(i); });
    gate.Open();
    pool.shutdown();
  }
  ASSERT_EQ(order.size(), kTasks);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Submit, TasksOfTasksKeepTheirOrderToo) {
  std::vector<int> order;
  ThreadPoolExecutor pool(1);
  pool.submit([&] {
        for (int i = 0; i < 1'000; ++i) pool.post([&order, i] { order.push_back(i); });
      })
      .result();
  pool.shutdown();
  ASSERT_EQ(order.size(), 1'000);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

// Neither those outside nor a task that submits itself for ever keeps the other from its turn.
TEST(Submit, NobodyStarves) {
  ThreadPoolExecutor pool(1);
  std::atomic<bool> enough{false};
  std::atomic<int> rounds{0};
  std::function<void()> again = [&] {
    ++rounds;
    if (!enough) {
      pool.post(again);
      pool.post([] {});
    }
  };
  pool.post(again);
  for (int i = 0; i < 100; ++i) pool.submit([] {}).result();
  const int before = rounds;
  EXPECT_TRUE(Eventually([&] { return rounds > before; }));
  enough = true;
  pool.shutdown();
}

TEST(Post, RunsAndReportsExceptions) {
  static std::atomic<int> reported{0};
  const auto old = set_unobserved_exception_hook([](std::exception_ptr) { ++reported; });
  std::atomic<int> ran{0};
  {
    ThreadPoolExecutor pool(2);
    pool.post([&ran](int by) { ran += by; }, 3);
    pool.post([&ran](std::stop_token stop) { ran += stop.stop_possible() ? 1 : 100; });
    pool.post([p = std::make_unique<int>(6), &ran] { ran += *p; });
    pool.post([] { throw std::runtime_error("lost"); });
  }
  set_unobserved_exception_hook(old);
  EXPECT_EQ(ran, 10);
  EXPECT_EQ(reported, 1);
}

// CPython: test_executor.test_max_workers_negative
TEST(Options, AreChecked) {
  const auto message = [](ThreadPoolOptions options) -> std::string {
    try {
      ThreadPoolExecutor pool(std::move(options));
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message({.max_workers = -3}), AllOf(HasSubstr("max_workers"), HasSubstr("-3")));
  EXPECT_THAT(message({.max_queued = 0}), AllOf(HasSubstr("max_queued"), HasSubstr("0")));
  EXPECT_THROW(ThreadPoolExecutor(-1), std::invalid_argument);
}

// CPython: test_thread_pool.test_default_workers
TEST(Options, DefaultWorkers) {
  ThreadPoolExecutor pool;
  EXPECT_EQ(pool.max_workers(), std::min(32, internal::UsableCpus() + 4));
  EXPECT_EQ(ThreadPoolExecutor(7).max_workers(), 7);
}

// CPython: test_shutdown.test_thread_names_assigned
TEST(Names, FollowThePrefix) {
  ThreadPoolExecutor pool({.max_workers = 1, .thread_name_prefix = "images"});
  EXPECT_EQ(pool.submit(ThreadName).result(), "images_0");
  ThreadPoolExecutor longer({.max_workers = 1, .thread_name_prefix = "a-very-long-prefix"});
  EXPECT_EQ(longer.submit(ThreadName).result(), "a-very-long-p_0");
}

// CPython: test_shutdown.test_thread_names_default
TEST(Names, HaveADefault) {
  ThreadPoolExecutor pool(1);
  EXPECT_THAT(pool.submit(ThreadName).result(), MatchesRegex("ThreadPool-[0-9]+_0"));
}

// CPython: test_init.test_initializer, of ThreadPoolInitializerTest
TEST(Initializer, RunsOnceInEachThreadBeforeItsFirstTask) {
  static thread_local int initialized = 0;
  std::atomic<int> calls{0};
  Gate gate;
  ThreadPoolExecutor pool({.max_workers = 3, .initializer = [&calls] {
                             ++calls;
                             ++initialized;
                           }});
  std::vector<Future<int>> futures;
  for (int i = 0; i < 30; ++i) {
    futures.push_back(pool.submit([&gate] {
      gate.Pass();
      return initialized;
    }));
  }
  gate.AwaitArrivals(3);
  gate.Open();
  for (const auto& future : futures) EXPECT_EQ(future.result(), 1);
  EXPECT_EQ(calls, 3);
}

// CPython: test_init.test_initializer, of ThreadPoolFailingInitializerTest
TEST(Initializer, FailingBreaksThePool) {
  Gate gate;
  ThreadPoolExecutor pool({.max_workers = 1, .initializer = [&gate] {
                             gate.Pass();
                             throw std::domain_error("no licence");
                           }});
  const auto first = pool.submit(Square, 1);
  const auto second = pool.submit({.priority = 1}, Square, 2);
  gate.Open();
  for (const auto& future : {first, second}) {
    try {
      future.result();
      ADD_FAILURE();
    } catch (const BrokenThreadPool& e) {
      EXPECT_THAT(e.what(), HasSubstr("no licence"));
    }
  }
  EXPECT_THROW(pool.submit(Square, 3), BrokenThreadPool);
  EXPECT_NE(first.exception(), second.exception());
  pool.shutdown();
  EXPECT_THROW(pool.submit(Square, 3), BrokenThreadPool);  // told before the shutdown
  EXPECT_EQ(pool.stats().failed, 2);
  EXPECT_EQ(pool.stats().queued, 0);
}

TEST(Initializer, FailingInTheSecondThreadLeavesWhatRunsAlone) {
  std::atomic<int> calls{0};
  Gate gate;
  ThreadPoolExecutor pool({.max_workers = 2, .initializer = [&calls] {
                             if (++calls == 2) throw std::runtime_error("only one");
                           }});
  const auto running = pool.submit([&gate] {
    gate.Pass();
    return 1;
  });
  gate.AwaitArrivals(1);
  const auto lost = pool.submit(Square, 2);
  EXPECT_THROW(lost.result(), BrokenThreadPool);
  gate.Open();
  EXPECT_EQ(running.result(), 1);
}

// CPython: test_thread_pool.test_saturation
TEST(Threads, AsManyAsMaxWorkersWhenBusy) {
  Gate gate;
  ThreadPoolExecutor pool(4);
  EXPECT_EQ(pool.stats().workers, 0);
  for (int i = 0; i < 15 * pool.max_workers(); ++i) pool.post([&gate] { gate.Pass(); });
  gate.AwaitArrivals(4);
  EXPECT_EQ(pool.stats().workers, 4);
  EXPECT_EQ(pool.stats().running, 4);
  gate.Open();
  pool.shutdown();
  EXPECT_EQ(pool.stats().workers, 0);
  EXPECT_EQ(pool.stats().succeeded, 60);
}

// CPython: test_thread_pool.test_idle_thread_reuse
TEST(Threads, AnIdleOneIsUsedAgain) {
  ThreadPoolExecutor pool(8);
  for (int i = 0; i < 1'000; ++i) pool.submit(Square, i).result();
  EXPECT_EQ(pool.stats().workers, 1);
}

TEST(Threads, OneIsAddedForATaskThatWouldOtherwiseWait) {
  Gate gate;
  ThreadPoolExecutor pool(2);
  const auto busy = pool.submit([&gate] { gate.Pass(); });
  gate.AwaitArrivals(1);
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
  EXPECT_EQ(pool.stats().workers, 2);
  gate.Open();
}

TEST(Stats, CountEverything) {
  Gate gate;
  ThreadPoolExecutor pool(1);
  const auto busy = pool.submit([&gate] { gate.Pass(); });
  gate.AwaitArrivals(1);
  const auto good = pool.submit(Square, 2);
  const auto bad = pool.submit([] { throw 1; });
  const auto unwanted = pool.submit({.priority = 2}, Square, 3);
  EXPECT_EQ(pool.stats().queued, 3);
  EXPECT_TRUE(unwanted.cancel());
  EXPECT_TRUE(unwanted.cancel());  // counts once
  const PoolStats during = pool.stats();
  EXPECT_EQ(during.queued, 2);
  EXPECT_EQ(during.running, 1);
  EXPECT_EQ(during.cancelled, 1);
  gate.Open();
  EXPECT_NE(bad.exception(), nullptr);
  pool.shutdown();
  const PoolStats after = pool.stats();
  EXPECT_EQ(after.queued, 0);
  EXPECT_EQ(after.running, 0);
  EXPECT_EQ(after.succeeded, 2);
  EXPECT_EQ(after.failed, 1);
  EXPECT_EQ(after.cancelled, 1);
  EXPECT_EQ(after.worker_deaths, 0);
}

// CPU time, not wall time: a worker that polled would use all that passes.
TEST(Idle, UsesNoCpu) {
  Gate gate;
  ThreadPoolExecutor pool(8);
  for (int i = 0; i < 8; ++i) pool.post([&gate] { gate.Pass(); });
  gate.AwaitArrivals(8);
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return pool.stats().running == 0; }));
  const auto cpu_ms = [] {
    timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return used.tv_sec * 1'000 + used.tv_nsec / 1'000'000;
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until they have all gone to sleep
  const auto before = cpu_ms();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(cpu_ms() - before, 60);
}

}  // namespace
}  // namespace cohort
