#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/test_util.h"
#include "pools/thread_pool_executor.h"

namespace cohort {
namespace {

using testing::ExitedWithCode;

int Square(int x) { return x * x; }

// CPython: test_shutdown.test_run_after_shutdown
TEST(Shutdown, RefusesWhatComesAfter) {
  ThreadPoolExecutor pool(1);
  pool.shutdown();
  try {
    pool.submit(Square, 2);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("shutdown"));
  }
}

// CPython: test_shutdown.test_threads_terminate, test_context_manager_shutdown, test_del_shutdown
TEST(Shutdown, WaitsForTheTasksAndEndsTheThreads) {
  std::atomic<int> ran{0};
  ThreadPoolExecutor pool(3);
  for (int i = 0; i < 100; ++i) pool.post([&ran] { ++ran; });
  pool.shutdown();
  EXPECT_EQ(ran, 100);
  EXPECT_EQ(pool.stats().workers, 0);
  pool.shutdown();
  pool.shutdown({.wait = true, .cancel_futures = true});
}

TEST(Shutdown, OfAPoolThatWasNeverUsed) {
  ThreadPoolExecutor pool(3);
  pool.shutdown({.wait = false});
  pool.shutdown();
}

// CPython: test_shutdown.test_shutdown_no_wait
TEST(Shutdown, WithoutWaitingStillRunsEverything) {
  Gate gate;
  ThreadPoolExecutor pool(2);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) {
    futures.push_back(pool.submit([&gate, i] {
      gate.Pass();
      return i;
    }));
  }
  pool.shutdown({.wait = false});
  EXPECT_THROW(pool.submit(Square, 1), Error);
  gate.Open();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(futures[i].result(), i);
  EXPECT_TRUE(Eventually([&] { return pool.stats().workers == 0; }));
}

// CPython: test_shutdown.test_cancel_futures
TEST(Shutdown, CancelsWhatHasNotBegun) {
  Gate gate;
  ThreadPoolExecutor pool(2);
  std::vector<Future<void>> futures;
  for (int i = 0; i < 50; ++i) {
    futures.push_back(pool.submit({.priority = i % 3}, [&gate] { gate.Pass(); }));
  }
  gate.AwaitArrivals(2);
  pool.shutdown({.wait = false, .cancel_futures = true});
  gate.Open();
  pool.shutdown();
  int cancelled = 0;
  for (const auto& future : futures) {
    EXPECT_TRUE(future.done());
    cancelled += future.cancelled() ? 1 : 0;
    if (!future.cancelled()) {
      EXPECT_EQ(future.exception(), nullptr);
    }
  }
  EXPECT_EQ(cancelled, 48);
  EXPECT_EQ(pool.stats().cancelled, 48);
  EXPECT_EQ(pool.stats().succeeded, 2);
  EXPECT_EQ(pool.stats().queued, 0);
}

TEST(Shutdown, CancellingSignalsWhatRuns) {
  ThreadPoolExecutor pool(1);
  std::latch started(1);
  const auto running = pool.submit([&](std::stop_token stop) {
    started.count_down();
    while (!stop.stop_requested()) sched_yield();
    return 5;
  });
  started.wait();
  pool.shutdown({.wait = true, .cancel_futures = true});
  EXPECT_EQ(running.result(), 5);
}

TEST(Shutdown, NotCancellingSignalsNobody) {
  Gate gate;
  ThreadPoolExecutor pool(1);
  const auto running = pool.submit([&](std::stop_token stop) {
    gate.Pass();
    return stop.stop_requested();
  });
  gate.AwaitArrivals(1);
  pool.shutdown({.wait = false});
  gate.Open();
  EXPECT_FALSE(running.result());
}

// CPython: test_shutdown.test_hang_issue12364
TEST(Shutdown, AllResultsAreThere) {
  ThreadPoolExecutor pool(4);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(pool.submit(Square, i));
  pool.shutdown();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(futures[i].result(Timeout(absl::ZeroDuration())), i * i);
}

// CPython: test_shutdown.test_hang_gh94440
TEST(Shutdown, AfterACancel) {
  for (int i = 0; i < 100; ++i) {
    ThreadPoolExecutor pool(1);
    pool.submit(Square, 1).result();
    pool.submit(Square, 1).cancel();
    pool.shutdown();
  }
}

// CPython: test_shutdown.test_shutdown_gh_132969_case_1, test_shutdown_gh_132969_case_2
TEST(Shutdown, AfterATaskThatThrew) {
  for (const int workers : {1, 2, 4}) {
    ThreadPoolExecutor pool(workers);
    const auto bad = pool.submit([] { throw std::runtime_error("bad"); });
    const auto good = pool.submit(Square, 2);
    pool.shutdown({.wait = false});
    EXPECT_EQ(good.result(), 4);
    EXPECT_THROW(bad.result(), std::runtime_error);
  }
}

