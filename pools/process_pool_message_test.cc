// Large arguments and results, which do not fit into a ring, and views of them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "futures/future.h"
#include "futures/internal/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pools/internal/process_test_util.h"
#include "pools/process_pool_executor.h"

namespace cohort {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// Different at each place, so that nothing can be exchanged unnoticed.
std::string Text(std::size_t size) {
  std::string text(size, '\0');
  uint32_t state = static_cast<uint32_t>(size) + 1;
  for (char& each : text) {
    state = state * 1664525 + 1013904223;
    each = static_cast<char>(state >> 24);
  }
  return text;
}

uint64_t Digest(std::string_view text) {
  uint64_t digest = 14695981039346656037u;
  for (const char each : text) {
    digest = (digest ^ static_cast<unsigned char>(each)) * 1099511628211u;
  }
  return digest;
}

uint64_t DigestOf(const std::string& text) { return Digest(text); }
std::string Same(std::string text) { return text; }

// Around the limit of a whole record (128 KiB), of a ring (1 MiB), and far above.
std::vector<std::size_t> Sizes() {
  std::vector<std::size_t> sizes{0, 1, 65535, 65536, (std::size_t{128} << 10) - 64};
  for (std::size_t more = 0; more < 64; more += 8)
    sizes.push_back((std::size_t{128} << 10) - 32 + more);
  sizes.insert(sizes.end(), {kMiB - 40, kMiB, kMiB + 1, 3 * kMiB + 7});
  sizes.push_back(kSanitized ? 5 * kMiB : 20 * kMiB);
  return sizes;
}

TEST(ProcessPoolMessage, ArgumentsOfAnySize) {
  ProcessPoolExecutor pool(1);
  for (const std::size_t size : Sizes()) {
    const std::string text = Text(size);
    EXPECT_EQ(pool.submit(DigestOf, text).result(), Digest(text)) << size;
  }
}

TEST(ProcessPoolMessage, ResultsOfAnySize) {
  ProcessPoolExecutor pool(1);
  for (const std::size_t size : Sizes()) {
    EXPECT_EQ(Digest(pool.submit(Text, size).result()), Digest(Text(size))) << size;
  }
}

TEST(ProcessPoolMessage, ThereAndBack) {
  ProcessPoolExecutor pool(2);
  for (const std::size_t size : {kMiB, 4 * kMiB}) {
    std::string text = Text(size);
    const uint64_t digest = Digest(text);
    EXPECT_EQ(Digest(pool.submit(Same, std::move(text)).result()), digest);
  }
}

TEST(ProcessPoolMessage, AViewOfAStreamedMessage) {
  ProcessPoolExecutor pool(1);
  const auto digest_of_both = [](std::string_view a, std::string_view b) {
    return Digest(a) ^ Digest(b);
  };
  for (const std::size_t size : Sizes()) {
    const std::string text = Text(size);
    EXPECT_EQ(pool.submit(digest_of_both, std::string_view(text), "small").result(),
              Digest(text) ^ Digest("small"))
        << size;
  }
}

TEST(ProcessPoolMessage, ALargeArgumentThatIsGivenAwayIsNotTakenBackByWhoGave) {
  ProcessPoolExecutor pool(1);
  std::string text = Text(2 * kMiB);
  const uint64_t digest = Digest(text);
  const auto future = pool.submit(DigestOf, std::move(text));
  text = "something else";
  EXPECT_EQ(future.result(), digest);
}

TEST(ProcessPoolMessage, ALargeArgumentStaysWhatItWasAtTheCall) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto busy = pool.submit(PassGate, gate.path(), 0);
  std::string text = Text(2 * kMiB);
  const uint64_t digest = Digest(text);
  const auto future = pool.submit(DigestOf, text);
  text.assign(text.size(), 'x');
  gate.Open();
  EXPECT_EQ(future.result(), digest);
}

