#include "apps/prime_counter/is_prime.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>

#include "apps/prime_counter/montgomery.h"

namespace cohort::prime_counter {
namespace {

constexpr std::array<std::uint64_t, 16> kSmallPrimes = {2,  3,  5,  7,  11, 13, 17, 19,
                                                        23, 29, 31, 37, 41, 43, 47, 53};
// No composite below this is without one of them.
constexpr std::uint64_t kDecidedBySmallPrimes = 59 * 59;

// Whether `n`, odd and above 2, is prime as far as this base can tell.
bool PassesMillerRabin(std::uint64_t n, const Montgomery& modulo, std::uint64_t base) {
  if (base % n == 0) return true;
  const int twos = std::countr_zero(n - 1);
  std::uint64_t power = modulo.Power(modulo.To(base), (n - 1) >> twos);
  if (power == modulo.one()) return true;
  for (int i = 0; i < twos; ++i) {
    if (power == modulo.minus_one()) return true;
    power = modulo.Multiply(power, power);
  }
  return false;
}

// Pollard's rho as Brent has it: the sequence x -> x^2 + c becomes periodic modulo a factor long
// before it does modulo n. Differences are multiplied, so that one gcd is for many.
class Rho {
 public:
  Rho(std::uint64_t n, std::uint64_t c) : n_(n), modulo_(n), c_(modulo_.To(c)) {}

  // A factor that is neither 1 nor n. None: try another c.
  std::optional<std::uint64_t> Find() {
    std::uint64_t factor = 1;
    for (std::uint64_t length = 1; factor == 1; length *= 2) {
      anchor_ = x_;
      for (std::uint64_t i = 0; i < length; ++i) Step();
      for (std::uint64_t i = 0; i < length && factor == 1; i += kTogether) {
        factor = Try(std::min(kTogether, length - i));
      }
    }
    if (factor == n_) factor = TryOneByOne();
    if (factor == n_) return std::nullopt;
    return factor;
  }

 private:
  static constexpr std::uint64_t kTogether = 128;

  void Step() { x_ = modulo_.Add(modulo_.Multiply(x_, x_), c_); }

  std::uint64_t Difference() const { return x_ > anchor_ ? x_ - anchor_ : anchor_ - x_; }

  std::uint64_t Try(std::uint64_t steps) {
    before_ = x_;
    std::uint64_t product = modulo_.one();
    for (std::uint64_t i = 0; i < steps; ++i) {
      Step();
      product = modulo_.Multiply(product, Difference());
    }
    return std::gcd(product, n_);
  }

  std::uint64_t TryOneByOne() {
    x_ = before_;
    std::uint64_t factor = 1;
    while (factor == 1) {
      Step();
      factor = std::gcd(Difference(), n_);
    }
    return factor;
  }

  std::uint64_t n_;
  Montgomery modulo_;
  std::uint64_t c_;
  std::uint64_t x_ = 2;
  std::uint64_t anchor_ = 2;
  std::uint64_t before_ = 2;
};

// Of a composite number without small factors.
std::uint64_t SomeFactor(std::uint64_t n) {
  for (std::uint64_t c = 1;; ++c) {
    if (const auto factor = Rho(n, c).Find()) return *factor;
  }
}

void AppendFactors(std::uint64_t n, std::vector<std::uint64_t>& factors) {
  if (n == 1) return;
  if (IsPrime(n)) {
    factors.push_back(n);
    return;
  }
  const std::uint64_t factor = SomeFactor(n);
  AppendFactors(factor, factors);
  AppendFactors(n / factor, factors);
}

}  // namespace

bool IsPrime(std::uint64_t number) {
  for (const std::uint64_t prime : kSmallPrimes) {
    if (number % prime == 0) return number == prime;
  }
  if (number < kDecidedBySmallPrimes) return number > 1;
  const Montgomery modulo(number);
  return std::all_of(kBases.begin(), kBases.end(),
                     [&](std::uint64_t base) { return PassesMillerRabin(number, modulo, base); });
}

std::vector<std::uint64_t> Factors(std::uint64_t number) {
  std::vector<std::uint64_t> factors;
  if (number == 0) return factors;
  for (const std::uint64_t prime : kSmallPrimes) {
    for (; number % prime == 0; number /= prime) factors.push_back(prime);
  }
  AppendFactors(number, factors);
  std::sort(factors.begin(), factors.end());
  return factors;
}

}  // namespace cohort::prime_counter
