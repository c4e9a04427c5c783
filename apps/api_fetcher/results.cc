#include "apps/api_fetcher/results.h"

#include <cstddef>
#include <utility>

#include "apps/common/output.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::size_t kFull = 4 << 20;

}  // namespace

void Results::Add(std::uint64_t number, const Record& record) {
  thread_local std::string line;
  line.clear();
  AppendRecord(record, format_, line);
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return text_.size() < kFull || broken_ || !waits_; });
  summary_.Add(record);
  if (ordered_) {
    Reorder(number, line);
  } else {
    Release(line);
  }
}

void Results::EndWaits() {
  {
    const std::lock_guard lock(mutex_);
    waits_ = false;
  }
  room_.notify_all();
}

void Results::Release(std::string_view line) {
  ++released_;
  if (!broken_) text_.append(line);
}

void Results::Reorder(std::uint64_t number, std::string line) {
  const std::size_t place = number - released_;
  if (place >= kept_.size()) kept_.resize(place + 1);
  kept_[place] = std::move(line);
  while (!kept_.empty() && kept_.front()) {
    Release(*kept_.front());
    kept_.pop_front();
  }
}

void Results::ReleaseAll() {
  const std::lock_guard lock(mutex_);
  for (const std::optional<std::string>& line : kept_) {
    if (line) Release(*line);
  }
  kept_.clear();
}

bool Results::Flush() {
  {
    const std::lock_guard lock(mutex_);
    writing_.clear();
    writing_.swap(text_);
  }
  room_.notify_all();
  if (!error_ && !writing_.empty()) error_ = apps::WriteAll(fd_, writing_);
  if (!error_) return true;
  const std::lock_guard lock(mutex_);
  broken_ = true;
  room_.notify_all();
  return false;
}

std::uint64_t Results::released() const {
  const std::lock_guard lock(mutex_);
  return released_;
}

Summary Results::summary() const {
  const std::lock_guard lock(mutex_);
  return summary_;
}

}  // namespace cohort::api_fetcher
