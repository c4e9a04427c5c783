// How a range is cut into tasks.

#ifndef COHORT_APPS_PRIME_COUNTER_PIECES_H_
#define COHORT_APPS_PRIME_COUNTER_PIECES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "apps/prime_counter/range_counter.h"

namespace cohort::prime_counter {

// The numbers from `begin` to `end`, both included, counted by one task.
struct Piece {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  // The limits, by index, to whose counts it adds: [first_limit, last_limit).
  std::size_t first_limit = 0;
  std::size_t last_limit = 0;
  // With it and all before it, the count of first_limit is complete.
  bool completes = false;
};

// Cuts [from, largest limit] at each limit, so that one pass counts for all of them, and what is
// between by size: large enough for the sieve (a piece begins with the primes up to the root of its
// end), and smaller towards the end of the run, so that workers end at about the same time. Gives
// the pieces from below, one when asked: there may be billions. The pieces of a run are the same
// each time. For one thread.
//
// No tuplet is lost between pieces: those of primes above 5 lie within [30k+7, 30k+31], and pieces
// end at 30k+1. A limit elsewhere gets a short piece of its own.
class PieceCutter {
 public:
  // `limits`: ascending, different, at least one; none below `from`.
  PieceCutter(std::uint64_t from, const std::vector<std::uint64_t>& limits, Kind kind, int workers);

  // None: that was all.
  std::optional<Piece> Next();

 private:
  void AddStretches(std::uint64_t from, const std::vector<std::uint64_t>& limits, bool tuplets);
  std::uint64_t SizeOfNext(const Piece& stretch) const;

  std::deque<Piece> stretches_;  // between limits, what is left of them
  std::uint64_t last_;           // the largest limit
  std::uint64_t fair_share_;     // of one worker
  std::uint64_t workers_;
};

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_PIECES_H_
