#include "apps/image_resizer/xmp.h"

#include <algorithm>
#include <string_view>

namespace cohort::image_resizer {
namespace {

constexpr std::string_view kName = "tiff:Orientation";
constexpr std::string_view kBlanks = " \t\r\n";

bool IsAnyOf(std::string_view text, std::size_t at, std::string_view chars) {
  return at < text.size() && chars.find(text[at]) != chars.npos;
}

std::size_t AfterBlanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

// Where the value of a property may begin whose name ends at `at`: behind =" or =' or >.
std::size_t ValueAfter(std::string_view text, std::size_t at) {
  const std::size_t equals = AfterBlanks(text, at);
  if (!IsAnyOf(text, equals, "=")) {
    const std::size_t end = text.find('>', at);
    return end == text.npos ? text.size() : AfterBlanks(text, end + 1);
  }
  const std::size_t quote = AfterBlanks(text, equals + 1);
  return IsAnyOf(text, quote, "\"'") ? AfterBlanks(text, quote + 1) : text.size();
}

// A name that is longer, or ends an element, has no value.
bool HasValue(std::string_view text, std::size_t begin, std::size_t end) {
  return IsAnyOf(text, end, "=> \t\r\n") && !(begin > 0 && text[begin - 1] == '/');
}

bool IsOrientation(std::string_view text, std::size_t at) {
  return IsAnyOf(text, at, "12345678") && !IsAnyOf(text, at + 1, "0123456789");
}

}  // namespace

void SetXmpUpright(std::span<std::byte> xmp) {
  const std::string_view text(reinterpret_cast<const char*>(xmp.data()), xmp.size());
  for (std::size_t at = text.find(kName); at != text.npos; at = text.find(kName, at + 1)) {
    const std::size_t end = at + kName.size();
    if (!HasValue(text, at, end)) continue;
    const std::size_t value = ValueAfter(text, end);
    if (IsOrientation(text, value)) xmp[value] = std::byte{'1'};
  }
}

}  // namespace cohort::image_resizer
