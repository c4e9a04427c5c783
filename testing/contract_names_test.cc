// Cohort's names beside those of POSIX and of the standard library, all brought in at once; and all
// headers in a second unit of the program, so that a definition that is there twice shows.

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <vector>

#include "absl/time/time.h"
#include "futures/combinators.h"
#include "futures/coroutine.h"
#include "futures/errors.h"
#include "futures/future.h"
#include "futures/timeout.h"
#include "futures/wait.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/executor.h"
#include "pools/map.h"
#include "pools/observer.h"
#include "pools/thread_pool_executor.h"
#include "pools/usable_cpus.h"
#include "testing/manual_executor.h"

using namespace cohort;
using namespace std;
using namespace std::chrono;
using namespace std::chrono_literals;
using namespace testing;

namespace {

int twice(int n) { return 2 * n; }

Task<int> twice_later(ThreadPoolExecutor& pool, int n) { co_return co_await pool.submit(twice, n); }

template <Executor E>
int total(E& executor, const vector<int>& numbers) {
  int sum = 0;
  for (int n : executor.map(twice, numbers)) sum += n;
  return sum;
}

TEST(NamesContract, WithoutQualification) {
  ThreadPoolExecutor pool({.max_workers = 2, .max_queued = unbounded});
  const vector<Future<int>> futures = {pool.submit(twice, 1), pool.submit(twice, 2)};
  auto [done, not_done] = wait(futures, {.timeout = 60s, .return_when = ALL_COMPLETED});
  EXPECT_THAT(done, SizeIs(2));
  EXPECT_THAT(not_done, IsEmpty());
  for (const Future<int>& f : as_completed(futures, 1s)) EXPECT_TRUE(f.done());
  EXPECT_THAT(when_all(futures).result(), ElementsAre(2, 4));
  EXPECT_LT(when_any(futures).result().index, 2U);
  EXPECT_EQ(twice_later(pool, 4).start().result(), 8);
  EXPECT_EQ(total(pool, {1, 2}), 6);
  ManualExecutor manual;
  EXPECT_EQ(total(manual, {1, 2}), 6);
  promise<int> standard;
  const future<int> of_standard = standard.get_future();
  EXPECT_TRUE(of_standard.valid());
  const Future<int> broken = Promise<int>().future();
  EXPECT_THROW(broken.result(), BrokenPromise);
}

TEST(NamesContract, BesideWaitOfPosix) {
  const pid_t child = fork();
  if (child == 0) _exit(3);
  int status = 0;
  EXPECT_EQ(wait(&status), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_THAT(wait(vector<Future<int>>()).done, IsEmpty());
}

}  // namespace
