#include "apps/api_fetcher/body_name.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::size_t kLongest = 150;

// FNV-1a: has to be the same in every run and every version.
std::uint64_t HashOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

bool IsHarmless(char c) {
  return absl::ascii_isalnum(c) || std::string_view("._-+=@,").find(c) != std::string_view::npos;
}

// CON, nul.txt, COM1 ...: what they mean where a disk of another system is mounted or copied to.
bool IsDevice(std::string_view name) {
  constexpr std::array<std::string_view, 6> kDevices = {"con", "prn", "aux", "nul", "com", "lpt"};
  const std::string base = absl::AsciiStrToLower(name.substr(0, name.find('.')));
  const std::string_view stem = std::string_view(base).substr(0, 3);
  if (std::find(kDevices.begin(), kDevices.end(), stem) == kDevices.end()) return false;
  return base.size() == 3 || (base.size() == 4 && absl::ascii_isdigit(base[3]));
}

bool IsSafe(std::string_view name) {
  return name.size() <= kLongest && std::all_of(name.begin(), name.end(), IsHarmless) &&
         name[0] != '.' && name[0] != '-' && !name.ends_with('.') && !IsDevice(name);
}

// The harmless rest of an id, for people to recognise it by.
std::string Remains(std::string_view id) {
  std::string rest;
  for (char c : id.substr(0, kLongest)) {
    if (IsHarmless(c)) rest += c;
  }
  const std::size_t start = std::min(rest.find_first_not_of(".-"), rest.size());
  return rest.substr(start);
}

std::string NameOf(const Request& request) {
  if (!request.id.empty() && IsSafe(request.id)) return request.id;
  const std::string rest = Remains(request.id);
  const std::string_view hashed = request.id.empty() ? request.url : request.id;
  return absl::StrCat(rest, rest.empty() ? "" : "-", absl::Hex(HashOf(hashed), absl::kZeroPad16));
}

}  // namespace

std::string BodyName(const Request& request, int copy) {
  std::string name = NameOf(request);
  if (copy > 0) absl::StrAppend(&name, "~", copy);
  return name;
}

}  // namespace cohort::api_fetcher
