#include "apps/api_fetcher/results.h"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/test_pipe.h"
#include "gtest/gtest.h"

namespace cohort::api_fetcher {
namespace {

Record RecordOf(int status) {
  return {.url = absl::StrCat("http://host/", status), .status = status, .ok = true};
}

TEST(ResultsTest, AsTheyCome) {
  TestPipe pipe;
  Results results(Format::kJsonLines, false, pipe.in());
  results.Add(1, RecordOf(201));
  results.Add(0, RecordOf(200));
  EXPECT_EQ(results.released(), 2u);
  ASSERT_TRUE(results.Flush());
  const std::string text = pipe.Read();
  EXPECT_LT(text.find("/201"), text.find("/200"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(results.summary().ok(), 2u);
}

TEST(ResultsTest, InOrder) {
  TestPipe pipe;
  Results results(Format::kJsonLines, true, pipe.in());
  for (const int number : {2, 0, 3}) results.Add(number, RecordOf(200 + number));
  EXPECT_EQ(results.released(), 1u);
  results.Add(1, RecordOf(201));
  EXPECT_EQ(results.released(), 4u);
  ASSERT_TRUE(results.Flush());
  const std::string text = pipe.Read();
  EXPECT_LT(text.find("/200"), text.find("/201"));
  EXPECT_LT(text.find("/201"), text.find("/202"));
  EXPECT_LT(text.find("/202"), text.find("/203"));
}

TEST(ResultsTest, InOrderWithGapsAtTheEnd) {
  TestPipe pipe;
  Results results(Format::kJsonLines, true, pipe.in());
  for (const int number : {4, 2}) results.Add(number, RecordOf(200 + number));
  results.ReleaseAll();
  ASSERT_TRUE(results.Flush());
  const std::string text = pipe.Read();
  EXPECT_LT(text.find("/202"), text.find("/204"));
  EXPECT_NE(text.find("/204"), std::string::npos);
}

TEST(ResultsTest, AHeaderWhereTheFormatHasOne) {
  TestPipe pipe;
  Results results(Format::kTsv, false, pipe.in());
  ASSERT_TRUE(results.Flush());
  EXPECT_EQ(pipe.Read(), HeaderOf(Format::kTsv));
}

TEST(ResultsTest, WhoeverAddsWaitsForAWriterThatIsBehind) {
  TestPipe pipe;
  Results results(Format::kJsonLines, false, pipe.in());
  Record big = RecordOf(200);
  big.url.append(1 << 20, 'x');
  std::atomic<int> added = 0;
  std::thread adder([&] {
    for (int i = 0; i < 20; ++i, ++added) results.Add(i, big);
  });
  std::size_t received = 0;
  std::thread reader([&] {
    for (std::string text = pipe.Read(); !text.empty(); text = pipe.Read()) {
      received += text.size();
    }
  });
  while (results.released() < 4) std::this_thread::yield();
  EXPECT_LE(added, 5);
  while (added < 20 || results.unwritten() > 0) ASSERT_TRUE(results.Flush());
  adder.join();
  pipe.CloseWriter();
  reader.join();
  EXPECT_EQ(results.released(), 20u);
  EXPECT_EQ(received, results.written());
}

TEST(ResultsTest, AnErrorIsKeptAndEndsTheWaits) {
  signal(SIGPIPE, SIG_IGN);
  TestPipe pipe;
  pipe.CloseReader();
  Results results(Format::kJsonLines, false, pipe.in());
  results.Add(0, RecordOf(200));
  EXPECT_FALSE(results.Flush());
  EXPECT_EQ(results.error(), std::errc::broken_pipe);
  Record big = RecordOf(200);
  big.url.append(8 << 20, 'x');
  for (int i = 1; i < 4; ++i) results.Add(i, big);
  EXPECT_FALSE(results.Flush());
  EXPECT_EQ(results.summary().done(), 4u);
}

}  // namespace
}  // namespace cohort::api_fetcher
