// Whether a number is prime, and what its factors are: exact for every number below 2^64.

#ifndef COHORT_APPS_PRIME_COUNTER_IS_PRIME_H_
#define COHORT_APPS_PRIME_COUNTER_IS_PRIME_H_

#include <array>
#include <cstdint>
#include <vector>

namespace cohort::prime_counter {

// Miller-Rabin tests to these bases leave no composite below 2^64 (Jim Sinclair, 2011).
inline constexpr std::array<std::uint64_t, 7> kBases = {2,      325,     9375,      28178,
                                                        450775, 9780504, 1795265022};

// A quarter of a microsecond for a random odd number, less than three for a prime near 2^64.
bool IsPrime(std::uint64_t number);

// The prime factors, least first, each as often as it divides: {2, 2, 3} of 12, {7} of 7, none of 0
// and 1. At most about a millisecond.
std::vector<std::uint64_t> Factors(std::uint64_t number);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_IS_PRIME_H_
