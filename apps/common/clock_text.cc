#include "apps/common/clock_text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace cohort::apps {

std::string ClockText(double seconds) {
  const auto all = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 1e15));
  const std::uint64_t hours = all / 3600;
  if (hours == 0) return absl::StrFormat("%d:%02d", all / 60, all % 60);
  return absl::StrFormat("%d:%02d:%02d", hours, all / 60 % 60, all % 60);
}

std::string TimeLeftText(double part, double seconds) {
  if (part <= 0) return "";
  const double done = std::min(part, 1.0);
  return absl::StrCat("  ", ClockText(seconds / done * (1 - done)), " left");
}

}  // namespace cohort::apps
