#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "apps/prime_counter/report.h"

namespace cohort::prime_counter {
namespace {

const char* Verdict(std::uint64_t number, bool prime) {
  if (number < 2) return "neither";
  return prime ? "prime" : "composite";
}

}  // namespace

std::string AnswerLines(const std::vector<std::uint64_t>& numbers, const Answers& answers) {
  std::string lines;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool prime = answers.prime[i] != 0;
    absl::StrAppend(&lines, numbers[i], " ", Verdict(numbers[i], prime));
    if (!answers.factors.empty() && !prime && numbers[i] > 1) {
      absl::StrAppend(&lines, " = ", absl::StrJoin(answers.factors[i], " * "));
    }
    lines += '\n';
  }
  return lines;
}

std::string AnswerJsonLines(const std::vector<std::uint64_t>& numbers, const Answers& answers) {
  std::string lines;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    absl::StrAppend(&lines, "{\"number\":", numbers[i],
                    ",\"prime\":", answers.prime[i] != 0 ? "true" : "false");
    if (!answers.factors.empty()) {
      absl::StrAppend(&lines, ",\"factors\":[", absl::StrJoin(answers.factors[i], ","), "]");
    }
    lines += "}\n";
  }
  return lines;
}

}  // namespace cohort::prime_counter
