// The names of levels, and what they mean.

#ifndef COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_
#define COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_

#include <algorithm>
#include <array>
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

namespace internal {

// A name of at most eight letters.
struct NameEntry {
  std::uint64_t packed = 0;
  LevelName name = {};
};

// Names by a hash without collisions: one look decides, where a tree of comparisons would have the
// processor guess wrong for about every line.
class NameTable {
 public:
  consteval NameTable() {
    while (!Fill()) multiplier_ *= 0x5851f42d4c957f2d;  // odd, so it stays odd
  }

  constexpr LevelName Find(std::uint64_t packed) const {
    const NameEntry& entry = entries_[Slot(packed)];
    return entry.packed == packed ? entry.name : LevelName();
  }

 private:
  static constexpr int kBits = 8;

  constexpr std::size_t Slot(std::uint64_t packed) const {
    return static_cast<std::size_t>((packed * multiplier_) >> (64 - kBits));
  }

  consteval bool Fill() {
    entries_ = {};
    bool fits = true;
    const auto add = [&](std::string_view name, Level level, LevelName::Kind kind) {
      NameEntry& entry = entries_[Slot(Pack(name))];
      fits = fits && entry.packed == 0;
      entry = {Pack(name), {level, kind}};
    };
    for (std::string_view name : {"ERROR", "ERR", "FATAL", "FTL", "SEVERE", "CRIT", "CRITICAL",
                                  "ALERT", "EMERG", "PANIC", "DPANIC"}) {
      add(name, Level::kError, LevelName::Kind::kPlain);
    }
    for (std::string_view name : {"WARN", "WARNING", "WRN"}) {
      add(name, Level::kWarning, LevelName::Kind::kPlain);
    }
    for (std::string_view name : {"INFO", "INF", "DEBUG", "DBG", "TRACE", "TRC", "NOTICE",
                                  "VERBOSE", "VRB", "FINER", "FINEST"}) {
      add(name, Level::kOther, LevelName::Kind::kPlain);
    }
    for (std::string_view name : {"FINE", "CONFIG", "NOTE"}) {
      add(name, Level::kOther, LevelName::Kind::kEnglish);
    }
    for (std::string_view name : {"LOG", "DETAIL", "CONTEXT"}) {
      add(name, Level::kOther, LevelName::Kind::kPostgres);
    }
    return fits;
  }

  std::uint64_t multiplier_ = 0x9e3779b97f4a7c15;
  std::array<NameEntry, 1 << kBits> entries_ = {};
};

inline constexpr NameTable kNames;

// Of nine letters and more.
LevelName NameOfLong(std::string_view word);

}  // namespace internal

// What `word` names, in any case; `packed` is Pack() of it in capitals. Here, to be inlined: it is
// called for each line.
inline LevelName NameOf(std::uint64_t packed, std::string_view word) {
  return word.size() <= 8 ? internal::kNames.Find(packed) : internal::NameOfLong(word);
}

// The level that the whole of a field's value names, in any case ("Error", "WRN", "E", "ERROR2"),
// or kNone.
Level LevelFromName(std::string_view name);

// The level that a letter in capitals stands for (glog, logcat), or kNone.
Level LevelFromLetter(char letter);

// The level of a number: syslog's severities up to 7, from 10 those of bunyan and pino (50: error).
Level LevelFromNumber(std::uint64_t number);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_
