#include "apps/common/terminal.h"

#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <cwchar>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cohort::apps {
namespace {

// Widths are asked of the C library in UTF-8, whatever the user's locale.
void UseUtf8() {
  static const bool used = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  static_cast<void>(used);
}

struct Character {
  wchar_t code;
  std::size_t size;  // in bytes; 0: not UTF-8
};

Character Decode(std::string_view text) {
  std::mbstate_t state = {};
  wchar_t code = 0;
  const std::size_t size = std::mbrtowc(&code, text.data(), text.size(), &state);
  return {code, size > text.size() ? 0 : size};
}

void AppendEscaped(std::string& out, char byte) {
  switch (byte) {
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\\':
      out += "\\\\";
      break;
    default:
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(byte));
  }
}

// Marks that change the direction of writing can make a name look like another.
bool ChangesDirection(wchar_t code) {
  return (code >= 0x200e && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

bool IsPlain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '\\'; }

}  // namespace

bool IsTerminal(int fd) { return isatty(fd) == 1; }

bool UseColour(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return IsTerminal(fd) && term != nullptr && std::strcmp(term, "dumb") != 0;
}

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t size = 1;
    if (IsPlain(text[0])) {
      out += text[0];
    } else {
      UseUtf8();
      const Character character = Decode(text);
      if (character.size > 1 && iswprint(character.code) != 0 &&
          !ChangesDirection(character.code)) {
        size = character.size;
        out += text.substr(0, size);
      } else {
        AppendEscaped(out, text[0]);
      }
    }
    text.remove_prefix(size);
  }
  return out;
}

std::size_t DisplayWidth(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    std::size_t size = 1;
    int columns = 1;
    if (static_cast<unsigned char>(text[0]) >= 0x80) {
      UseUtf8();
      const Character character = Decode(text);
      if (character.size > 0) {
        size = character.size;
        columns = std::max(0, wcwidth(character.code));
      }
    }
    width += static_cast<std::size_t>(columns);
    text.remove_prefix(size);
  }
  return width;
}

std::string WithThousands(std::uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

std::string WithByteUnit(double bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < kUnits.size(); ++unit) bytes /= 1000;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, bytes, kUnits[unit]);
}

}  // namespace cohort::apps
