// Arithmetic modulo an odd number below 2^64, without divisions (Montgomery, 1985).

#ifndef COHORT_APPS_PRIME_COUNTER_MONTGOMERY_H_
#define COHORT_APPS_PRIME_COUNTER_MONTGOMERY_H_

#include <cstdint>

namespace cohort::prime_counter {

// A residue x is kept as x * 2^64 mod n, its form. All members take and give forms, but To() takes
// a number. Forms of equal residues are equal.
class Montgomery {
 public:
  // `n`: odd.
  explicit Montgomery(std::uint64_t n) : n_(n), inverse_(InverseOf(n)), one_((0 - n) % n) {
    square_ = static_cast<std::uint64_t>(Wide{one_} * one_ % n);
  }

  std::uint64_t To(std::uint64_t number) const { return Multiply(number % n_, square_); }

  std::uint64_t one() const { return one_; }
  std::uint64_t minus_one() const { return n_ - one_; }

  std::uint64_t Multiply(std::uint64_t a, std::uint64_t b) const {
    const Wide product = Wide{a} * b;
    const auto low = static_cast<std::uint64_t>(product);
    const auto high = static_cast<std::uint64_t>(product >> 64);
    // The multiple of n whose low half is the product's: the difference is divided by 2^64.
    const auto multiple = static_cast<std::uint64_t>(Wide{low * inverse_} * n_ >> 64);
    return high - multiple + (high < multiple ? n_ : 0);
  }

  std::uint64_t Add(std::uint64_t a, std::uint64_t b) const {
    return a >= n_ - b ? a - (n_ - b) : a + b;
  }

  std::uint64_t Power(std::uint64_t base, std::uint64_t exponent) const {
    std::uint64_t power = one_;
    for (; exponent > 0; exponent >>= 1) {
      if ((exponent & 1) != 0) power = Multiply(power, base);
      base = Multiply(base, base);
    }
    return power;
  }

 private:
  __extension__ using Wide = unsigned __int128;

  // Modulo 2^64, by Newton's method: n is its own inverse in the low 3 bits, and each step doubles
  // how many are right.
  static std::uint64_t InverseOf(std::uint64_t n) {
    std::uint64_t inverse = n;
    for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - n * inverse;
    return inverse;
  }

  std::uint64_t n_;
  std::uint64_t inverse_;
  std::uint64_t one_;
  std::uint64_t square_;  // the form of 2^64
};

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_MONTGOMERY_H_
