// Counts that others have published.

#ifndef COHORT_APPS_PRIME_COUNTER_KNOWN_COUNTS_H_
#define COHORT_APPS_PRIME_COUNTER_KNOWN_COUNTS_H_

#include <cstdint>
#include <optional>

#include "apps/prime_counter/range_counter.h"

namespace cohort::prime_counter {

// How many primes or twins there are up to a power of ten (OEIS A006880, A007508): primes to 1e19,
// twins to 1e16. None for anything else.
std::optional<std::uint64_t> KnownCount(Kind kind, std::uint64_t limit);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_KNOWN_COUNTS_H_
