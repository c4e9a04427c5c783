#include "apps/log_summarizer/decompress.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace cohort::log_summarizer {
namespace {

constexpr std::size_t kInput = 64 * 1024;

// More than this would be for a file made to exhaust memory; xz -9 takes 65 MiB.
constexpr std::uint64_t kXzMemory = 256 << 20;

// What the decoders have in common: compressed bytes to take from.
class Decoder : public ByteSource {
 protected:
  explicit Decoder(std::unique_ptr<ByteSource> compressed)
      : compressed_(std::move(compressed)), buffer_(kInput) {}

  // The next compressed bytes; empty at the end.
  std::span<char> More() { return std::span(buffer_).first(compressed_->Read(buffer_)); }

 private:
  std::unique_ptr<ByteSource> compressed_;
  std::vector<char> buffer_;
};

class GzipDecoder : public Decoder {
 public:
  explicit GzipDecoder(std::unique_ptr<ByteSource> compressed) : Decoder(std::move(compressed)) {
    constexpr int kGzipOnly = 16;
    if (inflateInit2(&stream_, kGzipOnly + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  std::size_t Read(std::span<char> space) override {
    stream_.next_out = reinterpret_cast<Bytef*>(space.data());
    stream_.avail_out = static_cast<uInt>(space.size());
    while (stream_.avail_out == space.size() && Refill()) {
      const int result = inflate(&stream_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        within_ = false;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        throw InputError("the gzip data is damaged");
      }
    }
    return space.size() - stream_.avail_out;
  }

 private:
  // Makes input available and, between members, begins the next. False at the end.
  bool Refill() {
    if (stream_.avail_in == 0) {
      const std::span<char> more = More();
      stream_.next_in = reinterpret_cast<Bytef*>(more.data());
      stream_.avail_in = static_cast<uInt>(more.size());
    }
    if (stream_.avail_in == 0) {
      if (within_) throw InputError("the gzip data is cut off");
      return false;
    }
    if (!within_) return NextMember();
    return true;
  }

  // Padding with zeros may follow the last member (as on tapes).
  bool NextMember() {
    if (!first_ && *stream_.next_in == 0) {
      stream_.avail_in = 0;
      return Refill();
    }
    inflateReset(&stream_);
    within_ = true;
    first_ = false;
    return true;
  }

  z_stream stream_ = {};
  bool within_ = false;  // a member
  bool first_ = true;
};

class ZstdDecoder : public Decoder {
 public:
  explicit ZstdDecoder(std::unique_ptr<ByteSource> compressed)
      : Decoder(std::move(compressed)), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) throw std::bad_alloc();
  }
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  std::size_t Read(std::span<char> space) override {
    ZSTD_outBuffer out = {space.data(), space.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !flushing_ && !Refill()) break;
      const std::size_t result = ZSTD_decompressStream(stream_, &out, &in_);
      if (ZSTD_isError(result) != 0) {
        throw InputError(std::string("the zstd data is damaged: ") + ZSTD_getErrorName(result));
      }
      within_ = result != 0;
      flushing_ = out.pos == out.size;
    }
    return out.pos;
  }

 private:
  bool Refill() {
    const std::span<char> more = More();
    in_ = {more.data(), more.size(), 0};
    if (more.empty() && within_) throw InputError("the zstd data is cut off");
    return !more.empty();
  }

  ZSTD_DStream* stream_;
  ZSTD_inBuffer in_ = {nullptr, 0, 0};
  bool within_ = false;    // a frame
  bool flushing_ = false;  // there may be output without more input
};

class XzDecoder : public Decoder {
 public:
  explicit XzDecoder(std::unique_ptr<ByteSource> compressed) : Decoder(std::move(compressed)) {
    if (lzma_stream_decoder(&stream_, kXzMemory, LZMA_CONCATENATED) != LZMA_OK) {
      throw std::bad_alloc();
    }
  }
  ~XzDecoder() override { lzma_end(&stream_); }

  std::size_t Read(std::span<char> space) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(space.data());
    stream_.avail_out = space.size();
    while (stream_.avail_out == space.size() && !ended_) {
      if (stream_.avail_in == 0) Refill();
      Check(lzma_code(&stream_, at_end_ ? LZMA_FINISH : LZMA_RUN));
    }
    return space.size() - stream_.avail_out;
  }

 private:
  void Refill() {
    const std::span<char> more = More();
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(more.data());
    stream_.avail_in = more.size();
    at_end_ = more.empty();
  }

  void Check(lzma_ret result) {
    switch (result) {
      case LZMA_OK:
        return;
      case LZMA_STREAM_END:
        ended_ = true;
        return;
      case LZMA_BUF_ERROR:
        throw InputError("the xz data is cut off");
      case LZMA_MEMLIMIT_ERROR:
        throw InputError("the xz data wants more than 256 MiB of memory; unpack it with xz -d");
      default:
        throw InputError("the xz data is damaged");
    }
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool at_end_ = false;  // of the compressed data
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> Gunzip(std::unique_ptr<ByteSource> compressed) {
  return std::make_unique<GzipDecoder>(std::move(compressed));
}

std::unique_ptr<ByteSource> Unzstd(std::unique_ptr<ByteSource> compressed) {
  return std::make_unique<ZstdDecoder>(std::move(compressed));
}

std::unique_ptr<ByteSource> Unxz(std::unique_ptr<ByteSource> compressed) {
  return std::make_unique<XzDecoder>(std::move(compressed));
}

}  // namespace cohort::log_summarizer
