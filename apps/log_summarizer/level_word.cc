#include "apps/log_summarizer/level_word.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

bool IsFieldKey(std::uint64_t packed) {
  return packed == Pack("LEVEL") || packed == Pack("LVL") || packed == Pack("SEVERITY");
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

// Whether a level word of this kind, [at, word_end), stands as a level where it does.
bool Stands(LevelName name, bool capitals, const char* at, const char* word_end, const char* line,
            const char* end) {
  const char before = at == line ? ' ' : at[-1];
  const char after = word_end == end ? ' ' : *word_end;
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

bool IsGlog(const char* at, const char* end) {
  const char* date = at + 1;
  if (!Digits(date, end, 4)) return false;
  const char* time = date + (Digits(date, end, 8) ? 8 : 4);
  return end - time > 3 && *time == ' ' && Digits(time + 1, end, 2) && time[3] == ':';
}

Level LevelAt(const char* at, const char* line, const char* end) {
  const LeadingWord word = LeadingWordOf(at);
  if (word.size < 3) return word.size == 1 ? LetterAt(at, line, end) : Level::kNone;
  const char* after = at + word.size;
  while (word.size == 8 && after - at < 12 && after < end && absl::ascii_isalpha(*after)) ++after;
  if (after > end) return Level::kNone;
  const LevelName name = NameOf(word.packed, {at, static_cast<std::size_t>(after - at)});
  if (name.level != Level::kNone) {
    const bool stands = Stands(name, word.capitals, at, after, line, end);
    return stands ? name.level : Level::kNone;
  }
  const bool is_field = after < end && *after == '=' && IsFieldKey(word.packed);
  return is_field ? LevelOfLogfmtValue(after + 1, end) : Level::kNone;
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
