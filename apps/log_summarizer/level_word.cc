#include "apps/log_summarizer/level_word.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "apps/log_summarizer/level_name.h"
#include "apps/log_summarizer/structured_level.h"

namespace cohort::log_summarizer {
namespace {

// Lambdas, which are inlined, and not functions.
constexpr auto kIsDigit = [](char c) { return c >= '0' && c <= '9'; };
constexpr auto kIsLetter = [](char c) { return absl::ascii_isalpha(c); };

std::uint64_t Load(const char* at) {
  std::uint64_t bytes;
  std::memcpy(&bytes, at, sizeof bytes);
  return bytes;
}

constexpr std::uint64_t Repeat(std::uint64_t byte) { return 0x0101010101010101 * byte; }

// Where in the eight bytes the run of ASCII letters that begins them ends.
int LetterRun(std::uint64_t bytes) {
  const std::uint64_t low = (bytes | Repeat(0x20)) & Repeat(0x7f);
  const std::uint64_t from_a = low + Repeat(0x80 - 'a');
  const std::uint64_t after_z = low + Repeat(0x80 - 'z' - 1);
  const std::uint64_t other = ~(from_a & ~after_z & ~bytes) & Repeat(0x80);
  return std::countr_zero(other) / 8;
}

// The lowest `n` bytes, n <= 8.
constexpr std::uint64_t LowBytes(int n) {
  return n >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * n)) - 1;
}

bool Digits(const char* at, const char* end, int n) {
  return end - at >= n && std::all_of(at, at + n, kIsDigit);
}

// Whether a word may end before `c`. A slash ends one in capitals (Celery: "ERROR/MainProcess]").
bool EndsWord(char c, bool capitals) {
  switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case ']':
    case ')':
    case '>':
    case '|':
    case '}':
    case ':':
    case ',':
    case ';':
      return true;
    case '/':
      return capitals;
    default:
      return false;
  }
}

// Whether what stands right beside a word marks it as a field: "[error]", "error:", "|warn|".
bool IsMarked(char before, char after) {
  return std::strchr("[(<|\t", before) != nullptr || std::strchr("])>|:\t", after) != nullptr;
}

// The token before `at`, between blanks; empty at the start of the line.
std::string_view TokenBefore(const char* at, const char* line) {
  const char* end = at;
  while (end > line && end[-1] == ' ') --end;
  const char* begin = end;
  while (begin > line && begin[-1] != ' ' && end - begin < 64) --begin;
  return {begin, static_cast<std::size_t>(end - begin)};
}

// Whether a word after `token` reads as part of a sentence or a count ("without error", "1 error")
// and not as a field after a timestamp, a host or a process.
bool IsProse(std::string_view token) {
  if (token.empty()) return false;
  const char last = token.back();
  if (kIsDigit(last)) {
    return token.size() < 9 && std::all_of(token.begin(), token.end(), kIsDigit);
  }
  if (std::strchr(",;.!", last) != nullptr) {
    return token.size() > 1 && absl::ascii_isalpha(token[token.size() - 2]);
  }
  return absl::ascii_islower(token.front()) && std::all_of(token.begin(), token.end(), kIsLetter);
}

// syslogd's "daemon.err": the word before a dot is a facility.
bool IsFacility(std::string_view name) {
  static constexpr std::array<std::string_view, 14> kFacilities = {
      "kern", "user", "mail", "daemon",   "auth", "syslog", "lpr",
      "news", "uucp", "cron", "authpriv", "ftp",  "ntp",    "security"};
  if (std::find(kFacilities.begin(), kFacilities.end(), name) != kFacilities.end()) return true;
  return name.size() == 6 && name.starts_with("local") && name[5] >= '0' && name[5] <= '7';
}

bool FollowsFacility(const char* at, const char* line) {
  std::string_view token = TokenBefore(at, line);
  if (token.empty() || token.back() != '.') return false;
  token.remove_suffix(1);
  return IsFacility(token);
}

bool IsFieldKey(std::uint64_t packed, int size) {
  return (size == 5 && packed == Pack("LEVEL")) || (size == 3 && packed == Pack("LVL")) ||
         (size == 8 && packed == Pack("SEVERITY"));
}

// glog and klog: "E0102 03:04:05", or with a year "E20260102 03:04:05".
bool IsGlog(const char* at, const char* end) {
  const char* date = at + 1;
  if (!Digits(date, end, 4)) return false;
  const char* time = date + (Digits(date, end, 8) ? 8 : 4);
  return end - time > 3 && *time == ' ' && Digits(time + 1, end, 2) && time[3] == ':';
}

// logcat's brief form: "E/Tag( 1234): ".
bool IsLogcatBrief(const char* at, const char* end) {
  if (end - at < 4 || at[1] != '/') return false;
  const std::string_view rest(at, std::min<std::size_t>(end - at, 80));
  const std::size_t open = rest.find('(');
  const std::size_t close = rest.find("):");
  if (open == rest.npos || close == rest.npos || close < open + 2) return false;
  const std::string_view pid = rest.substr(open + 1, close - open - 1);
  return std::all_of(pid.begin(), pid.end(), [](char c) { return c == ' ' || kIsDigit(c); });
}