TEST(Shutdown, FromATaskDoesNotWaitForItself) {
  for (const bool cancel : {false, true}) {
    ThreadPoolExecutor pool(2);
    pool.submit([&] { pool.shutdown({.wait = true, .cancel_futures = cancel}); }).result();
    EXPECT_THROW(pool.submit(Square, 2), Error);
  }
}

TEST(Shutdown, FromACallback) {
  ThreadPoolExecutor pool(2);
  std::atomic<bool> called{false};
  pool.submit(Square, 2).add_done_callback([&](const Future<int>&) {
    pool.shutdown();
    called = true;
  });
  EXPECT_TRUE(Eventually([&] { return called.load(); }));
}

TEST(Shutdown, TheDestructorInATask) {
  std::atomic<int> ran{0};
  Gate gate;
  auto pool = std::make_unique<ThreadPoolExecutor>(2);
  ThreadPoolExecutor& handle = *pool;
  const auto last = handle.submit([&gate, &ran, owned = std::move(pool)]() mutable {
    gate.Pass();
    owned.reset();
    ++ran;
  });
  for (int i = 0; i < 100; ++i) handle.post([&ran] { ++ran; });
  gate.Open();
  last.result();
  EXPECT_TRUE(Eventually([&] { return ran == 101; }));
}

TEST(Shutdown, TheDestructorInACallback) {
  auto pool = std::make_unique<ThreadPoolExecutor>(1);
  std::atomic<bool> called{false};
  Gate gate;
  auto future = pool->submit([&gate] { gate.Pass(); });
  future.add_done_callback(
      [&called, owned = std::shared_ptr(std::move(pool))](const Future<void>&) mutable {
        owned.reset();
        called = true;
      });
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return called.load(); }));
}

TEST(Shutdown, AMillionQueued) {
  std::atomic<int> ran{0};
  {
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < kMany; ++i) pool.post([&ran] { ran.fetch_add(1); });
  }
  EXPECT_EQ(ran, kMany);
  Gate gate;
  ThreadPoolExecutor pool(1);
  pool.post([&gate] { gate.Pass(); });
  gate.AwaitArrivals(1);
  for (int i = 0; i < kMany; ++i) pool.post([] {});
  pool.shutdown({.wait = false, .cancel_futures = true});
  EXPECT_EQ(pool.stats().cancelled, kMany);
  gate.Open();
}

TEST(Shutdown, ManyAtTheSameTime) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran{0};
    ThreadPoolExecutor pool(2);
    for (int i = 0; i < 50; ++i) pool.post([&ran] { ++ran; });
    RunThreads(4, [&](int i) {
      pool.shutdown({.wait = i % 2 == 0});
      if (i % 2 == 0) {
        EXPECT_EQ(ran, 50);
      }
    });
  }
}

// What was accepted has run when shutdown returns, also when it was accepted a moment before.
TEST(Shutdown, RacesWithSubmits) {
  for (int round = 0; round < 300; ++round) {
    std::atomic<int> ran{0};
    std::atomic<int> accepted{0};
    ThreadPoolExecutor pool(1 + round % 3);
    RandomYield pause(round);
    std::latch start(3);
    std::vector<std::jthread> submitters;
    for (int i = 0; i < 2; ++i) {
      submitters.emplace_back([&] {
        start.arrive_and_wait();
        try {
          for (;;) {
            pool.post([&ran] { ++ran; });
            ++accepted;
          }
        } catch (const Error&) {
        }
      });
    }
    start.arrive_and_wait();
    for (uint32_t i = pause.Below(20); i > 0; --i) pause();
    pool.shutdown();
    const int after = ran;
    submitters.clear();
    EXPECT_EQ(accepted, after);
  }
}

// A map range may go on submitting while the pool ends.
TEST(Shutdown, TheDestructorRacesWithAMapRange) {
  for (int round = 0; round < 300; ++round) {
    std::optional<ThreadPoolExecutor> pool(std::in_place, 1 + round % 2);
    std::vector<int> input(64);
    auto results = pool->map({.buffersize = 1}, Square, input);
    std::latch start(2);
    std::jthread consumer([&] {
      start.arrive_and_wait();
      try {
        while (results.next()) {
        }
      } catch (const Error&) {
      }
    });
    start.arrive_and_wait();
    RandomYield pause(round);
    for (uint32_t i = pause.Below(10); i > 0; --i) pause();
    pool.reset();
  }
}

// The rest is about the ends of processes: each in a process of its own.

