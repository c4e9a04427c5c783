// Values of options as people write them.

#ifndef COHORT_APPS_API_FETCHER_VALUES_H_
#define COHORT_APPS_API_FETCHER_VALUES_H_

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace cohort::api_fetcher {

// what() quotes the value and says how to write it; the name of the option is for the caller.
class ValueError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "30s", "500ms", "2m", "1h", "1m30s"; without a unit, seconds: "2.5".
std::chrono::milliseconds ParseDuration(std::string_view text);

// "10/s", "600/m", "100/h"; without a unit, a second. In starts a second.
double ParseRate(std::string_view text);

// "1000", "64k", "10M", "2G", "1MiB": powers of 1024. In bytes.
std::uint64_t ParseSize(std::string_view text);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_VALUES_H_
