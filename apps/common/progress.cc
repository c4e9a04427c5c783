#include "apps/common/progress.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "apps/common/output.h"
#include "apps/common/terminal.h"

namespace cohort::apps {
namespace {

constexpr auto kFirst = std::chrono::milliseconds(500);
constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

ProgressLine::ProgressLine(bool enabled)
    : enabled_(enabled && IsTerminal(STDERR_FILENO)), next_(Clock::now() + kFirst) {}

ProgressLine::~ProgressLine() {
  if (shown_) WriteAll(STDERR_FILENO, kEraseLine);
}

bool ProgressLine::Due() { return enabled_ && Clock::now() >= next_; }

void ProgressLine::Show(std::string_view text) {
  WriteAll(STDERR_FILENO, absl::StrCat(kEraseLine, text));
  shown_ = true;
  next_ = Clock::now() + kInterval;
}

}  // namespace cohort::apps
