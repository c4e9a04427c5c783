// Adds up pieces, which come in any order, to a count for each limit.

#ifndef COHORT_APPS_PRIME_COUNTER_TALLY_H_
#define COHORT_APPS_PRIME_COUNTER_TALLY_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "apps/prime_counter/pieces.h"

namespace cohort::prime_counter {

struct LimitCount {
  std::uint64_t limit = 0;
  std::uint64_t count = 0;
  bool complete = false;
  // The count is exact for the numbers up to here. None: nothing was counted yet.
  std::optional<std::uint64_t> counted_to = {};
};

// At each moment, counts() is of all numbers up to some point, without gaps. For one thread.
class Tally {
 public:
  // `limits`: those of the pieces.
  explicit Tally(const std::vector<std::uint64_t>& limits);

  // To be called for all pieces, from below. Returns the ticket to give the piece's count with.
  std::uint64_t Expect(const Piece& piece);
  void Add(std::uint64_t ticket, std::uint64_t count);

  const std::vector<LimitCount>& counts() const { return counts_; }

  // How many numbers have been gone through, those above a gap as well.
  std::uint64_t numbers() const { return numbers_; }

 private:
  struct Entry {
    Piece piece;
    std::optional<std::uint64_t> count;
  };

  void Settle(const Entry& entry);

  std::vector<LimitCount> counts_;
  std::deque<Entry> pending_;        // from the first that has not come
  std::uint64_t first_pending_ = 0;  // its ticket
  std::uint64_t numbers_ = 0;
};

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_TALLY_H_
