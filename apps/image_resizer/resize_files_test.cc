#include "apps/image_resizer/resize_files.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "apps/image_resizer/test_images.h"
#include "futures/errors.h"
#include "pools/thread_pool_executor.h"
#include "testing/manual_executor.h"

namespace cohort::image_resizer {
namespace {

namespace fs = std::filesystem;

// Without processes: what is here is the order and the number of what is in flight.
class ResizeFilesTest : public ::testing::Test {
 protected:
  ResizeFilesTest() {
    std::string pattern = ::testing::TempDir() + "/resize_files_test.XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.out = root_ / "out";
  }
  ~ResizeFilesTest() override { fs::remove_all(root_); }

  void Write(const std::string& name, const testing::Bytes& content) {
    fs::create_directories(root_ / "in");
    std::ofstream(root_ / "in" / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
  }

  void WriteJpegs(int count) {
    const testing::Bytes jpeg = testing::MakeJpeg(testing::Gradient(16, 16, 3));
    for (int i = 0; i < count; ++i) Write(std::to_string(i) + ".jpg", jpeg);
  }

  Batch MakeBatch() { return Batch(FindImages({root_ / "in"}, {}, {}).images, options_); }

  static std::size_t Count(const Batch& batch, Outcome outcome) {
    return static_cast<std::size_t>(
        std::count_if(batch.results().begin(), batch.results().end(),
                      [outcome](const FileResult& file) { return file.outcome == outcome; }));
  }

  fs::path root_;
  BatchOptions options_;
  RunOptions run_ = {.spec = {.width = 8, .height = 8}};
};

TEST_F(ResizeFilesTest, AllOfThem) {
  WriteJpegs(50);
  Write("bad.jpg", testing::Bytes(99));
  Batch batch = MakeBatch();
  ThreadPoolExecutor pool(2);
  ResizeFiles(pool, batch, run_, [](const Batch&) { return true; });
  EXPECT_EQ(batch.done(), 51);
  EXPECT_EQ(Count(batch, Outcome::kResized), 50);
  EXPECT_EQ(Count(batch, Outcome::kFailed), 1);
  EXPECT_EQ(batch.done_bytes(), batch.all_bytes());
}

// However many there are.
TEST_F(ResizeFilesTest, FewAreInFlight) {
  WriteJpegs(100);
  Batch batch = MakeBatch();
  ManualExecutor executor;
  const std::size_t window = 2 * static_cast<std::size_t>(executor.max_workers()) + 1;
  std::size_t rounds = 0;
  ResizeFiles(executor, batch, run_, [&](const Batch&) {
    EXPECT_LE(executor.stats().queued, window);
    executor.run_all();
    ++rounds;
    return true;
  });
  EXPECT_EQ(Count(batch, Outcome::kResized), 100);
  EXPECT_GT(rounds, 100 / window);
}

TEST_F(ResizeFilesTest, LargestFirst) {
  Write("small.jpg", testing::Bytes(10));
  Write("large.jpg", testing::Bytes(1000));
  Write("medium.jpg", testing::Bytes(100));
  Batch batch = MakeBatch();
  EXPECT_EQ(batch.Next()->bytes.size(), 1000);
  EXPECT_EQ(batch.Next()->bytes.size(), 100);
  EXPECT_EQ(batch.Next()->bytes.size(), 10);
  EXPECT_FALSE(batch.Next());
}

TEST_F(ResizeFilesTest, NoMoreWhenTheCallerSaysNo) {
  WriteJpegs(20);
  Batch batch = MakeBatch();
  ThreadPoolExecutor pool(1);
  ResizeFiles(pool, batch, run_, [](const Batch& so_far) { return so_far.done() < 5; });
  EXPECT_EQ(batch.done(), 5);
  EXPECT_EQ(Count(batch, Outcome::kNotDone), 15);
}

TEST_F(ResizeFilesTest, FailFastStops) {
  options_.fail_fast = true;
  WriteJpegs(20);
  Write("large_and_bad.jpg", testing::Bytes(100'000));
  Batch batch = MakeBatch();
  ThreadPoolExecutor pool(1);
  ResizeFiles(pool, batch, run_, [](const Batch&) { return true; });
  EXPECT_TRUE(batch.stopped());
  EXPECT_EQ(batch.done(), 1);
}

// Each image that is in flight has one.
TEST_F(ResizeFilesTest, TooFewDescriptorsCostTimeAndNoFile) {
  WriteJpegs(20);
  Batch batch = MakeBatch();
  ManualExecutor executor({.max_workers = 20});
  rlimit saved = {};
  getrlimit(RLIMIT_NOFILE, &saved);
  const int next = dup(0);
  const rlimit few = {static_cast<rlim_t>(next) + 4, saved.rlim_max};
  close(next);
  setrlimit(RLIMIT_NOFILE, &few);
  ResizeFiles(executor, batch, run_, [&](const Batch&) {
    executor.run_all();
    return true;
  });
  setrlimit(RLIMIT_NOFILE, &saved);
  EXPECT_EQ(Count(batch, Outcome::kResized), 20);
}

TEST_F(ResizeFilesTest, AnImageWhoseWorkerDiesComesAgainOnce) {
  WriteJpegs(1);
  Batch batch = MakeBatch();
  const auto death = std::make_exception_ptr(WorkerDied("a bug", {.signal = SIGSEGV}));
  batch.Failed(batch.Next()->file, death);
  EXPECT_EQ(batch.done(), 0);
  const auto again = batch.Next();
  ASSERT_TRUE(again);
  batch.Failed(again->file, death);
  EXPECT_FALSE(batch.Next());
  EXPECT_EQ(batch.results()[0].kind, "crashed");
}

TEST_F(ResizeFilesTest, WarningsAreFewAndShort) {
  WriteJpegs(1);
  Batch batch = MakeBatch();
  Answer answer;
  answer.warnings = std::string(1'000'000, '\n');
  for (int i = 0; i < 100; ++i) answer.warnings += std::string(5000, 'x') + "\n";
  batch.Done(batch.Next()->file, answer);
  EXPECT_EQ(batch.results()[0].warnings.size(), 16);
  EXPECT_EQ(batch.results()[0].warnings[0].size(), 200);
}

TEST_F(ResizeFilesTest, AnExceptionEndsTheRunAndIsReported) {
  WriteJpegs(3);
  Batch batch = MakeBatch();
  ThreadPoolExecutor pool(1);
  ResizeFiles(pool, batch, run_, [](const Batch& so_far) {
    if (so_far.done() == 1) throw std::runtime_error("out of luck");
    return true;
  });
  EXPECT_EQ(batch.why_stopped(), "out of luck");
  EXPECT_EQ(Count(batch, Outcome::kResized), 1);
}

}  // namespace
}  // namespace cohort::image_resizer
