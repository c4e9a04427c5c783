#include "apps/log_summarizer/reference.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "apps/log_summarizer/level_word.h"
#include "apps/log_summarizer/structured_level.h"

namespace cohort::log_summarizer {
namespace {

// LevelAt() may read eight bytes past a line.
std::string Padded(std::string_view line) { return std::string(line) + std::string(16, '\0'); }

std::string WithoutEscapes(std::string_view line) {
  std::string plain;
  for (std::size_t i = 0; i < line.size() && i < 1024; ++i) {
    if (line[i] != '\x1b') {
      plain += line[i];
      continue;
    }
    if (i + 1 < line.size() && line[i + 1] == '[') ++i;
    for (++i; i < line.size() && (line[i] < '@' || line[i] > '~'); ++i) {
    }
  }
  return plain.substr(0, 4 * kLevelWindow);
}

std::string Unescaped(std::string_view text) {
  text = text.substr(0, 1024);
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
    } else if (text.substr(i + 1).starts_with("u001b")) {
      plain += '\x1b';
      i += 5;
    } else {
      const char c = text[++i];
      plain += c == 't' ? '\t' : c == 'n' || c == 'r' ? ' ' : c;
    }
  }
  return plain.substr(0, 4 * kLevelWindow);
}

Level LevelOfJsonObject(std::string_view json) {
  const JsonLevel found = LevelOfJson(json.data(), json.data() + json.size());
  if (found.level != Level::kNone || found.wrapped.empty()) return found.level;
  return ReferenceLevelOf(Unescaped(found.wrapped)).level;
}

bool IsOneOf(char c, std::string_view chars) { return chars.find(c) != chars.npos; }

Verdict LevelOfText(std::string_view line) {
  const std::string padded = Padded(line);
  const char* begin = padded.data();
  const char* end = begin + line.size();
  for (std::size_t i = 0; i < line.size() && i < kLevelWindow; ++i) {
    if (line[i] == '\x1b') return ReferenceLevelOf(WithoutEscapes(line));
    Level level = Level::kNone;
    if (line[i] == '{') {
      if (i + 1 < line.size() && line[i + 1] == '"') level = LevelOfJsonObject(line.substr(i));
    } else if (i == 0 || IsOneOf(line[i - 1], std::string_view("\t\v\x19\x1b (),.:;<>[]{|}"))) {
      if (IsOneOf(line[i], "aAcCdDeEfFiIlLnNpPsStTvVwW")) level = LevelAt(begin + i, begin, end);
    }
    if (level == Level::kNone) continue;
    if (IsFirm(begin + i, begin, end)) return {level};
    return IsTraceLine(line.substr(0, 256)) ? Verdict{} : Verdict{level, Footing::kLoose};
  }
  return {};
}

bool IsLogfmt(std::string_view line) {
  const std::string_view key = line.substr(0, 64).substr(0, line.find('='));
  if (key.size() >= std::min<std::size_t>(line.size(), 64) || key.empty()) return false;
  if (!absl::ascii_isalpha(key[0]) && key[0] != '@' && key[0] != '_') return false;
  return std::all_of(key.begin(), key.end(), IsLogfmtKeyChar);
}

}  // namespace

Verdict ReferenceLevelOf(std::string_view line) {
  while (line.starts_with('\0')) line.remove_prefix(1);
  if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
  line = line.substr(0, kMaxHead);
  if (line.starts_with(" WARN ")) return {Level::kWarning};
  if (line.starts_with(" INFO ")) return {Level::kOther};
  if (line.empty() || line[0] == ' ' || line[0] == '\t') return {};
  const char* end = line.data() + line.size();
  if (line[0] == '{') return {LevelOfJsonObject(line)};
  if (IsLogfmt(line)) return {LevelOfLogfmt(line.data(), end)};
  const Level priority = LevelOfPriority(line.data(), end);
  return priority != Level::kNone ? Verdict{priority} : LevelOfText(line);
}

LineCounts ReferenceCount(std::string_view text, Rule rule) {
  LineCounts counts;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    Verdict verdict;
    if (rule == Rule::kLevel) {
      verdict = ReferenceLevelOf(line);
    } else if (line.find("ERROR") != line.npos) {
      verdict.level = Level::kError;
    } else if (line.find("WARN") != line.npos) {
      verdict.level = Level::kWarning;
    }
    ++counts.by_verdict[static_cast<int>(verdict.footing)][static_cast<int>(verdict.level)];
  }
  return counts;
}

std::string RandomLog(std::mt19937_64& random, std::size_t size) {
  using namespace std::string_view_literals;
  static constexpr std::array kFragments = {
      "\n"sv,
      "\n"sv,
      "\n"sv,
      "\n"sv,
      "\r\n"sv,
      " "sv,
      " "sv,
      " "sv,
      "ERROR"sv,
      "error"sv,
      "Warn"sv,
      "WARN"sv,
      "INFO"sv,
      "warning:"sv,
      "[error]"sv,
      "(W)"sv,
      "ERROR_TIMEOUT"sv,
      "errors=0"sv,
      "2026-03-12 08:15:00,123 "sv,
      "[12/Mar/2026:08:15:00] "sv,
      "Mar 12 08:15:00 host app[1]: "sv,
      "{\"level\":\"error\"}"sv,
      "{\"msg\":\"a \\\"level\\\":\""sv,
      "\"level\":50,"sv,
      "\"}"sv,
      "{\"log\":\"ERROR \\u001b[31m"sv,
      "\",\"stream\":\"stdout\"}"sv,
      "level=warn "sv,
      "msg=\""sv,
      "\""sv,
      "\\"sv,
      "ts=1 "sv,
      "<11>"sv,
      "<12>"sv,
      "<999>"sv,
      "E0312 08:15:00.1 "sv,
      "W/Tag( 12): "sv,
      "\x1b[31m"sv,
      "\x1b[0m"sv,
      "\0"sv,
      "\0\0\0"sv,
      "\xef\xbb\xbf"sv,
      "\xff\xfe"sv,
      "java.lang.Error: "sv,
      "Caused by: "sv,
      "\tat x.y(Z.java:1)"sv,
      "daemon.err "sv,
      "LOG:  "sv,
      "0 errors"sv,
      "1 error"sv,
      "without error"sv,
      "|"sv,
      ":"sv,
      "="sv,
      "{"sv,
      "}"sv,
      "/"sv,
      "."sv,
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"sv,
      "EMERGENCY"sv,
      "ERR"sv,
      " WARN "sv,
      "key-1.x@y/z=1 "sv,
      "CRITICAL/Main"sv,
  };
  std::string log;
  while (log.size() < size) {
    const std::uint64_t roll = random();
    if (roll % 16 == 0) {
      log += static_cast<char>(roll >> 8);
    } else {
      log += kFragments[(roll >> 8) % kFragments.size()];
    }
  }
  return log;
}

}  // namespace cohort::log_summarizer
