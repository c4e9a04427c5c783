#include "apps/api_fetcher/content_decoder.h"

#include <string>

#include "gtest/gtest.h"
#include "testing/http_server/bodies.h"

namespace cohort::api_fetcher {
namespace {

using Result = ContentDecoder::Result;

std::string Text() {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i);
  return text;
}

// What comes out when the bytes come in pieces of that size; "BROKEN" where they are.
std::string Decoded(const char* encoding, std::string_view bytes, std::size_t piece) {
  const auto decoder = ContentDecoder::For(encoding);
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    const Result result = decoder->Decode(bytes.substr(0, piece), [&](std::string_view some) {
      out.append(some);
      return true;
    });
    if (result == Result::kBroken) return "BROKEN";
  }
  return decoder->at_end() ? out : "CUT";
}

struct Case {
  const char* encoding;
  std::string bytes;
};

class ContentDecoderTest : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Each, ContentDecoderTest,
                         testing::Values(Case{"gzip", http_server::Gzipped(Text())},
                                         Case{"X-GZIP", http_server::Gzipped(Text())},
                                         Case{"deflate", http_server::Gzipped(Text())},
                                         Case{" br", http_server::BrotliCompressed(Text())}));

TEST_P(ContentDecoderTest, InPiecesOfAnySize) {
  for (const std::size_t piece : {1, 7, 1000, 1'000'000}) {
    EXPECT_EQ(Decoded(GetParam().encoding, GetParam().bytes, piece), Text()) << piece;
  }
}

TEST_P(ContentDecoderTest, TheEndIsMissed) {
  std::string bytes = GetParam().bytes;
  bytes.pop_back();
  EXPECT_EQ(Decoded(GetParam().encoding, bytes, 1000), "CUT");
}

TEST_P(ContentDecoderTest, BrokenBytes) {
  std::string bytes = GetParam().bytes;
  bytes.replace(20, 200, std::string(200, '\xff'));
  EXPECT_NE(Decoded(GetParam().encoding, bytes, 1000), Text());
  EXPECT_EQ(Decoded(GetParam().encoding, std::string(100, '\xff'), 1000), "BROKEN");
}

TEST_P(ContentDecoderTest, TheSinkMayHaveEnough) {
  const auto decoder = ContentDecoder::For(GetParam().encoding);
  int calls = 0;
  const Result result =
      decoder->Decode(GetParam().bytes, [&](std::string_view) { return ++calls == 0; });
  EXPECT_EQ(result, Result::kFull);
  EXPECT_EQ(calls, 1);
}

TEST(ContentDecoderMembersTest, SeveralOfGzip) {
  const std::string twice = http_server::Gzipped("one ") + http_server::Gzipped("two");
  for (const std::size_t piece : {1, 5, 1000}) EXPECT_EQ(Decoded("gzip", twice, piece), "one two");
}

TEST(ContentDecoderMembersTest, BytesAfterTheEnd) {
  EXPECT_EQ(Decoded("gzip", http_server::Gzipped("one") + "junk and more of it", 1000), "BROKEN");
  EXPECT_EQ(Decoded("br", http_server::BrotliCompressed("one") + "junk", 1), "BROKEN");
}

TEST(ContentDecoderForTest, WhatWasNotAskedFor) {
  EXPECT_EQ(ContentDecoder::For("identity"), nullptr);
  EXPECT_EQ(ContentDecoder::For("zstd"), nullptr);
  EXPECT_EQ(ContentDecoder::For(""), nullptr);
}

}  // namespace
}  // namespace cohort::api_fetcher
