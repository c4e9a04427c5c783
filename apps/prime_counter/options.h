// The command line.

#ifndef COHORT_APPS_PRIME_COUNTER_OPTIONS_H_
#define COHORT_APPS_PRIME_COUNTER_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/prime_counter/executor_kind.h"
#include "apps/prime_counter/range_counter.h"

namespace cohort::prime_counter {

enum class Command { kCount, kIs };

// A number, and how the user wrote it.
struct Limit {
  std::string text;
  std::uint64_t number = 0;
};

struct Options {
  Command command = Command::kCount;

  // Of kCount.
  Kind kind = Kind::kPrimes;
  std::uint64_t from = 0;
  std::vector<Limit> limits = {};  // as given; at least one; none below `from`
  bool verify = false;
  bool plain = false;

  // Of kIs.
  std::vector<std::uint64_t> numbers = {};
  bool read_input = false;  // standard input has more numbers
  bool why = false;

  // Of both.
  ExecutorKind executor = kDefaultExecutor;
  int workers = 0;  // 0: one for each processor
  bool json = false;
  bool quiet = false;
};

// The options, or the exit status where there is nothing more to do: after --help, and after a
// message on standard error about a command line that is wrong.
struct ParsedOptions {
  std::optional<Options> options = {};
  int exit_status = 0;
};
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_OPTIONS_H_
