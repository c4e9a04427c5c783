#include "apps/prime_counter/is_prime.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "apps/prime_counter/montgomery.h"

namespace cohort::prime_counter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

bool IsPrimeByDivision(std::uint64_t n) {
  for (std::uint64_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return n > 1;
}

TEST(MontgomeryTest, AgreesWithDivision) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t n = (random() >> (random() % 60)) | 3;
    const std::uint64_t a = random();
    const std::uint64_t b = random();
    const Montgomery modulo(n);
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<std::uint64_t>(Wide{a} * b % n);
    const auto sum = static_cast<std::uint64_t>((Wide{a} + b) % n);
    EXPECT_EQ(modulo.Multiply(modulo.To(a), modulo.To(b)), modulo.To(product)) << n;
    EXPECT_EQ(modulo.Add(modulo.To(a), modulo.To(b)), modulo.To(sum)) << n;
    EXPECT_EQ(modulo.Add(modulo.one(), modulo.minus_one()), 0u) << n;
  }
}

TEST(IsPrimeTest, SmallNumbers) {
  for (std::uint64_t n = 0; n < 100'000; ++n) EXPECT_EQ(IsPrime(n), IsPrimeByDivision(n)) << n;
}

TEST(IsPrimeTest, AroundPowersOfTwo) {
  for (int bits = 16; bits <= 40; bits += 8) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    for (std::uint64_t n = power - 50; n < power + 50; ++n) {
      EXPECT_EQ(IsPrime(n), IsPrimeByDivision(n)) << n;
    }
  }
}

TEST(IsPrimeTest, TheLargest) {
  for (std::uint64_t n = 18446744073709551557u + 1; n != 0; ++n) EXPECT_FALSE(IsPrime(n)) << n;
  EXPECT_TRUE(IsPrime(18446744073709551557u));
  EXPECT_TRUE(IsPrime(18446744073709551533u));
  EXPECT_FALSE(IsPrime(kMax));
}

// Composites that pass Miller-Rabin to the first 1, 2, 3 ... prime bases (OEIS A014233), Carmichael
// numbers, squares of primes, and a product of two primes near 2^32.
TEST(IsPrimeTest, CompositesThatLookPrime) {
  for (const std::uint64_t n :
       {2047u, 1373653u, 25326001u, 3215031751u, 561u, 1105u, 1729u, 6601u}) {
    EXPECT_FALSE(IsPrime(n)) << n;
  }
  for (const std::uint64_t n :
       {2152302898747u, 3474749660383u, 341550071728321u, 3825123056546413051u, 4295098369u,
        18446743979220271189u, 4294967291u * std::uint64_t{4294967291u}}) {
    EXPECT_FALSE(IsPrime(n)) << n;
  }
}

// The bases themselves, and what divides them, are not excuses.
TEST(IsPrimeTest, DivisorsOfTheBases) {
  for (const std::uint64_t base : kBases) {
    for (const std::uint64_t factor : Factors(base)) EXPECT_TRUE(IsPrime(factor)) << factor;
    EXPECT_EQ(IsPrime(base), IsPrimeByDivision(base)) << base;
  }
}

TEST(IsPrimeTest, Candidates) {
  EXPECT_FALSE(IsPrime(11111111111111111u));
  EXPECT_FALSE(IsPrime(11111111111111113u));
  EXPECT_TRUE(IsPrime(999999999999999989u));
  EXPECT_FALSE(IsPrime(1000000000000000001u));
}

TEST(FactorsTest, Known) {
  EXPECT_THAT(Factors(0), IsEmpty());
  EXPECT_THAT(Factors(1), IsEmpty());
  EXPECT_THAT(Factors(2), ElementsAre(2));
  EXPECT_THAT(Factors(12), ElementsAre(2, 2, 3));
  EXPECT_THAT(Factors(11111111111111111u), ElementsAre(2071723, 5363222357));
  EXPECT_THAT(Factors(3825123056546413051u), ElementsAre(149491, 747451, 34233211));
  EXPECT_THAT(Factors(18446744073709551557u), ElementsAre(18446744073709551557u));
  EXPECT_THAT(Factors(kMax), ElementsAre(3, 5, 17, 257, 641, 65537, 6700417));
  EXPECT_THAT(Factors(std::uint64_t{1} << 63), testing::SizeIs(63));
}

TEST(FactorsTest, PowersOfPrimes) {
  EXPECT_THAT(Factors(4294967291u * std::uint64_t{4294967291u}),
              ElementsAre(4294967291u, 4294967291u));
  EXPECT_THAT(Factors(59 * 59), ElementsAre(59, 59));
  EXPECT_THAT(Factors(61 * 61 * 61), ElementsAre(61, 61, 61));
  EXPECT_THAT(Factors(std::uint64_t{65537} * 65537 * 65537), ElementsAre(65537, 65537, 65537));
}

TEST(FactorsTest, TheProductIsTheNumber) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t n = (random() >> (random() % 64)) + 1;
    const std::vector<std::uint64_t> factors = Factors(n);
    std::uint64_t product = 1;
    for (const std::uint64_t factor : factors) {
      EXPECT_TRUE(IsPrime(factor)) << factor << " of " << n;
      product *= factor;
    }
    if (n != 0) {
      EXPECT_EQ(product, n);
    }
    EXPECT_TRUE(std::is_sorted(factors.begin(), factors.end()));
  }
}

}  // namespace
}  // namespace cohort::prime_counter
