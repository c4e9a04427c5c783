#include "apps/log_summarizer/content.h"

#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cohort::log_summarizer {
namespace {

using namespace std::string_view_literals;

// Gives `text` in reads of random sizes.
class TextSource : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::size_t Read(std::span<char> space) override {
    const std::size_t n = std::min({space.size(), text_.size() - at_, 1 + random_() % 5000});
    std::memcpy(space.data(), text_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
  std::mt19937_64 random_{1};
};

std::string ReadAll(ByteSource& source) {
  std::string all;
  std::vector<char> space(10'000);
  while (const std::size_t n = source.Read(space)) all.append(space.data(), n);
  return all;
}

std::string Lines(const std::string& raw, Content* content = nullptr) {
  OpenedContent opened = OpenContent(std::make_unique<TextSource>(raw));
  if (content != nullptr) *content = opened.content;
  return ReadAll(*opened.source);
}

std::string ErrorOf(const std::string& raw) {
  try {
    Lines(raw);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::string Gzip(std::string_view text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Xz(std::string_view text) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

std::string LongText() {
  std::mt19937_64 random(7);
  std::string text;
  while (text.size() < 2'000'000) text += std::to_string(random() % 1000) + " line\n";
  return text;
}

struct Packer {
  std::string name;
  Compression compression;
  std::string (*pack)(std::string_view);
};

class CompressionTest : public testing::TestWithParam<Packer> {};

TEST_P(CompressionTest, GivesWhatWasPacked) {
  for (const std::string& text : {std::string(), std::string("a\n"), LongText()}) {
    Content content;
    EXPECT_EQ(Lines(GetParam().pack(text), &content), text);
    EXPECT_EQ(content.compression, GetParam().compression);
  }
}

TEST_P(CompressionTest, MembersFollowOneAnother) {
  EXPECT_EQ(Lines(GetParam().pack("a\n") + GetParam().pack("") + GetParam().pack("b\n")), "a\nb\n");
}

TEST_P(CompressionTest, CutOffDataIsAnError) {
  const std::string packed = GetParam().pack(LongText());
  EXPECT_EQ(ErrorOf(packed.substr(0, packed.size() - 10)),
            "the " + GetParam().name + " data is cut off");
}

TEST_P(CompressionTest, DamagedDataIsAnError) {
  std::string packed = GetParam().pack(LongText());
  for (std::size_t i = 0; i < 64; ++i) packed[packed.size() / 2 + i] ^= 0x55;
  EXPECT_TRUE(ErrorOf(packed).starts_with("the " + GetParam().name + " data is damaged"))
      << ErrorOf(packed);
}

INSTANTIATE_TEST_SUITE_P(Packers, CompressionTest,
                         testing::Values(Packer{"gzip", Compression::kGzip, Gzip},
                                         Packer{"zstd", Compression::kZstd, Zstd},
                                         Packer{"xz", Compression::kXz, Xz}),
                         [](const auto& param) { return param.param.name; });

TEST(ContentTest, PlainBytesAreThemselves) {
  for (std::string_view text : {""sv, "a"sv, "\x1f"sv, "abc\n"sv, "\xff"sv, "\0\0\0\0\0\0\0"sv}) {
    Content content;
    EXPECT_EQ(Lines(std::string(text), &content), text);
    EXPECT_TRUE(content.plain());
  }
}

TEST(ContentTest, PaddingAfterGzip) {
  EXPECT_EQ(Lines(Gzip("a\n") + std::string(200'000, '\0')), "a\n");
}

TEST(ContentTest, Utf16) {
  const std::string little(
      "\xff\xfe"
      "a\0\n\0\xe9\0\xac\x20\x3d\xd8\x00\xde",
      14);
  const std::string big(
      "\xfe\xff"
      "\0a\0\n\0\xe9\x20\xac\xd8\x3d\xde\x00",
      14);
  const std::string utf8 =
      "\xef\xbb\xbf"
      "a\n\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  Content content;
  EXPECT_EQ(Lines(little, &content), utf8);
  EXPECT_EQ(content.encoding, Encoding::kUtf16LittleEndian);
  EXPECT_EQ(Lines(big, &content), utf8);
  EXPECT_EQ(content.encoding, Encoding::kUtf16BigEndian);
  EXPECT_EQ(Lines(Gzip(little), &content), utf8);
  EXPECT_EQ(content.encoding, Encoding::kUtf16LittleEndian);
}

TEST(ContentTest, BrokenUtf16) {
  const std::string replaced = "\xef\xbb\xbf\xef\xbf\xbd";
  EXPECT_EQ(Lines(std::string("\xff\xfe\x3d\xd8"
                              "a\0",
                              6)),
            replaced + "a");
  EXPECT_EQ(Lines(std::string("\xff\xfe\x00\xde", 4)), replaced);
  EXPECT_EQ(Lines(std::string("\xff\xfe\x3d\xd8", 4)), replaced);
  EXPECT_EQ(Lines(std::string("\xff\xfe"
                              "a",
                              3)),
            replaced);
}

TEST(ContentTest, LongUtf16) {
  std::string text = "\xff\xfe";
  for (int i = 0; i < 300'000; ++i) text.append(i % 10 == 9 ? "\n\0"sv : "\x42\x30"sv);
  const std::string lines = Lines(text);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 30'000);
  EXPECT_EQ(lines.size(), 3u + 270'000u * 3 + 30'000u);
}

}  // namespace
}  // namespace cohort::log_summarizer
