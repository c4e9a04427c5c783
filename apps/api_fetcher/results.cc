#include "apps/api_fetcher/results.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

#include "apps/api_fetcher/bounded_write.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::size_t kFull = 4 << 20;

// How long a Flush() waits for the reader.
constexpr std::chrono::milliseconds kPatience(50);

std::int64_t LinesOf(std::string_view text) { return std::count(text.begin(), text.end(), '\n'); }

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

void Results::TakeText() {
  {
    const std::lock_guard lock(mutex_);
    writing_.clear();
    writing_.swap(text_);
  }
  rest_ = writing_;
  room_.notify_all();
}

bool Results::Flush() {
  if (!is_behind() || error_) TakeText();
  if (!error_ && is_behind()) {
    const Written written = WriteUntil(fd_, rest_, std::chrono::steady_clock::now() + kPatience);
    rest_.remove_prefix(written.bytes);
    written_ += written.bytes;
    error_ = written.error;
  }
  if (!error_) return true;
  const std::lock_guard lock(mutex_);
  broken_ = true;
  room_.notify_all();
  return false;
}

std::uint64_t Results::unwritten() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(LinesOf(rest_) + LinesOf(text_));
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
