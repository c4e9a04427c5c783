// Results as text.

#ifndef COHORT_APPS_PRIME_COUNTER_REPORT_H_
#define COHORT_APPS_PRIME_COUNTER_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/prime_counter/check_numbers.h"
#include "apps/prime_counter/range_counter.h"
#include "apps/prime_counter/tally.h"

namespace cohort::prime_counter {

struct CountRow {
  std::string text;  // the limit as the user wrote it
  LimitCount count;
  std::optional<std::uint64_t> known;  // to compare with
};

// Whether there is a known count, and it is another one.
bool IsWrong(const CountRow& row);

struct CountSummary {
  Kind kind = Kind::kPrimes;
  std::uint64_t from = 0;
  std::vector<CountRow> rows = {};
  bool verify = false;
  bool interrupted = false;
  std::string error = {};  // why it stopped early
  double seconds = 0;
  int workers = 0;
  std::uint64_t worker_deaths = 0;
};

bool IsComplete(const CountSummary& summary);

struct TableStyle {
  bool colour = false;
  bool thousands = false;  // "1,234"
};

// For people. A count that is not complete has a remark that says up to where it is exact.
std::string CountTable(const CountSummary& summary, TableStyle style);

// The counts alone, one a line; one that is not complete is followed by " (only up to N)", which no
// program takes for a number.
std::string PlainCounts(const CountSummary& summary);

// What `"schema"` says. It changes when a field changes its meaning or goes, not for a new one.
inline constexpr int kJsonSchema = 1;

// One JSON document:
//   {"schema": 1, "kind": "primes", "from": 0, "complete": true, "counts": [COUNT...],
//    "seconds": 0.071, "workers": 2, "worker_deaths": 0}
// where COUNT is
//   {"limit": "1e9", "to": 1000000000, "count": 50847534, "complete": true}
// with, where they apply, "counted_to" (up to where the count is exact; null: nowhere) and
// "verified" (null: there is no published count). "interrupted" or "error" says why it is not
// complete.
std::string CountJson(const CountSummary& summary);

// A line for each number: "97 prime", "91 composite = 7 * 13", "1 neither".
std::string AnswerLines(const std::vector<std::uint64_t>& numbers, const Answers& answers);

// A line for each number: {"number":91,"prime":false,"factors":[7,13]}.
std::string AnswerJsonLines(const std::vector<std::uint64_t>& numbers, const Answers& answers);

// "42 %  1.20e+09 numbers/s  0:35 left"
std::string ProgressText(double done, double all, double seconds);

}  // namespace cohort::prime_counter

#endif  // COHORT_APPS_PRIME_COUNTER_REPORT_H_
