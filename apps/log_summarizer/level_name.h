// The names of levels, and what they mean.

#ifndef COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_
#define COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/log_summarizer/verdict.h"

namespace cohort::log_summarizer {

struct LevelName {
  // How sure a word is of being a level where it stands in a line of text.
  enum class Kind : std::uint8_t {
    kPlain,
    kEnglish,   // an everyday word unless in capitals or marked: FINE, CONFIG, NOTE
    kPostgres,  // only as PostgreSQL writes it: LOG:
  };
  Level level = Level::kNone;
  Kind kind = Kind::kPlain;
};

// The first eight bytes of a name, as a load on a little-endian machine gives them.
constexpr std::uint64_t Pack(std::string_view name) {
  std::uint64_t packed = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(name.size(), 8); ++i) {
    packed |= std::uint64_t{static_cast<unsigned char>(name[i])} << (8 * i);
  }
  return packed;
}

// What `word` names, in any case; `packed` is Pack() of it in capitals.
LevelName NameOf(std::uint64_t packed, std::string_view word);

// The level that the whole of a field's value names, in any case ("Error", "WRN", "E", "ERROR2"),
// or kNone.
Level LevelFromName(std::string_view name);

// The level that a letter in capitals stands for (glog, logcat), or kNone.
Level LevelFromLetter(char letter);

// The level of a number: syslog's severities up to 7, from 10 those of bunyan and pino (50: error).
Level LevelFromNumber(std::uint64_t number);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_
