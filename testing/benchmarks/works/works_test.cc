// Tests of what the works share.

#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "testing/benchmarks/works/fork_join.h"
#include "testing/benchmarks/works/measuring.h"
#include "testing/benchmarks/works/tally.h"

namespace cohort::benchmarks {
namespace {

TEST(PercentileTest, OfValuesInAnyOrder) {
  const std::vector<double> values = {5, 1, 4, 2, 3};
  EXPECT_EQ(Percentile(values, 0), 1);
  EXPECT_EQ(Percentile(values, 0.5), 3);
  EXPECT_EQ(Percentile(values, 1), 5);
  EXPECT_EQ(Percentile({7}, 0.99), 7);
}

TEST(ForkJoinTest, TheLargestNumberWithinSoManyTasks) {
  EXPECT_EQ(LargestWithin(1).number, 2);
  EXPECT_EQ(LargestWithin(1'346'268).number, 30);
  EXPECT_EQ(LargestWithin(1'346'267).number, 29);
}

// Counts the tasks, which it runs in place.
struct CountingPeer {
  template <typename F, typename G>
  std::pair<std::int64_t, std::int64_t> Fork(F f, G g) {
    ++tasks;
    return {f(), g()};
  }
  std::int64_t tasks = 0;
};

TEST(ForkJoinTest, TheNumberOfTasksIsThatOfTheForks) {
  const ForkJoinSize size = LargestWithin(1000);
  CountingPeer peer;
  Fibonacci(peer, size.number);
  EXPECT_EQ(peer.tasks, size.tasks);
}

TEST(TallyTest, CountsThoseOfThreadsThatHaveEnded) {
  const std::int64_t before = Tally::Sum();
  for (int i = 0; i < 3; ++i) std::jthread([] { Tally::Count(); });
  Tally::Count();
  EXPECT_EQ(Tally::Sum(), before + 4);
  Tally::Await(before + 4);
}

TEST(TallyDeathTest, AMissingTaskEndsTheProgram) {
  EXPECT_EXIT(Tally::Expect(Tally::Sum() + 1), testing::ExitedWithCode(1), "tasks have run");
}

TEST(MeasuringTest, MemoryThatIsTouchedIsResident) {
  const double before = PeakResident();
  const std::vector<char> memory(100 << 20, 'x');
  Keep(memory.data());
  EXPECT_GE(PeakResident(), before + 50e6);
}

}  // namespace
}  // namespace cohort::benchmarks
