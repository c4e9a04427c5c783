// The pool of processes as a program outside of this repository has it: with a main() of its own
// test framework, and without a word about processes.

#include <stdexcept>
#include <string>
#include <vector>

#include "futures/errors.h"
#include "gtest/gtest.h"
#include "pools/process_pool_executor.h"

namespace {

struct Order {
  std::string item;
  std::vector<int> amounts;
};

int Total(const Order& order) {
  if (order.amounts.empty()) throw std::invalid_argument("nothing of " + order.item);
  int total = 0;
  for (const int amount : order.amounts) total += amount;
  return total;
}

TEST(Processes, RunCallsOfThisProgram) {
  cohort::ProcessPoolExecutor pool(2);
  EXPECT_EQ(pool.submit(Total, Order{"tea", {1, 2, 3}}).result(), 6);
  EXPECT_THROW(pool.submit(Total, Order{"milk", {}}).result(), std::invalid_argument);
  EXPECT_THROW(pool.submit([] { __builtin_trap(); }).result(), cohort::WorkerDied);
}

}  // namespace
