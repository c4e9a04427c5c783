#include "testing/http_server/bodies.h"

#include <brotli/encode.h>
#include <zlib.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "nlohmann/json.hpp"

namespace cohort::http_server {
namespace {

constexpr std::size_t kPostSize = 1000;

constexpr const char* kWords[] = {"harbour", "lantern", "quiet",  "morning", "river",  "copper",
                                  "window",  "letter",  "garden", "winter",  "signal", "paper",
                                  "orchard", "bridge",  "amber",  "station"};

// A generator of words; splitmix64.
class Words {
 public:
  explicit Words(std::uint64_t seed) : state_(seed) {}

  const char* Next() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    return kWords[(mixed ^ (mixed >> 27)) % std::size(kWords)];
  }

 private:
  std::uint64_t state_;
};

// Feeds `count` zeros, or `text`, to a gzip stream.
class GzipStream {
 public:
  GzipStream() {
    constexpr int kGzip = 15 + 16;
    if (deflateInit2(&stream_, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
      throw std::bad_alloc();
    }
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() { deflateEnd(&stream_); }

  void Add(std::string_view text, bool last) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(space_.data());
      stream_.avail_out = static_cast<uInt>(space_.size());
      deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      out_.append(space_.data(), space_.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  std::string Take() { return std::move(out_); }

 private:
  z_stream stream_ = {};
  std::vector<char> space_ = std::vector<char>(65536);
  std::string out_;
};

}  // namespace

std::string Post(std::uint64_t id) {
  Words words(id);
  std::string text;
  while (text.size() < kPostSize - 150) text += std::string(words.Next()) + " ";
  const nlohmann::ordered_json post = {{"id", id},
                                       {"author", words.Next()},
                                       {"title", std::string(words.Next()) + " " + words.Next()},
                                       {"tags", {words.Next(), words.Next()}},
                                       {"text", text}};
  return post.dump() + "\n";
}

std::string PatternBytes(std::size_t offset, std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<char>('a' + (offset + i) % 23);
  }
  return bytes;
}

std::string Gzipped(std::string_view text) {
  GzipStream stream;
  stream.Add(text, true);
  return stream.Take();
}

std::string GzippedZeros(std::size_t count) {
  GzipStream stream;
  const std::string zeros(std::min<std::size_t>(count, 1 << 20), '\0');
  for (std::size_t done = 0; done < count; done += zeros.size()) {
    stream.Add(std::string_view(zeros).substr(0, count - done), false);
  }
  stream.Add("", true);
  return stream.Take();
}

std::string BrotliCompressed(std::string_view text) {
  std::string compressed(BrotliEncoderMaxCompressedSize(text.size()), '\0');
  std::size_t size = compressed.size();
  if (!BrotliEncoderCompress(BROTLI_DEFAULT_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT,
                             text.size(), reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                             reinterpret_cast<std::uint8_t*>(compressed.data()))) {
    throw std::bad_alloc();
  }
  compressed.resize(size);
  return compressed;
}

}  // namespace cohort::http_server
