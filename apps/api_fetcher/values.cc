#include "apps/api_fetcher/values.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "apps/common/terminal.h"

namespace cohort::api_fetcher {
namespace {

[[noreturn]] void Fail(std::string_view text, std::string_view what) {
  throw ValueError(absl::StrCat("\"", apps::Printable(text), "\" ", what));
}

// A plain decimal number: SimpleAtod() takes "nan", "1e5" and "0x1p3" as well.
bool ParseDecimal(std::string_view text, double& number) {
  const bool plain = text.find_first_not_of("0123456789.") == text.npos;
  return plain && absl::SimpleAtod(text, &number);
}

struct Unit {
  std::string_view name;
  double value;
};

template <std::size_t size>
double Find(const std::array<Unit, size>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (absl::EqualsIgnoreCase(unit.name, name)) return unit.value;
  }
  return 0;
}

constexpr std::array<Unit, 10> kRateUnits = {{{"", 1},
                                              {"s", 1},
                                              {"sec", 1},
                                              {"second", 1},
                                              {"m", 60},
                                              {"min", 60},
                                              {"minute", 60},
                                              {"h", 3600},
                                              {"hour", 3600},
                                              {"day", 86400}}};

constexpr double kKilo = 1024;
constexpr std::array<Unit, 5> kSizeUnits = {{{"", 1},
                                             {"k", kKilo},
                                             {"m", kKilo* kKilo},
                                             {"g", kKilo* kKilo* kKilo},
                                             {"t", kKilo* kKilo* kKilo* kKilo}}};

}  // namespace

std::chrono::milliseconds ParseDuration(std::string_view text) {
  double seconds = 0;
  absl::Duration duration;
  if (ParseDecimal(text, seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    Fail(text, "is no duration: write 30s, 500ms, 2m or 1h30m");
  }
  if (duration < absl::Milliseconds(1) || duration > absl::Hours(1000)) {
    Fail(text, "is out of range: durations go from 1ms to 1000h");
  }
  return absl::ToChronoMilliseconds(duration);
}

double ParseRate(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view unit = slash == text.npos ? "" : text.substr(slash + 1);
  const double seconds = slash != text.npos && unit.empty() ? 0 : Find(kRateUnits, unit);
  double number = 0;
  if (!ParseDecimal(text.substr(0, slash), number) || seconds == 0) {
    Fail(text, "is no rate: write 10/s, 600/m or 100/h");
  }
  const double rate = number / seconds;
  if (!(rate >= 1e-5 && rate <= 1e6)) {
    Fail(text, "is out of range: rates go from 1/day to 1000000/s");
  }
  return rate;
}

std::uint64_t ParseSize(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string_view name = text.substr(digits);
  if (name.size() > 1 && !absl::ConsumeSuffix(&name, "iB")) absl::ConsumeSuffix(&name, "B");
  const double unit = Find(kSizeUnits, name);
  double number = 0;
  if (unit == 0 || !ParseDecimal(text.substr(0, digits), number)) {
    Fail(text, "is no size: write 4096, 64k, 10M or 2G");
  }
  const double size = std::floor(number * unit);
  if (!(size >= 1 && size <= 1e18)) Fail(text, "is out of range: sizes go from 1 to 1e18");
  return static_cast<std::uint64_t>(size);
}

}  // namespace cohort::api_fetcher
