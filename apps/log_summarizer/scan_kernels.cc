#include "apps/log_summarizer/scan_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "apps/log_summarizer/level_name.h"
#include "apps/log_summarizer/level_word.h"
#include "apps/log_summarizer/structured_level.h"

// Two versions: AVX2, and what every processor of this architecture has.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SSE4 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "apps/log_summarizer/scan_kernels.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "hwy/highway.h"

#ifndef COHORT_APPS_LOG_SUMMARIZER_SCAN_KERNELS_CC_ONCE_
#define COHORT_APPS_LOG_SUMMARIZER_SCAN_KERNELS_CC_ONCE_
namespace cohort::log_summarizer {

// Text that is judged in place of the line it was found in, with room around it.
class Excerpt {
 public:
  void Push(char c) {
    if (size_ < kLevelWindow * 4) text_[kScanPadding + size_++] = c;
  }
  const char* begin() const { return text_ + kScanPadding; }
  const char* end() const { return begin() + size_; }

 private:
  std::size_t size_ = 0;
  char text_[kScanPadding + kLevelWindow * 4 + kScanPadding] = {};
};

// The line without terminal colours ("\x1b[31m").
inline Excerpt WithoutEscapes(const char* line, const char* end) {
  Excerpt plain;
  for (const char* at = line; at < end && at - line < 1024; ++at) {
    if (*at != '\x1b') {
      plain.Push(*at);
      continue;
    }
    if (at + 1 < end && at[1] == '[') ++at;
    do {
      ++at;
    } while (at < end && (*at < '@' || *at > '~'));
  }
  return plain;
}

// The line that a container runtime wrapped in JSON.
inline Excerpt Unwrapped(std::string_view escaped) {
  Excerpt plain;
  escaped = escaped.substr(0, 1024);
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] != '\\' || i + 1 == escaped.size()) {
      plain.Push(escaped[i]);
      continue;
    }
    const char c = escaped[++i];
    if (escaped.substr(i).starts_with("u001b")) {
      plain.Push('\x1b');
      i += 4;
      continue;
    }
    plain.Push(c == 't' ? '\t' : c == 'n' || c == 'r' ? ' ' : c);
  }
  return plain;
}

// The first letters of the keys that IsLevelKey() and its kin know.
inline bool MayBeginLevelKey(char c) {
  switch (c) {
    case 'l':
    case 'L':
    case 's':
    case 'S':
    case '@':
    case 'P':
      return true;
    default:
      return false;
  }
}

inline Level LevelOfState(SubstringState state) {
  return state.error ? Level::kError : state.warning ? Level::kWarning : Level::kNone;
}

}  // namespace cohort::log_summarizer
#endif  // COHORT_APPS_LOG_SUMMARIZER_SCAN_KERNELS_CC_ONCE_

HWY_BEFORE_NAMESPACE();
namespace cohort::log_summarizer {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::CappedTag<std::uint8_t, 64>;
using Vec = hn::Vec<Bytes>;

// A bit for each lane of `mask`.
HWY_INLINE std::uint64_t BitsOf(hn::Mask<Bytes> mask) {
  constexpr std::size_t kLanes = hn::MaxLanes(Bytes());
  // Loaded in the width that was stored, which the processor can forward.
  using Word = std::conditional_t<kLanes == 16, std::uint16_t,
                                  std::conditional_t<kLanes == 32, std::uint32_t, std::uint64_t>>;
  alignas(8) std::uint8_t bits[8];
  if constexpr (kLanes < 16) std::memset(bits, 0, sizeof bits);
  hn::StoreMaskBits(Bytes(), mask, bits);
  Word word;
  std::memcpy(&word, bits, sizeof word);
  return word;
}

// A bit for each of 64 bytes: where `test` holds.
template <typename Test>
HWY_INLINE std::uint64_t MaskOf64(const char* at, Test test) {
  const Bytes d;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(at);
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 64; i += hn::Lanes(d)) {
    mask |= BitsOf(test(hn::LoadU(d, bytes + i))) << i;
  }
  return mask;
}

HWY_INLINE std::uint64_t MaskOf(const char* at, char wanted) {
  const Bytes d;
  const Vec value = hn::Set(d, static_cast<std::uint8_t>(wanted));
  return MaskOf64(at, [&](Vec bytes) HWY_ATTR { return hn::Eq(bytes, value); });
}

