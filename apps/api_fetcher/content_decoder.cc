#include "apps/api_fetcher/content_decoder.h"

#include <brotli/decode.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <new>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace cohort::api_fetcher {
namespace {

using Result = ContentDecoder::Result;

constexpr std::size_t kPiece = 64 << 10;

// gzip and zlib ("deflate"), which it tells apart by the first bytes.
class GzipDecoder final : public ContentDecoder {
 public:
  GzipDecoder() {
    constexpr int kEither = 32;
    if (inflateInit2(&stream_, kEither + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~GzipDecoder() override { inflateEnd(&stream_); }

  Result Decode(std::string_view bytes, Sink sink) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    Result result = Result::kMore;
    do {
      // A file of gzip can have several members, one after the other.
      if (at_end_ && stream_.avail_in > 0 && inflateReset(&stream_) != Z_OK) return Result::kBroken;
      if (at_end_ && stream_.avail_in == 0) return Result::kMore;
      result = DecodePiece(sink);
    } while (result == Result::kMore && (stream_.avail_in > 0 || stream_.avail_out == 0));
    return result;
  }

  bool at_end() const override { return at_end_; }

 private:
  Result DecodePiece(Sink sink) {
    stream_.next_out = piece_.data();
    stream_.avail_out = static_cast<uInt>(piece_.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return Result::kBroken;
    at_end_ = status == Z_STREAM_END;
    const std::size_t size = piece_.size() - stream_.avail_out;
    if (size == 0) return Result::kMore;
    const bool wanted = sink({reinterpret_cast<const char*>(piece_.data()), size});
    return wanted ? Result::kMore : Result::kFull;
  }

  z_stream stream_ = {};
  bool at_end_ = false;
  std::array<Bytef, kPiece> piece_;
};

struct BrotliDeleter {
  void operator()(BrotliDecoderState* state) const { BrotliDecoderDestroyInstance(state); }
};

class BrotliDecoder final : public ContentDecoder {
 public:
  BrotliDecoder() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
  }

  Result Decode(std::string_view bytes, Sink sink) override {
    const auto* next = reinterpret_cast<const std::uint8_t*>(bytes.data());
    std::size_t left = bytes.size();
    if (at_end() && left > 0) return Result::kBroken;
    BrotliDecoderResult status = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (status == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
      status =
          BrotliDecoderDecompressStream(state_.get(), &left, &next, &no_room_, nullptr, nullptr);
      if (status == BROTLI_DECODER_RESULT_ERROR) return Result::kBroken;
      std::size_t size = 0;
      const std::uint8_t* const piece = BrotliDecoderTakeOutput(state_.get(), &size);
      if (size > 0 && !sink({reinterpret_cast<const char*>(piece), size})) return Result::kFull;
    }
    return left == 0 ? Result::kMore : Result::kBroken;
  }

  bool at_end() const override { return BrotliDecoderIsFinished(state_.get()); }

 private:
  std::unique_ptr<BrotliDecoderState, BrotliDeleter> state_;
  std::size_t no_room_ = 0;  // it keeps its output until it is taken
};

}  // namespace

std::unique_ptr<ContentDecoder> ContentDecoder::For(std::string_view encoding) {
  encoding = absl::StripAsciiWhitespace(encoding);
  if (absl::EqualsIgnoreCase(encoding, "gzip") || absl::EqualsIgnoreCase(encoding, "x-gzip") ||
      absl::EqualsIgnoreCase(encoding, "deflate")) {
    return std::make_unique<GzipDecoder>();
  }
  if (absl::EqualsIgnoreCase(encoding, "br")) return std::make_unique<BrotliDecoder>();
  return nullptr;
}

}  // namespace cohort::api_fetcher
