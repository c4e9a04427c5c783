// Numbers as people write them.

#ifndef COHORT_APPS_PRIME_COUNTER_NUMBER_H_
#define COHORT_APPS_PRIME_COUNTER_NUMBER_H_

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace cohort::prime_counter {

// what() quotes the text and says how to write it instead.
class NumberError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The whole number that `text` stands for: 1000000, 1_000_000, 1e6, 1.5e6, 10^6 or 10**6, and
// expressions of these with + - * and parentheses, such as 2^64-59. Exact: what comes in between
// may be as large as 2^127-1. Throws NumberError for anything else and for what is not from 0 to
// 2^64-1.
std::uint64_t ParseNumber(std::string_view text);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_NUMBER_H_
