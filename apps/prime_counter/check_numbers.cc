#include "apps/prime_counter/check_numbers.h"

#include "apps/prime_counter/is_prime.h"

namespace cohort::prime_counter {

Answers CheckAll(const std::vector<std::uint64_t>& numbers, bool with_factors) {
  Answers answers;
  answers.prime.reserve(numbers.size());
  for (const std::uint64_t number : numbers) {
    answers.prime.push_back(IsPrime(number) ? 1 : 0);
    if (with_factors) answers.factors.push_back(Factors(number));
  }
  return answers;
}

}  // namespace cohort::prime_counter
