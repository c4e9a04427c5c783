#include "apps/prime_counter/pieces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace cohort::prime_counter {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::vector<Piece> Cut(std::uint64_t from, const std::vector<std::uint64_t>& limits, Kind kind,
                       int workers) {
  PieceCutter cutter(from, limits, kind, workers);
  std::vector<Piece> pieces;
  while (auto piece = cutter.Next()) pieces.push_back(*piece);
  return pieces;
}

// The pieces that count for a limit lie side by side and cover [from, limit]; the last completes
// it.
void ExpectCovered(const std::vector<Piece>& pieces, std::uint64_t from, std::uint64_t limit,
                   std::size_t index) {
  std::uint64_t next = from;
  bool complete = false;
  for (const Piece& piece : pieces) {
    if (index < piece.first_limit || index >= piece.last_limit) continue;
    ASSERT_FALSE(complete);
    ASSERT_EQ(piece.begin, next);
    ASSERT_GE(piece.end, piece.begin);
    next = piece.end + 1;
    complete = piece.completes && piece.first_limit == index;
  }
  EXPECT_TRUE(complete);
  EXPECT_EQ(next, limit + 1);
}

TEST(PiecesTest, EachLimitIsCovered) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t from = random() >> (34 + random() % 30);
    std::vector<std::uint64_t> limits;
    for (int n = 0; n < 1 + i % 4; ++n) limits.push_back(from + (random() >> (30 + random() % 34)));
    std::sort(limits.begin(), limits.end());
    limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
    for (const Kind kind : {Kind::kPrimes, Kind::kTwins}) {
      const std::vector<Piece> pieces = Cut(from, limits, kind, 1 + i % 5);
      for (std::size_t n = 0; n < limits.size(); ++n) ExpectCovered(pieces, from, limits[n], n);
    }
  }
}

TEST(PiecesTest, SmallRangesAreOnePiece) {
  EXPECT_EQ(Cut(0, {0}, Kind::kPrimes, 4).size(), 1u);
  EXPECT_EQ(Cut(0, {1'000'000}, Kind::kPrimes, 4).size(), 1u);
  EXPECT_EQ(Cut(kMax, {kMax}, Kind::kTwins, 4).size(), 1u);
  EXPECT_EQ(Cut(0, {0, 1, 2}, Kind::kTwins, 4).size(), 3u);
}

TEST(PiecesTest, TheEndOfAllNumbers) {
  const std::vector<Piece> pieces = Cut(kMax - 3'000'000'000, {kMax}, Kind::kSextuplets, 2);
  ExpectCovered(pieces, kMax - 3'000'000'000, kMax, 0);
}

TEST(PiecesTest, AllNumbersAreNotCutAtOnce) {
  PieceCutter cutter(0, {kMax}, Kind::kPrimes, 2);
  std::uint64_t next = 0;
  for (int i = 0; i < 1000; ++i) {
    const Piece piece = cutter.Next().value();
    EXPECT_LT(piece.end - piece.begin, 1'000'000'000u) << "the first ones are soon done";
    EXPECT_EQ(piece.begin, next);
    next = piece.end + 1;
  }
}

TEST(PiecesTest, CutsAreWhereNoTupletIs) {
  for (const Piece& piece : Cut(0, {1'234'567'890, 9'876'543'210}, Kind::kQuintuplets, 2)) {
    if (piece.completes) continue;
    EXPECT_EQ(piece.end % 30, 1u);
  }
}

TEST(PiecesTest, PiecesGetSmallerTowardsTheEnd) {
  const std::vector<Piece> pieces = Cut(0, {100'000'000'000}, Kind::kPrimes, 2);
  EXPECT_GT(pieces.size(), 100u);
  EXPECT_LT(pieces.size(), 400u);
  EXPECT_GT(pieces.front().end - pieces.front().begin, 400'000'000u);
  EXPECT_LT(pieces.back().end - pieces.back().begin, 20'000'000u);
}

TEST(PiecesTest, FewPiecesWhereEachIsDearToStart) {
  const std::uint64_t from = 1'000'000'000'000'000'000;
  EXPECT_EQ(Cut(from, {from + 1'000'000'000}, Kind::kPrimes, 2).size(), 2u);
  EXPECT_LE(Cut(from, {from + 1'000'000'000}, Kind::kPrimes, 7).size(), 7u);
}

}  // namespace
}  // namespace cohort::prime_counter
