#include "apps/prime_counter/pieces.h"

#include <algorithm>
#include <cmath>

namespace cohort::prime_counter {
namespace {

// Below this, even a process has more to do with the task than with the sieve.
constexpr std::uint64_t kLeast = 1'000'000;

// To start a piece costs as much as to sieve 1 to 5 times the root of its end (measured from 1e12
// to 2^64). So this loses 3 %, where there is that much to do ...
constexpr std::uint64_t kRootsInLarge = 128;
// ... and this is acceptable where it lets all workers end together.
constexpr std::uint64_t kRootsInSmall = 16;

// A tenth of a second at 1e10, and half a minute near 2^64: what a worker that dies can lose.
constexpr std::uint64_t kLarge = 500'000'000;
constexpr std::uint64_t kLargest = 20'000'000'000;
constexpr std::uint64_t kSmall = 10'000'000;

std::uint64_t Root(std::uint64_t n) {
  return static_cast<std::uint64_t>(std::sqrt(static_cast<double>(n)));
}

// How far `n`, not 0, is above the last 30k+1.
std::uint64_t AboveAlignment(std::uint64_t n) { return (n % 30 + 29) % 30; }

}  // namespace

PieceCutter::PieceCutter(std::uint64_t from, const std::vector<std::uint64_t>& limits, Kind kind,
                         int workers)
    : last_(limits.back()),
      fair_share_((last_ - from) / static_cast<std::uint64_t>(workers) + 1),
      workers_(static_cast<std::uint64_t>(workers)) {
  AddStretches(from, limits, kind != Kind::kPrimes);
}

void PieceCutter::AddStretches(std::uint64_t from, const std::vector<std::uint64_t>& limits,
                               bool tuplets) {
  const std::size_t all = limits.size();
  for (std::size_t i = 0; i < all; ++i) {
    const bool aligns = tuplets && i + 1 < all && limits[i] > 0;
    const std::uint64_t above = aligns ? AboveAlignment(limits[i]) : 0;
    const std::uint64_t common_end = limits[i] - above;  // of what later limits count, too
    const bool has_common = common_end >= from;
    if (has_common) stretches_.push_back({from, common_end, i, all, above == 0});
    if (has_common && i + 1 < all) from = common_end + 1;
    if (above > 0) stretches_.push_back({from, limits[i], i, i + 1, true});
  }
}

// What is left is shared among the workers twice over, again and again.
std::uint64_t PieceCutter::SizeOfNext(const Piece& stretch) const {
  const std::uint64_t root = Root(stretch.begin + std::min(stretch.end - stretch.begin, kLargest));
  const std::uint64_t large = std::clamp(kRootsInLarge * root, kLarge, kLargest);
  const std::uint64_t small = std::min(std::max(kSmall, kRootsInSmall * root), fair_share_);
  const std::uint64_t share = (last_ - stretch.begin) / (2 * workers_);
  return std::max(kLeast, std::clamp(share, std::min(small, large), large));
}

std::optional<Piece> PieceCutter::Next() {
  if (stretches_.empty()) return std::nullopt;
  Piece& stretch = stretches_.front();
  Piece piece = stretch;
  const std::uint64_t size = SizeOfNext(stretch);
  // No crumbs: a rest of less than half a piece goes with the last.
  if (stretch.end - stretch.begin < size + size / 2) {
    stretches_.pop_front();
    return piece;
  }
  piece.end = stretch.begin + size;
  piece.end -= AboveAlignment(piece.end);
  piece.completes = false;
  stretch.begin = piece.end + 1;
  return piece;
}

}  // namespace cohort::prime_counter
