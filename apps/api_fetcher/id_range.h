// Ids as people write them: 7, 1-500, 001-500, 1..500..5, a..e, alice.

#ifndef COHORT_APPS_API_FETCHER_ID_RANGE_H_
#define COHORT_APPS_API_FETCHER_ID_RANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::api_fetcher {

// One id or a range of them, counted through and never listed.
class IdRange {
 public:
  // Just that word.
  explicit IdRange(std::string_view word) : word_(word) {}

  // A range: FIRST-LAST or FIRST..LAST, with a step as 1-500/5 or 1..500..5. Zeros before FIRST or
  // LAST give all numbers that width. Nothing where `text` is not of that form. Throws ValueError
  // (values.h) where it is but makes no sense.
  static std::optional<IdRange> Parse(std::string_view text);

  std::uint64_t count() const { return count_; }

  void AppendTo(std::string& to, std::uint64_t number) const;

 private:
  IdRange() = default;
  static std::optional<IdRange> ParseNumbers(std::string_view first, std::string_view last);
  static std::optional<IdRange> ParseLetters(std::string_view first, std::string_view last);

  std::string word_;
  std::uint64_t first_ = 0;
  std::uint64_t step_ = 1;
  std::uint64_t count_ = 1;
  std::size_t width_ = 0;
  bool letters_ = false;
};

// A list with commas, each a range or a word. Throws ValueError.
std::vector<IdRange> ParseIds(std::string_view list);

// Throws ValueError unless `id` can stand in URLs, headers and records: with control characters it
// could end a header.
void CheckId(std::string_view id);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_ID_RANGE_H_
