#include "apps/log_summarizer/level_name.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cohort::log_summarizer {
namespace {

using Kind = LevelName::Kind;

constexpr LevelName kError{Level::kError};
constexpr LevelName kWarning{Level::kWarning};
constexpr LevelName kOther{Level::kOther};

LevelName NameOfThree(std::uint64_t packed) {
  switch (packed) {
    case Pack("ERR"):
    case Pack("FTL"):
      return kError;
    case Pack("WRN"):
      return kWarning;
    case Pack("INF"):
    case Pack("DBG"):
    case Pack("TRC"):
    case Pack("VRB"):
      return kOther;
    case Pack("LOG"):
      return {Level::kOther, Kind::kPostgres};
    default:
      return {};
  }
}

LevelName NameOfFour(std::uint64_t packed) {
  switch (packed) {
    case Pack("INFO"):
      return kOther;
    case Pack("WARN"):
      return kWarning;
    case Pack("CRIT"):
      return kError;
    case Pack("FINE"):
    case Pack("NOTE"):
      return {Level::kOther, Kind::kEnglish};
    default:
      return {};
  }
}

LevelName NameOfFive(std::uint64_t packed) {
  switch (packed) {
    case Pack("ERROR"):
    case Pack("FATAL"):
    case Pack("PANIC"):
    case Pack("ALERT"):
    case Pack("EMERG"):
      return kError;
    case Pack("DEBUG"):
    case Pack("TRACE"):
    case Pack("FINER"):
      return kOther;
    default:
      return {};
  }
}

LevelName NameOfSix(std::uint64_t packed) {
  switch (packed) {
    case Pack("SEVERE"):
    case Pack("DPANIC"):
      return kError;
    case Pack("NOTICE"):
    case Pack("FINEST"):
      return kOther;
    case Pack("CONFIG"):
      return {Level::kOther, Kind::kEnglish};
    case Pack("DETAIL"):
      return {Level::kOther, Kind::kPostgres};
    default:
      return {};
  }
}

LevelName NameOfSeven(std::uint64_t packed) {
  switch (packed) {
    case Pack("WARNING"):
      return kWarning;
    case Pack("VERBOSE"):
      return kOther;
    case Pack("CONTEXT"):
      return {Level::kOther, Kind::kPostgres};
    default:
      return {};
  }
}

// Names of eight letters and more; `word` has all of them.
LevelName NameOfMany(std::string_view word) {
  if (absl::EqualsIgnoreCase(word, "critical")) return kError;
  if (absl::EqualsIgnoreCase(word, "emergency")) return kError;
  if (absl::EqualsIgnoreCase(word, "information")) return kOther;
  if (absl::EqualsIgnoreCase(word, "statement")) return {Level::kOther, Kind::kPostgres};
  return {};
}

}  // namespace

LevelName NameOf(std::uint64_t packed, std::string_view word) {
  switch (word.size()) {
    case 3:
      return NameOfThree(packed);
    case 4:
      return NameOfFour(packed);
    case 5:
      return NameOfFive(packed);
    case 6:
      return NameOfSix(packed);
    case 7:
      return NameOfSeven(packed);
    default:
      return word.size() < 8 ? LevelName{} : NameOfMany(word);
  }
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
