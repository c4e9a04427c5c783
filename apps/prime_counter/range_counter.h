// Counts primes, twins and so on of a range, in this thread.

#ifndef COHORT_APPS_PRIME_COUNTER_RANGE_COUNTER_H_
#define COHORT_APPS_PRIME_COUNTER_RANGE_COUNTER_H_

#include <cstdint>
#include <string_view>

namespace cohort::prime_counter {

// What is counted. The value is how many primes one of them has.
enum class Kind : int {
  kPrimes = 1,
  kTwins = 2,        // p, p+2
  kTriplets = 3,     // p, p+2, p+6; p, p+4, p+6
  kQuadruplets = 4,  // p, p+2, p+6, p+8
  kQuintuplets = 5,  // a quadruplet and p+12, or p-4
  kSextuplets = 6,   // p, p+4, p+6, p+10, p+12, p+16
};

// "primes", "twins" ...
std::string_view NameOf(Kind kind);

// How many there are from `begin` to `end`, both included: tuplets all of whose primes are. Throws
// std::bad_alloc or primesieve's std::runtime_error.
std::uint64_t CountInRange(std::uint64_t begin, std::uint64_t end, Kind kind);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_RANGE_COUNTER_H_
