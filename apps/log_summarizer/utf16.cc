#include "apps/log_summarizer/utf16.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace cohort::log_summarizer {
namespace {

constexpr std::size_t kInput = 64 * 1024;

// What one unit may give: a replacement for the one before, and three bytes.
constexpr std::ptrdiff_t kMaxBytes = 6;

constexpr char32_t kReplacement = 0xfffd;

bool IsHighSurrogate(char32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLowSurrogate(char32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

char* PutUtf8(char32_t code, char* out) {
  const auto put = [&](char32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return out;
}

class Utf16Decoder : public ByteSource {
 public:
  Utf16Decoder(std::unique_ptr<ByteSource> text, ByteOrder order)
      : text_(std::move(text)), order_(order), buffer_(kInput) {}

  // `space` has room for a few characters, as a scanner's has.
  std::size_t Read(std::span<char> space) override {
    char* out = space.data();
    char* const end = out + space.size();
    while (out == space.data() || (at_ < size_ && end - out >= kMaxBytes)) {
      if (at_ == size_ && !Refill()) break;
      out = TakeUnit(out);
    }
    if (out == space.data() && pending_ != 0) {
      pending_ = 0;
      out = PutUtf8(kReplacement, out);
    }
    return static_cast<std::size_t>(out - space.data());
  }

 private:
  bool Refill() {
    size_ = ReadFully(*text_, buffer_);
    at_ = 0;
    if (size_ % 2 != 0) {
      // Half a unit, which no text ends with.
      buffer_[size_ - 1] = order_ == ByteOrder::kLittleEndian ? '\xfd' : '\xff';
      buffer_[size_++] = order_ == ByteOrder::kLittleEndian ? '\xff' : '\xfd';
    }
    return size_ > 0;
  }

  char32_t Unit() {
    const auto first = static_cast<std::uint8_t>(buffer_[at_]);
    const auto second = static_cast<std::uint8_t>(buffer_[at_ + 1]);
    at_ += 2;
    return order_ == ByteOrder::kLittleEndian ? first | second << 8 : first << 8 | second;
  }

  char* TakeUnit(char* out) {
    const char32_t unit = Unit();
    const char32_t high = std::exchange(pending_, 0);
    if (high != 0 && IsLowSurrogate(unit)) {
      return PutUtf8(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00), out);
    }
    if (high != 0) out = PutUtf8(kReplacement, out);
    if (IsHighSurrogate(unit)) {
      pending_ = unit;
      return out;
    }
    return PutUtf8(IsLowSurrogate(unit) ? kReplacement : unit, out);
  }

  std::unique_ptr<ByteSource> text_;
  ByteOrder order_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  char32_t pending_ = 0;  // the first half of a surrogate pair
};

}  // namespace

std::unique_ptr<ByteSource> DecodeUtf16(std::unique_ptr<ByteSource> text, ByteOrder order) {
  return std::make_unique<Utf16Decoder>(std::move(text), order);
}

}  // namespace cohort::log_summarizer
