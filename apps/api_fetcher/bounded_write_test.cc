#include "apps/api_fetcher/bounded_write.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "apps/api_fetcher/test_pipe.h"
#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

// Long ago: only what can be written without a wait is written.
const std::chrono::steady_clock::time_point kAtOnce;

std::string Lines(int count, std::size_t size) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::string(size - 1, 'a' + i % 26) + "\n";
  return text;
}

TEST(WriteUntilTest, AFullPipeHoldsNobodyUp) {
  const TestPipe pipe;
  const std::string text = Lines(10'000, 100);
  const Written first = WriteUntil(pipe.in(), text, kAtOnce);
  EXPECT_FALSE(first.error);
  EXPECT_GT(first.bytes, 0u);
  EXPECT_LT(first.bytes, text.size());
  EXPECT_EQ(text[first.bytes - 1], '\n');
  EXPECT_EQ(WriteUntil(pipe.in(), text, kAtOnce).bytes, 0u);
}

TEST(WriteUntilTest, AReaderGetsAllOfIt) {
  const TestPipe pipe;
  const std::string text = Lines(10, 3000) + Lines(3, 3 * PIPE_BUF) + "no newline";
  std::string all;
  for (std::size_t done = 0; done < text.size();) {
    const Written written = WriteUntil(pipe.in(), std::string_view(text).substr(done), kAtOnce);
    ASSERT_FALSE(written.error);
    done += written.bytes;
    while (all.size() < done) all += pipe.Read();
  }
  EXPECT_EQ(all, text);
}

// What a pipe gets in one piece is not mixed with what others write.
TEST(WriteUntilTest, PiecesAreWholeLines) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_DIRECT), 0);  // keeps the pieces apart
  const std::string text = Lines(10, 1500);
  EXPECT_EQ(WriteUntil(ends[1], text, kAtOnce).bytes, text.size());
  char piece[PIPE_BUF];
  EXPECT_EQ(read(ends[0], piece, sizeof piece), 3000);
  EXPECT_EQ(read(ends[0], piece, sizeof piece), 3000);
  close(ends[0]);
  close(ends[1]);
}

TEST(WriteUntilTest, FilesTakeItAll) {
  std::FILE* const file = std::tmpfile();
  const std::string text = Lines(10'000, 100);
  EXPECT_EQ(WriteUntil(fileno(file), text, kAtOnce).bytes, text.size());
  std::fclose(file);
}

TEST(WriteUntilTest, Errors) {
  signal(SIGPIPE, SIG_IGN);
  TestPipe pipe;
  pipe.CloseReader();
  EXPECT_EQ(WriteUntil(pipe.in(), "x", kAtOnce).error, std::errc::broken_pipe);
  EXPECT_EQ(WriteUntil(-1, "x", kAtOnce).error, std::errc::bad_file_descriptor);
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(WriteUntil(full, "x", kAtOnce).error, std::errc::no_space_on_device);
  close(full);
}

}  // namespace
}  // namespace cohort::api_fetcher
