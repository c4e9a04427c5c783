#include "apps/api_fetcher/record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::array<std::string_view, kErrorKinds> kNames = {
    "",         "resolve",   "connect",     "proxy",      "tls",
    "timeout",  "send",      "receive",     "short_body", "protocol",
    "encoding", "too_large", "redirect",    "status",     "retry_after",
    "field",    "file",      "interrupted", "internal"};

constexpr char kHex[] = "0123456789abcdef";

// How long the UTF-8 character at the start of `text` is; 0 where there is none. Surrogates and
// longer forms than needed are none.
std::size_t CharacterSize(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t from, std::size_t size) {
    if (text.size() < size) return false;
    while (from < size && (byte(from) & 0xc0) == 0x80) ++from;
    return from == size;
  };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return continues(1, 2) ? 2 : 0;
  const unsigned char second = text.size() > 1 ? byte(1) : 0;
  if (first < 0xf0) {
    const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f);
    return !wrong && continues(1, 3) ? 3 : 0;
  }
  const bool wrong = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return !wrong && continues(1, 4) ? 4 : 0;
}

// The bytes that JSON strings and lines can have as they are.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain = {};
  for (int c = 0x20; c < 0x7f; ++c) plain[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
  return plain;
}();

std::size_t PlainSize(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && kPlain[static_cast<unsigned char>(text[size])]) ++size;
  return size;
}

