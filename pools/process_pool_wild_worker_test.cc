// Workers that write anything over the memory that they share with the pool: it may kill them and
// fail their tasks, and goes on.

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "gtest/gtest.h"
#include "ipc/internal/scribble.h"
#include "pools/internal/process_audit.h"
#include "pools/internal/test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

int Square(int n) { return n * n; }
int Scribble(uint32_t seed, uint32_t words, std::size_t reach) {
  ipc::internal::Scribble(seed, words, reach);
  return 1;
}
std::string ScribbleAndGiveText(uint32_t seed, uint32_t words, std::size_t reach) {
  ipc::internal::Scribble(seed, words, reach);
  return std::string(std::size_t{2} << 20, 't');
}

// Any outcome will do.
template <typename T>
void AwaitOutcome(const Future<T>& future) {
  try {
    (void)future.result(std::chrono::milliseconds(100));
  } catch (const TimeoutError&) {
    // A worker that has lost its way may wait for ever, as any task may.
    (void)future.request_stop();
  } catch (const std::exception&) {
  }
}

class ProcessPoolWildWorker : public testing::TestWithParam<std::size_t> {};

TEST_P(ProcessPoolWildWorker, IsAtMostKilled) {
  ForbidCores();
  const ProcessAudit audit;
  for (uint32_t seed = 0; seed < (kSanitized ? 8 : 40); ++seed) {
    ProcessPoolExecutor pool(2);
    std::vector<Future<int>> futures;
    std::vector<Future<std::string>> texts;
    for (uint32_t i = 0; i < 4; ++i) {
      futures.push_back(pool.submit(Scribble, seed * 10 + i, 1 + seed % 20, GetParam()));
      futures.push_back(pool.submit(Square, 3));
      texts.push_back(pool.submit(ScribbleAndGiveText, seed * 10 + i, 1 + seed % 20, GetParam()));
      futures.push_back(pool.submit({.timeout = std::chrono::milliseconds(50)}, Square, 4));
    }
    for (const auto& future : futures) AwaitOutcome(future);
    for (const auto& future : texts) AwaitOutcome(future);
    pool.kill_workers();
    for (const auto& future : futures) EXPECT_TRUE(Eventually([&] { return future.done(); }));
    for (const auto& future : texts) EXPECT_TRUE(Eventually([&] { return future.done(); }));
  }
  audit.ExpectNothingLeft();
}

// Three lines of indices; all words of the block; the beginning of the ring, too.
INSTANTIATE_TEST_SUITE_P(Reach, ProcessPoolWildWorker, testing::Values(384, 4096, 16384));

}  // namespace
}  // namespace cohort
