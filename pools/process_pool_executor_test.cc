#include "pools/process_pool_executor.h"

#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace cohort {
namespace {

int Square(int n) { return n * n; }
int Raise(int signal) {
  raise(signal);
  return 1;
}

TEST(ProcessPoolTest, RunsCallsInAnotherProcess) {
  ProcessPoolExecutor pool(2);
  EXPECT_EQ(pool.submit(Square, 7).result(), 49);
  EXPECT_NE(pool.submit(getpid).result(), getpid());
  const auto add = [](std::string text, int n) { return text + std::to_string(n); };
  EXPECT_EQ(pool.submit(add, "x", 3).result(), "x3");
}

TEST(ProcessPoolTest, ADeathCostsOneTask) {
  ProcessPoolExecutor pool(1);
  const Future<int> before = pool.submit(Square, 2);
  const Future<int> dead = pool.submit({.name = "deadly"}, Raise, SIGKILL);
  const Future<int> after = pool.submit(Square, 3);
  EXPECT_EQ(before.result(), 4);
  EXPECT_EQ(after.result(), 9);
  try {
    dead.result();
    FAIL();
  } catch (const WorkerDied& error) {
    EXPECT_EQ(error.signal(), SIGKILL) << error.what();
    EXPECT_EQ(error.task(), "deadly");
  }
}

TEST(ProcessPoolTest, LargeArgumentsAndResultsAreStreamed) {
  ProcessPoolExecutor pool(1);
  std::string large(std::size_t{20} << 20, 'x');
  const auto extend = [](std::string text) { return text + "y"; };
  EXPECT_EQ(pool.submit(extend, std::move(large)).result().size(), (std::size_t{20} << 20) + 1);
}

}  // namespace
}  // namespace cohort
