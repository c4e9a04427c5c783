#include "apps/api_fetcher/id_range.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "apps/api_fetcher/values.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::size_t kLongestId = 4096;
constexpr std::size_t kMostDigits = 18;

[[noreturn]] void Fail(std::string_view text, std::string_view what) {
  throw ValueError(absl::StrCat("\"", apps::Printable(text.substr(0, 100)), "\" ", what));
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

std::uint64_t ToNumber(std::string_view text) {
  std::uint64_t number = 0;
  if (text.size() > kMostDigits || !absl::SimpleAtoi(text, &number)) {
    Fail(text, "is too large for a range: numbers have up to 18 digits");
  }
  return number;
}

bool IsPadded(std::string_view number) { return number.size() > 1 && number[0] == '0'; }

bool AreLetters(std::string_view first, std::string_view last) {
  const auto are = [&](bool (*is)(unsigned char)) {
    return first.size() == 1 && last.size() == 1 && is(first[0]) && is(last[0]);
  };
  return are(absl::ascii_islower) || are(absl::ascii_isupper);
}

struct Parts {
  std::string_view first;
  std::string_view last;
  std::string_view step;  // "" where there is none
};

// "1-500/5", "1..500/5" and "1..500..5" apart.
std::optional<Parts> Split(std::string_view text) {
  Parts parts;
  std::size_t mark = text.find("..");
  const bool dots = mark != text.npos;
  if (!dots) mark = text.find('-');
  if (mark == text.npos) return std::nullopt;
  parts.first = text.substr(0, mark);
  parts.last = text.substr(mark + (dots ? 2 : 1));
  // "a-e" is a word.
  if (!dots && !IsNumber(parts.first)) return std::nullopt;
  std::size_t step = parts.last.find('/');
  std::size_t width = 1;
  if (step == parts.last.npos && dots) {
    step = parts.last.find("..");
    width = 2;
  }
  if (step != parts.last.npos) {
    parts.step = parts.last.substr(step + width);
    parts.last = parts.last.substr(0, step);
    if (!IsNumber(parts.step)) return std::nullopt;
  }
  return parts;
}

}  // namespace

std::optional<IdRange> IdRange::ParseNumbers(std::string_view first, std::string_view last) {
  if (!IsNumber(first) || !IsNumber(last)) return std::nullopt;
  IdRange range;
  range.first_ = ToNumber(first);
  range.count_ = ToNumber(last) - range.first_ + 1;
  if (ToNumber(last) < range.first_) range.count_ = 0;
  if (IsPadded(first) || IsPadded(last)) range.width_ = std::max(first.size(), last.size());
  return range;
}

std::optional<IdRange> IdRange::ParseLetters(std::string_view first, std::string_view last) {
  if (!AreLetters(first, last)) return std::nullopt;
  IdRange range;
  range.letters_ = true;
  range.first_ = static_cast<unsigned char>(first[0]);
  range.count_ = last[0] < first[0] ? 0 : static_cast<std::uint64_t>(last[0] - first[0] + 1);
  return range;
}

std::optional<IdRange> IdRange::Parse(std::string_view text) {
  const std::optional<Parts> parts = Split(text);
  if (!parts) return std::nullopt;
  std::optional<IdRange> range = ParseNumbers(parts->first, parts->last);
  if (!range) range = ParseLetters(parts->first, parts->last);
  if (!range) return std::nullopt;
  if (range->count_ == 0) Fail(text, "is reversed: write the lower end first");
  if (!parts->step.empty()) range->step_ = ToNumber(parts->step);
  if (range->step_ == 0) Fail(text, "has a step of 0");
  range->count_ = (range->count_ - 1) / range->step_ + 1;
  return range;
}

void IdRange::AppendTo(std::string& to, std::uint64_t number) const {
  const std::uint64_t value = first_ + number * step_;
  if (!word_.empty()) {
    to += word_;
  } else if (letters_) {
    to += static_cast<char>(value);
  } else {
    const absl::AlphaNum digits(value);
    if (digits.size() < width_) to.append(width_ - digits.size(), '0');
    to += digits.Piece();
  }
}

std::vector<IdRange> ParseIds(std::string_view list) {
  std::vector<IdRange> ids;
  for (std::string_view item : absl::StrSplit(list, ',')) {
    item = absl::StripAsciiWhitespace(item);
    if (item.empty()) Fail(list, "has an empty id: write 1-500,7,x");
    CheckId(item);
    const std::optional<IdRange> range = IdRange::Parse(item);
    ids.push_back(range ? *range : IdRange(item));
  }
  return ids;
}

void CheckId(std::string_view id) {
  if (id.size() > kLongestId) {
    Fail(id, absl::StrCat("is too long for an id: ", id.size(), " bytes, and ", kLongestId,
                          " are the most"));
  }
  if (std::any_of(id.begin(), id.end(), absl::ascii_iscntrl)) {
    Fail(id, "is no id: it has control characters");
  }
}

}  // namespace cohort::api_fetcher
