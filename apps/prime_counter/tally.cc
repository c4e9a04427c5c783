#include "apps/prime_counter/tally.h"

namespace cohort::prime_counter {

Tally::Tally(const std::vector<std::uint64_t>& limits) {
  counts_.reserve(limits.size());
  for (const std::uint64_t limit : limits) counts_.push_back({.limit = limit});
}

std::uint64_t Tally::Expect(const Piece& piece) {
  pending_.push_back({piece, std::nullopt});
  return first_pending_ + pending_.size() - 1;
}

void Tally::Add(std::uint64_t ticket, std::uint64_t count) {
  Entry& entry = pending_.at(ticket - first_pending_);
  entry.count = count;
  numbers_ += entry.piece.end - entry.piece.begin;
  for (; !pending_.empty() && pending_.front().count; ++first_pending_) {
    Settle(pending_.front());
    pending_.pop_front();
  }
}

void Tally::Settle(const Entry& entry) {
  for (std::size_t i = entry.piece.first_limit; i < entry.piece.last_limit; ++i) {
    counts_[i].count += *entry.count;
    counts_[i].counted_to = entry.piece.end;
  }
  if (entry.piece.completes) counts_[entry.piece.first_limit].complete = true;
}

}  // namespace cohort::prime_counter
