#include "apps/log_summarizer/level_name.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cohort::log_summarizer {

LevelName internal::NameOfLong(std::string_view word) {
  if (absl::EqualsIgnoreCase(word, "emergency")) return {Level::kError};
  if (absl::EqualsIgnoreCase(word, "information")) return {Level::kOther};
  if (absl::EqualsIgnoreCase(word, "statement")) return {Level::kOther, LevelName::Kind::kPostgres};
  return {};
}

Level LevelFromLetter(char letter) {
  switch (letter) {
    case 'E':
    case 'F':
    case 'C':
    case 'A':
      return Level::kError;
    case 'W':
      return Level::kWarning;
    case 'I':
    case 'D':
    case 'V':
    case 'T':
    case 'N':
      return Level::kOther;
    default:
      return Level::kNone;
  }
}

Level LevelFromName(std::string_view name) {
  while (name.size() > 3 && absl::ascii_isdigit(name.back())) name.remove_suffix(1);
  if (name.size() == 1) return LevelFromLetter(absl::ascii_toupper(name[0]));
  if (name.size() > 11) return Level::kNone;
  std::uint64_t packed = 0;
  std::memcpy(&packed, name.data(), std::min<std::size_t>(name.size(), 8));
  return NameOf(packed & 0xdfdfdfdfdfdfdfdf, name).level;
}

Level LevelFromNumber(std::uint64_t number) {
  if (number <= 7)
    return number <= 3 ? Level::kError : number == 4 ? Level::kWarning : Level::kOther;
  return number >= 50 ? Level::kError : number >= 40 ? Level::kWarning : Level::kOther;
}

}  // namespace cohort::log_summarizer
