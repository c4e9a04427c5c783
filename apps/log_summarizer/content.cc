#include "apps/log_summarizer/content.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "apps/log_summarizer/decompress.h"
#include "apps/log_summarizer/utf16.h"

namespace cohort::log_summarizer {
namespace {

using namespace std::string_view_literals;

Compression CompressionOf(std::string_view start) {
  if (start.starts_with("\x1f\x8b"sv)) return Compression::kGzip;
  if (start.starts_with("\xfd"
                        "7zXZ\0"sv))
    return Compression::kXz;
  if (start.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::kZstd;
  // A frame to be skipped, which pzstd begins with.
  const bool skippable = start.size() >= 4 && (start[0] & 0xf0) == 0x50;
  return skippable && start.substr(1, 3) == "\x2a\x4d\x18"sv ? Compression::kZstd
                                                             : Compression::kNone;
}

Encoding EncodingOf(std::string_view start) {
  if (start.starts_with("\xff\xfe"sv)) return Encoding::kUtf16LittleEndian;
  if (start.starts_with("\xfe\xff"sv)) return Encoding::kUtf16BigEndian;
  return Encoding::kBytes;
}

// A source of which the first bytes can be seen before they are read.
class PeekedSource : public ByteSource {
 public:
  explicit PeekedSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {
    size_ = ReadFully(*source_, start_);
  }

  std::string_view start() const { return {start_.data(), size_}; }

  std::size_t Read(std::span<char> space) override {
    if (at_ == size_) return source_->Read(space);
    const std::size_t n = std::min(size_ - at_, space.size());
    std::memcpy(space.data(), start_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  std::array<char, kMagicSize> start_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
};

std::unique_ptr<ByteSource> Decompress(std::unique_ptr<ByteSource> source,
                                       Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return Gunzip(std::move(source));
    case Compression::kZstd:
      return Unzstd(std::move(source));
    case Compression::kXz:
      return Unxz(std::move(source));
    default:
      return source;
  }
}

std::unique_ptr<ByteSource> Decode(std::unique_ptr<ByteSource> source, Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf16LittleEndian:
      return DecodeUtf16(std::move(source), ByteOrder::kLittleEndian);
    case Encoding::kUtf16BigEndian:
      return DecodeUtf16(std::move(source), ByteOrder::kBigEndian);
    default:
      return source;
  }
}

}  // namespace

std::string_view NameOf(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kXz:
      return "xz";
    default:
      return "";
  }
}

std::string_view NameOf(Encoding encoding) {
  switch (encoding) {
    case Encoding::kUtf16LittleEndian:
      return "utf-16le";
    case Encoding::kUtf16BigEndian:
      return "utf-16be";
    default:
      return "";
  }
}

Content Recognise(std::string_view start) { return {CompressionOf(start), EncodingOf(start)}; }

OpenedContent OpenContent(std::unique_ptr<ByteSource> raw) {
  auto peeked = std::make_unique<PeekedSource>(std::move(raw));
  Content content = Recognise(peeked->start());
  if (content.compression != Compression::kNone) {
    peeked = std::make_unique<PeekedSource>(Decompress(std::move(peeked), content.compression));
    content.encoding = EncodingOf(peeked->start());
  }
  return {Decode(std::move(peeked), content.encoding), content};
}

}  // namespace cohort::log_summarizer