// What stands for a control character in JSON and in the others; nothing for most.
char ShortEscape(char c) {
  switch (c) {
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

void AppendHex(char c, std::string& to) {
  const auto byte = static_cast<unsigned char>(c);
  to += {kHex[byte >> 4], kHex[byte & 15]};
}

void AppendJsonAscii(char c, std::string& to) {
  if (c == '"' || c == '\\') {
    to += {'\\', c};
  } else if (const char escape = ShortEscape(c); escape != 0) {
    to += {'\\', escape};
  } else {
    to += "\\u00";
    AppendHex(c, to);
  }
}

void AppendLineAscii(char c, std::string& to) {
  if (c == '"' || c == '\\') {
    to += c;
  } else if (const char escape = ShortEscape(c); escape != 0) {
    to += {'\\', escape};
  } else {
    to += "\\x";
    AppendHex(c, to);
  }
}

// Appends `text`; `ascii` appends a character that is not plain, `wrong` a byte that is not UTF-8.
template <typename Ascii, typename Wrong>
void AppendEscaped(std::string_view text, std::string& to, Ascii ascii, Wrong wrong) {
  while (!text.empty()) {
    const std::size_t plain = PlainSize(text);
    to.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const std::size_t size = CharacterSize(text);
    if (size > 1) {
      to.append(text.substr(0, size));
    } else if (size == 1) {
      ascii(text[0], to);
    } else {
      wrong(text[0], to);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

void AppendJson(std::string_view text, std::string& to) {
  to += '"';
  AppendEscaped(text, to, AppendJsonAscii, [](char, std::string& out) { out += "\\ufffd"; });
  to += '"';
}

void AppendCellAscii(char c, std::string& to) {
  if (c == '\\') to += c;
  AppendLineAscii(c, to);
}

// A cell of TSV, which can be read back.
void AppendCell(std::string_view text, std::string& to) {
  AppendEscaped(text, to, AppendCellAscii, AppendCellAscii);
}

// A piece of a line for people, whose texts have their own escapes.
void AppendPrintable(std::string_view text, std::string& to) {
  AppendEscaped(text, to, AppendLineAscii, AppendLineAscii);
}

void AppendNumber(std::uint64_t number, std::string& to) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append(digits.data(), end);
}

// With up to three decimals.
void AppendMilliseconds(double milliseconds, std::string& to) {
  const bool sane = milliseconds > 0 && milliseconds < 1e15;
  const auto micros = static_cast<std::uint64_t>(sane ? std::llround(milliseconds * 1000) : 0);
  AppendNumber(micros / 1000, to);
  const auto rest = static_cast<unsigned>(micros % 1000);
  if (rest == 0) return;
  to += '.';
  const char digits[] = {static_cast<char>('0' + rest / 100),
                         static_cast<char>('0' + rest / 10 % 10),
                         static_cast<char>('0' + rest % 10)};
  to.append(digits, rest % 10 != 0 ? 3 : rest % 100 != 0 ? 2 : 1);
}

void AppendTimes(const Times& ms, std::string& to) {
  to += ",\"ms\":{\"wait\":";
  AppendMilliseconds(ms.wait, to);
  to += ",\"connect\":";
  AppendMilliseconds(ms.connect, to);
  to += ",\"first\":";
  AppendMilliseconds(ms.first, to);
  to += ",\"total\":";
  AppendMilliseconds(ms.total, to);
  to += '}';
}

void AppendError(const Error& error, std::string& to) {
  if (error.kind == ErrorKind::kNone) return;
  to += ",\"error\":{\"kind\":\"";
  to += NameOf(error.kind);
  to += "\",\"text\":";
  AppendJson(error.text, to);
  to += '}';
}

void AppendText(std::string_view key, std::string_view value, std::string& to) {
  if (value.empty()) return;
  to += key;
  AppendJson(value, to);
}

void AppendRedirects(const std::vector<std::string>& urls, std::string& to) {
  if (urls.empty()) return;
  to += ",\"redirects\":";
  for (std::size_t i = 0; i < urls.size(); ++i) {
    to += i == 0 ? '[' : ',';
    AppendJson(urls[i], to);
  }
  to += ']';
}

void AppendCount(std::string_view key, std::uint64_t value, std::string& to) {
  to += key;
  AppendNumber(value, to);
}

void AppendJsonLine(const Record& record, std::string& to) {
  to += "{\"url\":";
  AppendJson(record.url, to);
  AppendText(",\"id\":", record.id, to);
  AppendCount(",\"index\":", record.index, to);
  AppendCount(",\"status\":", static_cast<std::uint64_t>(record.status), to);
  to += record.ok ? ",\"ok\":true" : ",\"ok\":false";
  AppendCount(",\"bytes\":", record.bytes, to);
  AppendCount(",\"wire_bytes\":", record.wire_bytes, to);
  AppendCount(",\"attempts\":", static_cast<std::uint64_t>(record.attempts), to);
  AppendTimes(record.ms, to);
  AppendError(record.error, to);
  AppendText(",\"file\":", record.file, to);
  AppendRedirects(record.redirects, to);
  if (!record.field.empty()) {
    to += ",\"field\":";
    to += record.field;
  }
  to += "}\n";
}

void AppendTsvLine(const Record& record, std::string& to) {
  const auto cell = [&](std::string_view text) {
    AppendCell(text, to);
    to += '\t';
  };
  const auto number = [&](std::uint64_t value) { AppendCount("", value, to), to += '\t'; };
  cell(record.url);
  cell(record.id);
  number(record.index);
  number(static_cast<std::uint64_t>(record.status));
  cell(record.ok ? "true" : "false");
  number(record.bytes);
  number(record.wire_bytes);
  number(static_cast<std::uint64_t>(record.attempts));
  for (double time : {record.ms.wait, record.ms.connect, record.ms.first, record.ms.total}) {
    AppendMilliseconds(time, to);
    to += '\t';
  }
  cell(NameOf(record.error.kind));
  cell(record.error.text);
  cell(record.file);
  cell(record.redirects.empty() ? "" : record.redirects.back());
  AppendCell(record.field, to);
  to += '\n';
}

// "200 ok        12.3 ms      1017 B  http://h/", with the error, the file and the field behind it.
void AppendTextLine(const Record& record, std::string& to) {
  const auto right = [&](const std::string& text, std::size_t width) {
    to.append(width - std::min(width, text.size()), ' ');
    to += text;
  };
  absl::StrAppend(&to, record.status == 0 ? "---" : absl::StrCat(record.status),
                  record.ok ? " ok    " : " FAILED");
  right(absl::StrFormat("%.1f", record.ms.total), 9);
  to += " ms";
  right(absl::StrCat(record.bytes), 10);
  to += " B  ";
  AppendPrintable(record.url, to);
  for (const auto& [before, text] :
       {std::pair<std::string_view, std::string_view>("  ", record.error.text),
        {"  -> ", record.file},
        {"  = ", record.field}}) {
    if (text.empty()) continue;
    to += before;
    AppendPrintable(text, to);
  }
  to += '\n';
}

}  // namespace

std::string_view NameOf(ErrorKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::string_view HeaderOf(Format format) {
  if (format != Format::kTsv) return "";
  return "url\tid\tindex\tstatus\tok\tbytes\twire_bytes\tattempts\twait_ms\tconnect_ms\tfirst_ms\t"
         "total_ms\terror\terror_text\tfile\tfinal_url\tfield\n";
}

void AppendRecord(const Record& record, Format format, std::string& to) {
  switch (format) {
    case Format::kJsonLines:
      return AppendJsonLine(record, to);
    case Format::kTsv:
      return AppendTsvLine(record, to);
    case Format::kText:
      return AppendTextLine(record, to);
  }
}

}  // namespace cohort::api_fetcher