// The lowest n bits, n <= 64.
HWY_INLINE std::uint64_t LowBits(std::ptrdiff_t n) {
  return n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

// Byte classes by nibble: a byte has the class bits that both its nibbles have.
constexpr std::uint8_t kInitials = 0x03;    // letters that begin level words
constexpr std::uint8_t kDelimiters = 0x7c;  // what may stand before one
constexpr std::uint8_t kSpecials = 0x80;    // { and escape, which need a look wherever they are
alignas(16) constexpr std::uint8_t kLowNibble[16] = {
    0x02 | 0x04,                       // 0: p P, blank
    0x01,                              // 1: a A
    0x00,                              // 2
    0x01 | 0x02,                       // 3: c C, s S
    0x01 | 0x02,                       // 4: d D, t T
    0x01,                              // 5: e E
    0x01 | 0x02,                       // 6: f F, v V
    0x02,                              // 7: w W
    0x04,                              // 8: (
    0x01 | 0x04 | 0x40,                // 9: i I, ), tab
    0x08,                              // a: :
    0x08 | 0x10 | 0x20 | 0x40 | 0x80,  // b: ; [ {, escape
    0x01 | 0x04 | 0x08 | 0x20,         // c: l L, comma, <, |
    0x10 | 0x20,                       // d: ] }
    0x01 | 0x04 | 0x08,                // e: n N, ., >
    0x00,                              // f
};
alignas(16) constexpr std::uint8_t kHighNibble[16] = {
    0x40, 0x40 | 0x80, 0x04, 0x08, 0x01, 0x02 | 0x10, 0x01, 0x02 | 0x20 | 0x80,
    0,    0,           0,    0,    0,    0,           0,    0};

// 64 bytes of a line as bits.
struct TextMasks {
  std::uint64_t initials = 0;
  std::uint64_t delimiters = 0;
  std::uint64_t specials = 0;
};

// Bits where `classes` has one of `wanted`.
HWY_INLINE std::uint64_t BitsWith(Vec classes, std::uint8_t wanted) {
  const Bytes d;
  constexpr std::uint64_t kAll = ~std::uint64_t{0} >> (64 - hn::MaxLanes(Bytes()));
  return BitsOf(hn::Eq(hn::And(classes, hn::Set(d, wanted)), hn::Zero(d))) ^ kAll;
}

HWY_INLINE Vec ClassesOf(Vec text) {
  const Bytes d;
#if HWY_TARGET == HWY_SCALAR
  // A vector of one byte has no room for a table.
  const std::uint8_t byte = hn::GetLane(text);
  return hn::Set(d, kLowNibble[byte & 0x0f] & kHighNibble[byte >> 4]);
#else
  const Vec low =
      hn::TableLookupBytes(hn::LoadDup128(d, kLowNibble), hn::And(text, hn::Set(d, 0x0f)));
  const Vec high = hn::TableLookupBytes(hn::LoadDup128(d, kHighNibble), hn::ShiftRight<4>(text));
  return hn::And(low, high);
#endif
}

HWY_INLINE TextMasks ClassifyText(const char* at) {
  const Bytes d;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(at);
  TextMasks masks;
  for (std::size_t i = 0; i < 64; i += hn::Lanes(d)) {
    const Vec classes = ClassesOf(hn::LoadU(d, bytes + i));
    masks.initials |= BitsWith(classes, kInitials) << i;
    masks.delimiters |= BitsWith(classes, kDelimiters) << i;
    masks.specials |= BitsWith(classes, kSpecials) << i;
  }
  return masks;
}

// Bit i: the exclusive or of bits 0 to i. Of quotes: what lies within them, opening quotes
// included.
HWY_INLINE std::uint64_t PrefixXor(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// The quotes of JSON as bits.
struct JsonMasks {
  std::uint64_t opening = 0;  // quotes that open strings
  std::uint64_t outside = 0;  // opening brackets and backslashes outside strings
  std::uint64_t closing = 0;  // closing brackets outside strings
  bool odd = false;           // backslashes in a row
};

// Masks of 64 bytes after 64 bytes of one JSON text.
class JsonBlocks {
 public:
  HWY_INLINE JsonMasks Next(const char* block, std::uint64_t present) {
    const std::uint64_t slashes = MaskOf(block, '\\') & present;
    const std::uint64_t escaped = slashes << 1 | after_slash_;
    const std::uint64_t quotes = MaskOf(block, '"') & present & ~escaped;
    const std::uint64_t within = PrefixXor(quotes) ^ within_;
    const std::uint64_t opens = MaskOf(block, '{') | MaskOf(block, '[') | slashes;
    after_slash_ = slashes >> 63;
    within_ = std::uint64_t{0} - (within >> 63);
    const std::uint64_t closes = MaskOf(block, '}') | MaskOf(block, ']');
    return {quotes & within, opens & ~within & present, closes & ~within & present,
            (slashes & escaped) != 0};
  }

 private:
  std::uint64_t after_slash_ = 0;  // 1: the last byte was a backslash
  std::uint64_t within_ = 0;       // all ones: it was within a string
};

// The level field of an object without objects before it and with simple escapes; otherwise kNone.
HWY_INLINE Level JudgeFlatJson(const char* at, const char* end) {
  JsonBlocks blocks;
  for (const char* block = at; block < end; block += 64) {
    const JsonMasks masks = blocks.Next(block, LowBits(end - block));
    const std::uint64_t first_brace = block == at ? 1 : 0;
    if (masks.odd || masks.outside != first_brace) return Level::kNone;
    const std::uint64_t before_end = (masks.closing - 1) & ~masks.closing;
    for (std::uint64_t quotes = masks.opening & before_end; quotes != 0; quotes &= quotes - 1) {
      const char* text = block + std::countr_zero(quotes) + 1;
      if (!MayBeginLevelKey(*text)) continue;
      const Level level = LevelOfJsonKey(text, end);
      if (level != Level::kNone) return level;
    }
    if (masks.closing != 0) return Level::kNone;
  }
  return Level::kNone;
}

Verdict JudgeExcerpt(const Excerpt& excerpt);

HWY_NOINLINE Level JudgeJson(const char* at, const char* end) {
  const Level level = JudgeFlatJson(at, end);
  if (level != Level::kNone) return level;
  const JsonLevel json = LevelOfJson(at, end);
  if (json.level != Level::kNone || json.wrapped.empty()) return json.level;
  return JudgeExcerpt(Unwrapped(json.wrapped)).level;
}

HWY_INLINE Level LevelAtCandidate(const char* at, const char* line, const char* end) {
  if (*at != '{') return LevelAt(at, line, end);
  return at[1] == '"' ? JudgeJson(at, end) : Level::kNone;
}

// The verdict on a line with the level at `at`.
HWY_INLINE Verdict VerdictOf(Level level, const char* at, const char* line, const char* end) {
  if (StartsWithDigit(line) || IsFirm(at, line, end)) return {level};
  const std::string_view head(line, std::min<std::size_t>(end - line, 256));
  return IsTraceLine(head) ? Verdict{} : Verdict{level, Footing::kLoose};
}

// The first level word that stands on its own within kLevelWindow.
HWY_INLINE Verdict JudgeText(const char* line, const char* end) {
  std::uint64_t after_delimiter = 1;
  for (const char* block = line; block < end && block < line + kLevelWindow; block += 64) {
    const TextMasks masks = ClassifyText(block);
    const std::uint64_t starts = masks.delimiters << 1 | after_delimiter;
    std::uint64_t candidates = ((masks.initials & starts) | masks.specials) & LowBits(end - block);
    for (; candidates != 0; candidates &= candidates - 1) {
      const char* at = block + std::countr_zero(candidates);
      if (*at == '\x1b') return JudgeExcerpt(WithoutEscapes(line, end));
      const Level level = LevelAtCandidate(at, line, end);
      if (level != Level::kNone) return VerdictOf(level, at, line, end);
    }
    after_delimiter = masks.delimiters >> 63;
  }
  return {};
}

// Whether the 64 bytes at `line` begin with a key and an equals sign.
HWY_INLINE bool IsLogfmt(const char* line, std::uint64_t equals) {
  const std::uint64_t before_sign = (equals - 1) & ~equals;
  if (equals == 0 || (MaskOf(line, ' ') & before_sign) != 0) return false;
  const char* sign = line + std::countr_zero(equals);
  return std::all_of(line, sign, [](char c) { return IsLogfmtKeyChar(c); });
}

// Whether the equals sign at `sign` ends a level key that follows a blank.
HWY_INLINE bool EndsLevelKey(const char* sign, const char* line) {
  const char last = static_cast<char>(sign[-1] | 0x20);
  if (last != 'l' && last != 'y' && last != 'e' && last != 't') return false;
  const char* key = sign;
  while (key > line && IsLogfmtKeyChar(key[-1])) --key;
  if (key > line && key[-1] != ' ' && key[-1] != '\t') return false;
  return IsLevelKey({key, static_cast<std::size_t>(sign - key)});
}

// LevelOfLogfmtValue(), for the common case of a plain word.
HWY_INLINE Level LevelOfField(const char* value, const char* end) {
  const LeadingWord word = LeadingWordOf(value);
  const char* after = value + word.size;
  if (word.size > 2 && word.size < 8 && after < end && *after == ' ') {
    const Level level = NameOf(word.packed, {value, static_cast<std::size_t>(word.size)}).level;
    if (level != Level::kNone) return level;
  }
  return LevelOfLogfmtValue(value, end);
}

// Looks for the level key among the first 64 bytes by their masks; where quotes are odd or it is
// not there, walks the line.
HWY_INLINE Level JudgeLogfmt(std::uint64_t equals, const char* line, const char* end) {
  const std::uint64_t present = LowBits(end - line);
  const std::uint64_t quotes = MaskOf(line, '"') & present;
  const std::uint64_t within = PrefixXor(quotes);
  const bool odd = (MaskOf(line, '\\') & present) != 0 || (quotes & within & ~(equals << 1)) != 0;
  for (std::uint64_t signs = odd ? 0 : equals & ~within; signs != 0; signs &= signs - 1) {
    const char* sign = line + std::countr_zero(signs);
    if (EndsLevelKey(sign, line)) return LevelOfField(sign + 1, end);
  }
  return LevelOfLogfmt(line, end);
}

// log4j's "%5p" puts a blank before the short names; any other indented line continues an event.
HWY_INLINE Verdict JudgeIndented(const char* line, const char* end) {
  if (end - line < 6 || line[0] != ' ' || line[5] != ' ') return {};
  if (std::memcmp(line + 1, "WARN", 4) == 0) return {Level::kWarning};
  return {std::memcmp(line + 1, "INFO", 4) == 0 ? Level::kOther : Level::kNone};
}

HWY_INLINE Verdict JudgeLettered(const char* line, const char* end) {
  if (StartsWithDigit(line + 1) && IsGlog(line, end)) {
    const Level level = LevelFromLetter(*line);
    if (level != Level::kNone) return {level};
  }
  const std::uint64_t equals = MaskOf(line, '=') & LowBits(end - line);
  if (IsLogfmt(line, equals)) return {JudgeLogfmt(equals, line, end)};
  return JudgeText(line, end);
}

HWY_INLINE Verdict JudgeBracketed(const char* line, const char* end) {
  const Level level = LevelOfPriority(line, end);
  return level == Level::kNone ? JudgeText(line, end) : Verdict{level};
}

enum class Head : std::uint8_t { kText, kIndent, kLetter, kBrace, kAngle, kMark };

constexpr std::array<Head, 256> kHeads = [] {
  std::array<Head, 256> heads{};
  for (char c = 'a'; c <= 'z'; ++c) heads[c] = heads[c - 'a' + 'A'] = Head::kLetter;
  heads['@'] = heads['_'] = Head::kLetter;
  heads[' '] = heads['\t'] = Head::kIndent;
  heads['{'] = Head::kBrace;
  heads['<'] = Head::kAngle;
  heads['\0'] = heads[0xef] = Head::kMark;
  return heads;
}();

// Past NULs (what truncating a file under its writer leaves) and UTF-8's byte order mark.
inline const char* SkipMarks(const char* line, const char* end) {
  line = std::find_if(line, end, [](char c) { return c != '\0'; });
  return end - line >= 3 && std::memcmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

HWY_INLINE Verdict JudgeHead(const char* line, const char* end) {
  switch (kHeads[static_cast<unsigned char>(*line)]) {
    case Head::kIndent:
      return JudgeIndented(line, end);
    case Head::kLetter:
      return JudgeLettered(line, end);
    case Head::kBrace:
      return {JudgeJson(line, end)};
    case Head::kAngle:
      return JudgeBracketed(line, end);
    default:
      return JudgeText(line, end);
  }
}

// The head of a line and its verdict.
HWY_INLINE Verdict Judge(const char* line, const char* end) {
  if (line < end && kHeads[static_cast<unsigned char>(*line)] == Head::kMark) {
    line = SkipMarks(line, end);
  }
  if (line == end) return {};
  return JudgeHead(line, end - line > std::ptrdiff_t{kMaxHead} ? line + kMaxHead : end);
}

HWY_NOINLINE Verdict JudgeLine(const char* line, const char* end) { return Judge(line, end); }

HWY_NOINLINE Verdict JudgeExcerpt(const Excerpt& excerpt) {
  return Judge(excerpt.begin(), excerpt.end());
}

HWY_INLINE void Count(Verdict verdict, VerdictCounts& counts) {
  ++counts[static_cast<std::size_t>(verdict.footing)][static_cast<std::size_t>(verdict.level)];
}

const char* ScanLevels(const char* begin, const char* end, VerdictCounts& counts) {
  const char* line = begin;
  for (const char* block = begin; block < end; block += 64) {
    std::uint64_t newlines = MaskOf(block, '\n') & LowBits(end - block);
    for (; newlines != 0; newlines &= newlines - 1) {
      const char* newline = block + std::countr_zero(newlines);
      Count(Judge(line, newline), counts);
      line = newline + 1;
    }
  }
  return line;
}

// Where in the 64 bytes at `at` the two letters stand that begin a word.
HWY_INLINE std::uint64_t PairMask(const char* at, char first, char second) {
  return MaskOf(at, first) & MaskOf(at + 1, second);
}

const char* ScanSubstrings(const char* begin, const char* end, SubstringState& state,
                           VerdictCounts& counts) {
  const char* line = begin;
  for (const char* block = begin; block < end; block += 64) {
    const std::uint64_t newlines = MaskOf(block, '\n');
    const std::uint64_t errors = PairMask(block, 'E', 'R');
    const std::uint64_t warnings = PairMask(block, 'W', 'A');
    std::uint64_t events = (newlines | errors | warnings) & LowBits(end - block);
    for (; events != 0; events &= events - 1) {
      const char* at = block + std::countr_zero(events);
      if (*at == '\n') {
        Count({LevelOfState(state)}, counts);
        state = {};
        line = at + 1;
      } else if (end - at >= 5 && std::memcmp(at, "ERROR", 5) == 0) {
        state.error = true;
      } else if (end - at >= 4 && std::memcmp(at, "WARN", 4) == 0) {
        state.warning = true;
      }
    }
  }
  return line;
}

}  // namespace HWY_NAMESPACE
}  // namespace cohort::log_summarizer
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cohort::log_summarizer {
namespace {

// By hand and not by HWY_EXPORT, which needs libhwy: loading that takes 5 ms, for it measures the
// processor's clock.
constexpr Kernels kPortable = {"portable", &HWY_STATIC_DISPATCH(ScanLevels),
                               &HWY_STATIC_DISPATCH(ScanSubstrings),
                               &HWY_STATIC_DISPATCH(JudgeLine)};

#if HWY_ARCH_X86
constexpr Kernels kAvx2 = {"AVX2", &N_AVX2::ScanLevels, &N_AVX2::ScanSubstrings,
                           &N_AVX2::JudgeLine};

bool HasAvx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("f16c");
}
#endif

}  // namespace

std::vector<Kernels> UsableKernels() {
#if HWY_ARCH_X86
  if (HasAvx2()) return {kAvx2, kPortable};
#endif
  return {kPortable};
}

const Kernels& BestKernels() {
  static const Kernels best = UsableKernels().front();
  return best;
}

}  // namespace cohort::log_summarizer
#endif  // HWY_ONCE