// A temporary view gives nothing away: its text is the caller's.
TEST(ProcessPoolMessage, WhatAViewShowsStaysWhatItWasAtTheCall) {
  RemoteGate gate;
  ProcessPoolExecutor pool(1);
  const auto busy = pool.submit(PassGate, gate.path(), 0);
  const auto digest_of_first = [](const std::vector<std::string_view>& views, std::string given) {
    return Digest(views.front()) ^ Digest(given);
  };
  std::string text = Text(2 * kMiB);
  const uint64_t digest = Digest(text);
  const auto viewed = pool.submit(Digest, std::string_view(text));
  const auto inside = pool.submit(digest_of_first, std::vector<std::string_view>{text}, Text(kMiB));
  text.assign(text.size(), 'x');
  gate.Open();
  EXPECT_EQ(viewed.result(), digest);
  EXPECT_EQ(inside.result(), digest ^ Digest(Text(kMiB)));
}

TEST(ProcessPoolMessage, LargeAndSmallOnesKeepTheirOrder) {
  ScratchFolder folder;
  const std::string file = folder.file("order");
  const auto note = [](const std::string& to, const std::string& text) {
    return WriteLine(to, std::to_string(text.size()));
  };
  std::vector<std::string> expected;
  ProcessPoolExecutor pool(1);
  std::vector<Future<int>> futures;
  for (int i = 0; i < 20; ++i) {
    const std::size_t size = i % 3 == 1 ? kMiB + i : i;
    futures.push_back(pool.submit(note, file, std::string(size, 'x')));
    expected.push_back(std::to_string(size));
  }
  for (const auto& future : futures) EXPECT_EQ(future.result(), 1);
  EXPECT_EQ(LinesOf(file), expected);
}

TEST(ProcessPoolMessage, ManyLargeOnesFromAllWorkersAtOnce) {
  ProcessPoolExecutor pool(3);
  std::vector<Future<std::string>> futures;
  for (std::size_t i = 0; i < 12; ++i) futures.push_back(pool.submit(Same, Text(kMiB + i)));
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(Digest(futures[i].result()), Digest(Text(kMiB + i)));
  }
}

TEST(ProcessPoolMessage, ALargeResultDoesNotHoldUpOtherWorkers) {
  RemoteGate gate;
  ProcessPoolExecutor pool(2);
  const auto busy = pool.submit(PassGate, gate.path(), 1);
  std::vector<Future<std::string>> large;
  for (int i = 0; i < 4; ++i) large.push_back(pool.submit(Text, 2 * kMiB));
  for (const auto& each : large) EXPECT_EQ(each.result().size(), 2 * kMiB);
  EXPECT_FALSE(busy.done());
  gate.Open();
  EXPECT_EQ(busy.result(), 1);
}

TEST(ProcessPoolMessage, ALargeMessageThatNobodyReadsToItsEnd) {
  ProcessPoolExecutor pool(1);
  // Arguments are decoded before the call; it is the function that refuses.
  const auto refuse = [](const std::string& text) -> int {
    throw std::length_error("too long: " + std::to_string(text.size()));
  };
  const auto failed = pool.submit(refuse, Text(3 * kMiB));
  const auto next = pool.submit(Square, 3);
  EXPECT_EQ(next.result(), 9);
  EXPECT_EQ(MessageOf(failed), "too long: " + std::to_string(3 * kMiB));
}

TEST(ProcessPoolMessage, ALongExceptionText) {
  ProcessPoolExecutor pool(1);
  const auto fail = [](std::size_t size) -> int {
    throw std::runtime_error(std::string(size, 'e'));
  };
  EXPECT_EQ(MessageOf(pool.submit(fail, std::size_t{1000})).size(), 1000u);
  // Nobody needs all of it; but what there is must be text of that error, and nothing may break.
  EXPECT_THAT(MessageOf(pool.submit(fail, 2 * kMiB)), testing::StartsWith("eeee"));
  EXPECT_EQ(pool.submit(Square, 3).result(), 9);
}

TEST(ProcessPoolMessage, TheDeathOfAWorkerInTheMiddleOfALargeResult) {
  ProcessPoolExecutor pool(1);
  // A result whose second half crashes as it is encoded: see process_pool_codec_test.cc for other
  // places. Here the first part has been sent by then, or not.
  const auto large_then_dead = [](std::size_t size) {
    std::string text(size, 'x');
    ::alarm(0);
    Crash(SIGKILL);
    return text;
  };
  const auto dead = pool.submit(large_then_dead, 4 * kMiB);
  EXPECT_THROW(dead.result(), WorkerDied);
  EXPECT_EQ(pool.submit(Text, 2 * kMiB).result().size(), 2 * kMiB);
}

}  // namespace
}  // namespace cohort
