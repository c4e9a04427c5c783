#include "apps/prime_counter/range_counter.h"

#include <array>
#include <cmath>

#include "apps/prime_counter/is_prime.h"
#include "primesieve.hpp"

namespace cohort::prime_counter {
namespace {

// By the number of primes.
struct Way {
  std::string_view name;
  std::uint64_t (*count)(std::uint64_t begin, std::uint64_t end);
};
constexpr std::array<Way, 6> kWays = {{{"primes", primesieve::count_primes},
                                       {"twins", primesieve::count_twins},
                                       {"triplets", primesieve::count_triplets},
                                       {"quadruplets", primesieve::count_quadruplets},
                                       {"quintuplets", primesieve::count_quintuplets},
                                       {"sextuplets", primesieve::count_sextuplets}}};

const Way& WayOf(Kind kind) { return kWays.at(static_cast<std::size_t>(kind) - 1); }

// The workers are the executor's: primesieve is to start no threads of its own.
void UseOneThread() {
  static const bool done = (primesieve::set_num_threads(1), true);
  static_cast<void>(done);
}

// A sieve begins with the primes up to the root of the end, which near 2^64 takes a second. Testing
// each number of a short range is faster (measured: up to some 400 times as short as the root).
bool IsShort(std::uint64_t begin, std::uint64_t end) {
  return begin <= end && end - begin < static_cast<std::uint64_t>(std::sqrt(end)) / 1000;
}

std::uint64_t CountOneByOne(std::uint64_t begin, std::uint64_t end) {
  std::uint64_t count = IsPrime(begin) ? 1 : 0;
  while (begin < end) count += IsPrime(++begin) ? 1 : 0;
  return count;
}

}  // namespace

std::string_view NameOf(Kind kind) { return WayOf(kind).name; }

std::uint64_t CountInRange(std::uint64_t begin, std::uint64_t end, Kind kind) {
  if (kind == Kind::kPrimes && IsShort(begin, end)) return CountOneByOne(begin, end);
  UseOneThread();
  return WayOf(kind).count(begin, end);
}

}  // namespace cohort::prime_counter
