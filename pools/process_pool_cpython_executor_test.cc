// Twins of CPython's tests of every executor (Lib/test/test_concurrent_futures, executor.py), each
// under the name of its model. Those that are not here are in process_pool_map_test.cc and
// testing/executor_conformance.h: docs/design/process_pool.md says which.

#include <cstddef>
#include <memory>
#include <ranges>
#include <vector>

#include "futures/future.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/codec.h"
#include "pools/internal/process_test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A value of which it can be told, in each process, whether it is still there.
struct Tracked {
  int n = 0;
  std::shared_ptr<int> token = std::make_shared<int>(0);
};

int NumberOf(const Tracked& tracked) { return tracked.n; }
Tracked MakeTracked(int n) { return {.n = n}; }
int Add(int a, int b) { return a + b; }

template <typename Range>
std::vector<int> All(Range range) {
  return {range.begin(), range.end()};
}

}  // namespace

template <>
struct ipc::Codec<Tracked> {
  static void encode(Writer& writer, const Tracked& value) { writer.WriteRaw(value.n); }
  static Tracked decode(Reader& reader) { return {.n = reader.ReadRaw<int>()}; }
};

namespace {

// test_map_buffersize: smaller than the input, equal, larger.
TEST(CPythonExecutor, MapBuffersize) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t buffersize : {1, 2, 4, 8}) {
    EXPECT_THAT(All(pool.map({.buffersize = buffersize}, Square, {0, 1, 2, 3})),
                ElementsAre(0, 1, 4, 9))
        << buffersize;
  }
}

// test_map_buffersize_on_multiple_iterables
TEST(CPythonExecutor, MapBuffersizeOnMultipleIterables) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t buffersize : {1, 2, 4, 8}) {
    EXPECT_THAT(All(pool.map({.buffersize = buffersize}, Add, {0, 1, 2, 3}, {10, 20, 30, 40})),
                ElementsAre(10, 21, 32, 43))
        << buffersize;
  }
}

// test_map_buffersize_on_multiple_infinite_iterables
TEST(CPythonExecutor, MapBuffersizeOnMultipleInfiniteIterables) {
  ProcessPoolExecutor pool(2);
  auto sums = pool.map({.buffersize = 2}, Add, std::views::iota(0), std::views::iota(10));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sums.next(), 10 + 2 * i);
}

// test_map_buffersize_on_empty_iterable
TEST(CPythonExecutor, MapBuffersizeOnEmptyIterable) {
  ProcessPoolExecutor pool(2);
  EXPECT_THAT(All(pool.map({.buffersize = 2}, Square, std::vector<int>())), IsEmpty());
}

// test_shutdown_race_issue12456: more elements than workers, and the end at once.
TEST(CPythonExecutor, ShutdownRaceIssue12456) {
  for (int round = 0; round < 10; ++round) {
    ProcessPoolExecutor pool(2);
    const auto results = pool.map(Square, {2, 2, 2});
    pool.shutdown();
    EXPECT_EQ(pool.stats().succeeded, 3u);
  }
}

// test_no_stale_references: no copy of the argument is kept, though the future is.
TEST(CPythonExecutor, NoStaleReferences) {
  ProcessPoolExecutor pool(1);
  std::weak_ptr<int> token;
  Future<int> future;
  {
    const Tracked argument{.n = 5};
    token = argument.token;
    future = pool.submit(NumberOf, argument);
  }
  EXPECT_TRUE(token.expired());
  EXPECT_EQ(future.result(), 5);
}

// test_free_reference: nothing is kept of a result that was taken.
TEST(CPythonExecutor, FreeReference) {
  ProcessPoolExecutor pool(1);
  for (const std::size_t chunksize : {1, 3}) {
    auto results = pool.map({.chunksize = chunksize}, MakeTracked, {0, 1, 2, 3, 4});
    for (int i = 0; i < 5; ++i) {
      auto each = results.next();
      ASSERT_TRUE(each);
      EXPECT_EQ(each->n, i);
      const std::weak_ptr<int> token = each->token;
      each.reset();
      EXPECT_TRUE(token.expired());
    }
  }
}

}  // namespace
}  // namespace cohort
