// The names of levels, and what they mean.

#ifndef COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_
#define COHORT_APPS_LOG_SUMMARIZER_LEVEL_NAME_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

// The ASCII letters that begin a text, up to eight of them.
struct LeadingWord {
  std::uint64_t packed;  // Pack() of them in capitals
  int size;
  bool capitals;  // they are
};

// Reads eight bytes at `at`.
inline LeadingWord LeadingWordOf(const char* at) {
  constexpr auto repeat = [](std::uint64_t byte) { return 0x0101010101010101 * byte; };
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  // The highest bit of each byte: it is from a to z, in either case.
  const std::uint64_t low = (bytes | repeat(0x20)) & repeat(0x7f);
  const std::uint64_t from_a = low + repeat(0x80 - 'a');
  const std::uint64_t after_z = low + repeat(0x80 - 'z' - 1);
  const std::uint64_t others = ~(from_a & ~after_z & ~bytes) & repeat(0x80);
  const int size = std::countr_zero(others) / 8;
  const std::uint64_t within = size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * size) - 1;
  return {bytes & repeat(0xdf) & within, size, (bytes & repeat(0x20) & within) == 0};
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