class ProcessEnd : public testing::Test {
 protected:
  ProcessEnd() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// CPython: test_shutdown.test_interpreter_shutdown, test_hang_gh83386
TEST_F(ProcessEnd, WaitsForAStaticPool) {
  EXPECT_EXIT(
      {
        static ThreadPoolExecutor pool(2);
        pool.post([] {
          usleep(20'000);
          std::fputs("apple\n", stderr);
        });
        std::exit(0);
      },
      ExitedWithCode(0), "apple");
}

// CPython: test_shutdown.test_cancel_futures_wait_false
TEST_F(ProcessEnd, AfterAShutdownThatDidNotWait) {
  EXPECT_EXIT(
      {
        static ThreadPoolExecutor pool(1);
        for (int i = 0; i < 10; ++i) pool.post([] { usleep(1'000); });
        pool.shutdown({.wait = false, .cancel_futures = true});
        std::exit(0);
      },
      ExitedWithCode(0), "");
}

TEST_F(ProcessEnd, ExitInATask) {
  EXPECT_EXIT(
      {
        static ThreadPoolExecutor pool(2);
        pool.submit([] { std::exit(3); }).result();
      },
      ExitedWithCode(3), "");
}

// CPython: test_shutdown.test_submit_after_interpreter_shutdown
TEST_F(ProcessEnd, SubmitInALateExitHook) {
  EXPECT_EXIT(
      {
        static ThreadPoolExecutor* late = nullptr;
        std::atexit([] {  // runs after the destructor of what was made later
          try {
            late->submit(Square, 1);
          } catch (const std::runtime_error& e) {
            std::fprintf(stderr, "%s\n", e.what());
          }
        });
        static ThreadPoolExecutor pool(1);
        late = new ThreadPoolExecutor(1);
        late->submit(Square, 1).result();
        late->shutdown();
        std::exit(0);
      },
      ExitedWithCode(0), "cannot schedule new tasks after shutdown");
}

int StatusOf(pid_t child) {
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// CPython: test_thread_pool.test_hang_global_shutdown_lock
TEST_F(ProcessEnd, AForkedChildDestroysThePool) {
  auto pool = std::make_unique<ThreadPoolExecutor>(2);
  pool->submit(Square, 1).result();
  const pid_t child = fork();
  if (child == 0) {
    bool refused = false;
    try {
      pool->submit(Square, 1);
    } catch (const Error&) {
      refused = true;
    }
    pool->shutdown();
    pool.reset();
    _exit(refused ? 0 : 1);
  }
  EXPECT_EQ(StatusOf(child), 0);
  EXPECT_EQ(pool->submit(Square, 2).result(), 4);
}

#ifndef __SANITIZE_THREAD__  // which allows a child of several threads no threads of its own

// CPython: test_thread_pool.test_process_fork_from_a_threadpool
TEST_F(ProcessEnd, AChildForkedInATaskUsesAPoolOfItsOwn) {
  Gate gate;
  ThreadPoolExecutor pool(1);
  std::atomic<int> ran{0};
  const auto forked = pool.submit([&] {
    gate.Pass();
    const pid_t child = fork();
    if (child != 0) return StatusOf(child);
    // Waits as it would in any thread: no task of the parent's may run here.
    int answer = 0;
    {
      ThreadPoolExecutor own(1);
      answer = own.submit([] {
                    usleep(10'000);
                    return 7;
                  })
                   .result();
      const auto inner = own.submit(Square, 3);
      answer += inner.result(std::chrono::seconds(20));
    }
    _exit(answer == 16 && ran == 0 ? 0 : 1);
  });
  gate.AwaitArrivals(1);
  for (int i = 0; i < 5; ++i) pool.post([&ran] { ++ran; });
  gate.Open();
  EXPECT_EQ(forked.result(), 0);
}

#ifndef __SANITIZE_ADDRESS__  // whose search for leaks starts from a main thread, which this child
                              // lacks
TEST_F(ProcessEnd, AChildForkedInATaskMayReturnFromIt) {
  std::array<int, 2> channel{};
  ASSERT_EQ(pipe(channel.data()), 0);
  Gate gate;
  ThreadPoolExecutor pool(1);
  const auto forked = pool.submit([&] {
    gate.Pass();
    return fork();
  });
  gate.AwaitArrivals(1);
  for (int i = 0; i < 5; ++i) {
    pool.post([&] { EXPECT_EQ(write(channel[1], "x", 1), 1); });
  }
  gate.Open();
  EXPECT_EQ(StatusOf(forked.result()), 0);
  pool.shutdown();
  close(channel[1]);
  int written = 0;
  for (char c = 0; read(channel[0], &c, 1) == 1;) ++written;
  close(channel[0]);
  EXPECT_EQ(written, 5);  // by the parent alone
}
#endif

#endif

}  // namespace
}  // namespace cohort