bool IsNumber(std::string_view token) {
  return !token.empty() && std::all_of(token.begin(), token.end(), kIsDigit);
}

// logcat's threadtime form: "01-02 03:04:05.678  1234  5678 E Tag: ".
bool IsLogcatThreadtime(const char* at, const char* line, const char* end) {
  if (end - at < 3 || at[1] != ' ' || !kIsDigit(*line)) return false;
  const std::string_view thread = TokenBefore(at, line);
  if (!IsNumber(thread)) return false;
  return IsNumber(TokenBefore(thread.data(), line));
}

// A letter as a field: "[E]", "|W|", Tornado's "[E 260102 03:04:05", ESP-IDF's "E (1234) tag:",
// Ruby's "E, [2026-01-02T03:04:05".
bool IsMarkedLetter(const char* at, const char* line, const char* end) {
  if (end - at < 3) return false;
  if (at == line) return (at[1] == ' ' && at[2] == '(') || (at[1] == ',' && at[2] == ' ');
  const char before = at[-1];
  if (before == '[' && at[1] == ' ') return kIsDigit(at[2]);
  return (before == '[' && at[1] == ']') || (before == '(' && at[1] == ')') ||
         (before == '|' && at[1] == '|');
}

Level LetterAt(const char* at, const char* line, const char* end) {
  const Level level = LevelFromLetter(*at);
  if (level == Level::kNone) return level;
  const bool stands = IsGlog(at, end) || IsMarkedLetter(at, line, end) || IsLogcatBrief(at, end) ||
                      IsLogcatThreadtime(at, line, end);
  return stands ? level : Level::kNone;
}

// Whether a level word of this kind stands as a level where it does.
bool Stands(LevelName name, const char* at, std::size_t size, const char* line, const char* end) {
  const bool capitals = (Load(at) & Repeat(0x20) & LowBytes(static_cast<int>(size))) == 0;
  const char before = at == line ? ' ' : at[-1];
  const char after = at + size >= end ? ' ' : at[size];
  if (capitals && before == ' ' && after == ' ' && name.kind != LevelName::Kind::kPostgres) {
    return true;
  }
  if (!EndsWord(after, capitals)) return false;
  if (name.kind == LevelName::Kind::kPostgres) return capitals && after == ':';
  if (before == '.') return FollowsFacility(at, line);
  if (capitals || IsMarked(before, after)) return true;
  return name.kind == LevelName::Kind::kPlain && !IsProse(TokenBefore(at, line));
}

bool StartsWithMonthOrDay(const char* at, const char* end) {
  static constexpr std::array<std::string_view, 19> kNames = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
      "Nov", "Dec", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  if (end - at < 5 || (at[3] != ' ' && at[3] != ',')) return false;
  return std::find(kNames.begin(), kNames.end(), std::string_view(at, 3)) != kNames.end();
}

bool IsDated(const char* line, const char* end) {
  const char* at = line + (*line == '[' || *line == '(' ? 1 : 0);
  return at < end && (kIsDigit(*at) || StartsWithMonthOrDay(at, end));
}

// "java.io.IOException: ..." and Python's "ValueError: ...".
bool StartsWithExceptionClass(std::string_view line) {
  const auto* stop = std::find_if_not(line.begin(), line.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '$';
  });
  const std::string_view name(line.begin(), stop);
  if (stop != line.end() && *stop != ':' && *stop != '\r') return false;
  if (name == "Error" || name == "Warning") return false;
  return absl::EndsWith(name, "Error") || absl::EndsWith(name, "Exception") ||
         absl::EndsWith(name, "Throwable") || absl::EndsWith(name, "Warning");
}

}  // namespace

Level LevelAt(const char* at, const char* line, const char* end) {
  const std::uint64_t bytes = Load(at);
  int size = LetterRun(bytes);
  if (size < 3) return size == 1 ? LetterAt(at, line, end) : Level::kNone;
  const std::uint64_t packed = bytes & Repeat(0xdf) & LowBytes(size);
  while (size >= 8 && size < 12 && at + size < end && absl::ascii_isalpha(at[size])) ++size;
  if (at + size > end) return Level::kNone;
  const LevelName name = NameOf(packed, {at, static_cast<std::size_t>(size)});
  if (name.level != Level::kNone) {
    return Stands(name, at, size, line, end) ? name.level : Level::kNone;
  }
  const bool is_field = IsFieldKey(packed, size) && at + size < end && at[size] == '=';
  return is_field ? LevelOfLogfmtValue(at + size + 1, end) : Level::kNone;
}

bool IsFirm(const char* at, const char* line, const char* end) {
  if (IsDated(line, end)) return true;
  if (at == line + 1 && *line == '[') return true;
  if (at != line) return false;
  return end - at < 2 || !absl::ascii_islower(at[1]);
}

bool IsTraceLine(std::string_view line) {
  for (std::string_view start :
       {"at ", "Caused by:", "Suppressed:", "Traceback (", "During handling of", "...",
        "The above exception", "--- End of", "goroutine ", "stack backtrace:"}) {
    if (line.starts_with(start)) return true;
  }
  return StartsWithExceptionClass(line);
}

}  // namespace cohort::log_summarizer
