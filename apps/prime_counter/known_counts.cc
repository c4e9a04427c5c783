#include "apps/prime_counter/known_counts.h"

#include <cstddef>
#include <initializer_list>

namespace cohort::prime_counter {
namespace {

// By the exponent of ten.
constexpr std::initializer_list<std::uint64_t> kPrimes = {0,
                                                          4,
                                                          25,
                                                          168,
                                                          1229,
                                                          9592,
                                                          78498,
                                                          664579,
                                                          5761455,
                                                          50847534,
                                                          455052511,
                                                          4118054813,
                                                          37607912018,
                                                          346065536839,
                                                          3204941750802,
                                                          29844570422669,
                                                          279238341033925,
                                                          2623557157654233,
                                                          24739954287740860,
                                                          234057667276344607};
constexpr std::initializer_list<std::uint64_t> kTwins = {0,
                                                         2,
                                                         8,
                                                         35,
                                                         205,
                                                         1224,
                                                         8169,
                                                         58980,
                                                         440312,
                                                         3424506,
                                                         27412679,
                                                         224376048,
                                                         1870585220,
                                                         15834664872,
                                                         135780321665,
                                                         1177209242304,
                                                         10304195697298};

std::optional<std::size_t> ExponentOfTen(std::uint64_t number) {
  std::size_t exponent = 0;
  for (; number >= 10 && number % 10 == 0; ++exponent) number /= 10;
  if (number != 1) return std::nullopt;
  return exponent;
}

}  // namespace

std::optional<std::uint64_t> KnownCount(Kind kind, std::uint64_t limit) {
  const std::optional<std::size_t> exponent = ExponentOfTen(limit);
  if (!exponent || (kind != Kind::kPrimes && kind != Kind::kTwins)) return std::nullopt;
  const auto& known = kind == Kind::kPrimes ? kPrimes : kTwins;
  if (*exponent >= known.size()) return std::nullopt;
  return known.begin()[*exponent];
}

}  // namespace cohort::prime_counter
