#include "apps/api_fetcher/status_set.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "apps/api_fetcher/values.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

constexpr int kLowest = 100;
constexpr int kHighest = 599;

// -1: none.
int ParseStatus(std::string_view text) {
  int status = 0;
  const bool is_number =
      text.size() == 3 && absl::ascii_isdigit(text[0]) && absl::SimpleAtoi(text, &status);
  return is_number && status >= kLowest && status <= kHighest ? status : -1;
}

struct Span {
  int first;
  int last;
};

Span ParseSpan(std::string_view item) {
  if (item == "any") return {kLowest, kHighest};
  if (item.size() == 3 && item.substr(1) == "xx") {
    const int first = ParseStatus(absl::StrCat(item.substr(0, 1), "00"));
    return {first, first + 99};
  }
  const std::size_t dash = std::min(item.find('-'), item.size());
  const int first = ParseStatus(item.substr(0, dash));
  return {first, dash == item.size() ? first : ParseStatus(item.substr(dash + 1))};
}

}  // namespace

StatusSet::StatusSet() { Add("2xx"); }

StatusSet::StatusSet(std::string_view text) {
  for (std::string_view item : absl::StrSplit(text, ',')) Add(item);
}

void StatusSet::Add(std::string_view item) {
  const auto [first, last] = ParseSpan(item);
  if (first < 0 || last < first) {
    throw ValueError(absl::StrCat("\"", apps::Printable(item),
                                  "\" is no status: write 200-299, 404 or 2xx, or any"));
  }
  for (int status = first; status <= last; ++status) set_.set(status);
}

}  // namespace cohort::api_fetcher
