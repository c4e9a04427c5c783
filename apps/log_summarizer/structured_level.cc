#include "apps/log_summarizer/structured_level.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "apps/log_summarizer/level_name.h"

namespace cohort::log_summarizer {
namespace {

std::string_view View(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

const char* SkipBlanks(const char* at, const char* end) {
  while (at < end && (*at == ' ' || *at == '\t')) ++at;
  return at;
}

bool IsEscaped(const char* quote, const char* begin) {
  const char* slash = quote;
  while (slash > begin && slash[-1] == '\\') --slash;
  return (quote - slash) % 2 != 0;
}

// The quote that closes the string whose text begins at `begin`, or null.
const char* ClosingQuote(const char* begin, const char* end) {
  for (const char* at = begin; at < end; ++at) {
    at = static_cast<const char*>(std::memchr(at, '"', end - at));
    if (at == nullptr) return nullptr;
    if (!IsEscaped(at, begin)) return at;
  }
  return nullptr;
}

// The number at `at`, of at most 18 digits.
std::optional<std::uint64_t> NumberAt(const char* at, const char* end) {
  std::uint64_t number = 0;
  const char* begin = at;
  for (; at < end && at - begin < 18 && absl::ascii_isdigit(*at); ++at) {
    number = number * 10 + (*at - '0');
  }
  if (at == begin) return std::nullopt;
  return number;
}

constexpr std::ptrdiff_t kMaxJsonKey = 13;  // severity_text

// What numbers under a key mean.
enum class Key { kNone, kLevel, kPythonNumber, kMongo };

Key KeyOf(std::string_view key) {
  switch (key.size()) {
    case 1:
      return key == "s" ? Key::kMongo : Key::kNone;
    case 2:
      return key == "@l" ? Key::kLevel : Key::kNone;
    case 7:
      return key == "levelno" ? Key::kPythonNumber : Key::kNone;
    default:
      return IsLevelKey(key) ? Key::kLevel : Key::kNone;
  }
}

Level LevelOfNumber(Key key, std::uint64_t number) {
  switch (key) {
    case Key::kLevel:
      return LevelFromNumber(number);
    case Key::kPythonNumber:
      return number >= 40 ? Level::kError : number >= 30 ? Level::kWarning : Level::kOther;
    default:
      return Level::kNone;
  }
}

Level LevelOfText(Key key, std::string_view text) {
  if (key == Key::kMongo && (text.size() != 1 || !absl::ascii_isupper(text[0]))) {
    return Level::kNone;
  }
  if (const auto number = NumberAt(text.data(), text.data() + text.size())) {
    return LevelOfNumber(key, *number);
  }
  const Level level = LevelFromName(text);
  return level == Level::kNone && !text.empty() ? Level::kOther : level;
}

Level LevelOfJsonValue(Key key, const char* at, const char* end) {
  if (at < end && *at == '"') {
    const char* close = ClosingQuote(at + 1, end);
    return close == nullptr ? Level::kNone : LevelOfText(key, View(at + 1, close));
  }
  const auto number = NumberAt(at, end);
  return number ? LevelOfNumber(key, *number) : Level::kNone;
}

// Walks from string to string: between them stand only punctuation, numbers and literals.
class JsonWalk {
 public:
  JsonWalk(const char* at, const char* end) : at_(at), end_(end) {}

  JsonLevel Run() {
    do {
      if (at_ >= end_) break;
      if (*at_ == '"') {
        if (!TakeString()) break;
      } else {
        TakePunctuation();
      }
    } while (depth_ > 0 && result_.level == Level::kNone);
    return result_;
  }

 private:
  void TakePunctuation() {
    const char c = *at_++;
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    if (depth_ < 2) in_log_ = false;
  }

  // False where the string has no end.
  bool TakeString() {
    const char* close = ClosingQuote(at_ + 1, end_);
    if (close == nullptr) return false;
    const std::string_view text = View(at_ + 1, close);
    at_ = SkipBlanks(close + 1, end_);
    if (at_ < end_ && *at_ == ':') {
      at_ = SkipBlanks(at_ + 1, end_);
      TakeKey(text);
    }
    return true;
  }

  void TakeKey(std::string_view key) {
    if (depth_ == 2 && in_log_ && key == "level") {
      result_.level = LevelOfJsonValue(Key::kLevel, at_, end_);
    }
    if (depth_ != 1) return;
    const Key kind = KeyOf(key);
    if (kind != Key::kNone) result_.level = LevelOfJsonValue(kind, at_, end_);
    if (key == "log" && at_ < end_) TakeLog();
  }

  void TakeLog() {
    in_log_ = *at_ == '{';
    if (*at_ != '"') return;
    const char* close = ClosingQuote(at_ + 1, end_);
    if (close != nullptr) result_.wrapped = View(at_ + 1, close);
  }

  const char* at_;
  const char* end_;
  int depth_ = 0;
  bool in_log_ = false;  // within the object that is the value of the key "log"
  JsonLevel result_;
};

constexpr auto kIsBlank = [](char c) { return c == ' ' || c == '\t'; };

// The end of the value at `at`: past its closing quote, or the next blank.
const char* EndOfValue(const char* at, const char* end) {
  if (at < end && *at == '"') {
    const char* close = ClosingQuote(at + 1, end);
    return close == nullptr ? end : close + 1;
  }
  return std::find_if(at, end, kIsBlank);
}

}  // namespace

bool IsLevelKey(std::string_view key) {
  if (key == "level") return true;
  switch (key.size()) {
    case 3:
      return absl::EqualsIgnoreCase(key, "lvl");
    case 5:
      return absl::EqualsIgnoreCase(key, "level");
    case 6:
      return key == "@level";
    case 8:
      return absl::EqualsIgnoreCase(key, "severity") || absl::EqualsIgnoreCase(key, "loglevel") ||
             key == "PRIORITY";
    case 9:
      return key == "log.level" || key == "levelname" || key == "log_level";
    case 12:
      return key == "severityText";
    case 13:
      return key == "severity_text";
    default:
      return false;
  }
}

Level LevelOfJsonKey(const char* at, const char* end) {
  const std::string_view rest = View(at, at + std::min(end - at, kMaxJsonKey + 1));
  const std::size_t size = rest.find('"');
  if (size == rest.npos) return Level::kNone;
  const Key key = KeyOf(rest.substr(0, size));
  if (key == Key::kNone) return Level::kNone;
  const char* colon = SkipBlanks(at + size + 1, end);
  if (colon == end || *colon != ':') return Level::kNone;
  return LevelOfJsonValue(key, SkipBlanks(colon + 1, end), end);
}

JsonLevel LevelOfJson(const char* at, const char* end) { return JsonWalk(at, end).Run(); }

Level LevelOfLogfmtValue(const char* at, const char* end) {
  const char* stop = EndOfValue(at, end);
  std::string_view value = View(at, stop);
  if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return LevelOfText(Key::kLevel, absl::StripTrailingAsciiWhitespace(value));
}

Level LevelOfLogfmt(const char* at, const char* end) {
  while ((at = SkipBlanks(at, end)) < end) {
    const char* key = at;
    at = std::find_if_not(at, end, [](char c) { return IsLogfmtKeyChar(c); });
    if (at < end && *at == '=' && at > key) {
      if (IsLevelKey(View(key, at))) return LevelOfLogfmtValue(at + 1, end);
      at = EndOfValue(at + 1, end);
    }
    at = std::find_if(at, end, kIsBlank);
  }
  return Level::kNone;
}

Level LevelOfPriority(const char* at, const char* end) {
  if (end - at < 3 || *at != '<' || !absl::ascii_isdigit(at[1])) return Level::kNone;
  const char* close = at + 1;
  while (close < end && close - at < 4 && absl::ascii_isdigit(*close)) ++close;
  if (close == end || *close != '>') return Level::kNone;
  const auto priority = NumberAt(at + 1, close);
  return *priority > 191 ? Level::kNone : LevelFromNumber(*priority % 8);
}

}  // namespace cohort::log_summarizer
