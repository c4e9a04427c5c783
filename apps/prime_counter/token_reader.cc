#include "apps/prime_counter/token_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace cohort::prime_counter {

void TokenReader::Append(std::string_view bytes) {
  bytes_.erase(0, at_);
  at_ = 0;
  bytes_ += bytes;
}

void TokenReader::SkipRestOfLong() {
  while (at_ < bytes_.size() && !absl::ascii_isspace(bytes_[at_])) ++at_;
  in_long_ = at_ == bytes_.size();
}

void TokenReader::SkipBlanks() {
  for (; at_ < bytes_.size() && absl::ascii_isspace(bytes_[at_]); ++at_) {
    if (bytes_[at_] == '\n') ++line_;
  }
}

std::optional<std::string_view> TokenReader::Next() {
  if (in_long_) SkipRestOfLong();
  if (in_long_) return std::nullopt;
  SkipBlanks();
  const std::size_t most = std::min(bytes_.size(), at_ + kLongest);
  std::size_t end = at_;
  while (end < most && !absl::ascii_isspace(bytes_[end])) ++end;
  in_long_ = end == at_ + kLongest;
  const bool complete = end < bytes_.size() || in_long_ || ended_;
  if (end == at_ || !complete) return std::nullopt;
  const std::string_view word(bytes_.data() + at_, end - at_);
  at_ = end;
  return word;
}

}  // namespace cohort::prime_counter
