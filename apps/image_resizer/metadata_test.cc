// EXIF and XMP data of a picture that was turned.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/image_resizer/exif.h"
#include "apps/image_resizer/test_images.h"
#include "apps/image_resizer/xmp.h"
#include "gtest/gtest.h"

namespace cohort::image_resizer {
namespace {

using testing::Bytes;
using testing::Contains;
using testing::MakeExif;

constexpr std::string_view kPreview = "the preview's pixels";

void Append(Bytes& bytes, std::string_view text) {
  for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
}

void PutU32(Bytes& bytes, std::size_t at, std::size_t value, bool big_endian) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[at + (big_endian ? 3 - i : i)] = static_cast<std::byte>(value >> 8 * i);
  }
}

// An entry of one LONG.
void AppendEntry(Bytes& bytes, unsigned tag, std::size_t value, bool big_endian) {
  const std::size_t at = bytes.size();
  bytes.resize(at + 12);
  PutU32(bytes, at, big_endian ? tag << 16 | 4 : 4 << 16 | tag, big_endian);
  PutU32(bytes, at + 4, 1, big_endian);
  PutU32(bytes, at + 8, value, big_endian);
}

struct PreviewTags {
  unsigned begin = 0x0201;
  unsigned size = 0x0202;
};

// MakeExif() and a second directory, whose entries say that the preview has `claimed` bytes.
Bytes ExifWithPreview(PreviewTags tags, bool big_endian, std::size_t claimed = kPreview.size()) {
  constexpr std::size_t kLink = 46;
  Bytes exif = MakeExif(6, big_endian);
  exif.resize(exif.size() + exif.size() % 2);
  const std::size_t directory = exif.size();
  PutU32(exif, kLink, directory, big_endian);
  Append(exif, big_endian ? std::string_view("\0\2", 2) : std::string_view("\2\0", 2));
  AppendEntry(exif, tags.begin, directory + 2 + 2 * 12 + 4, big_endian);
  AppendEntry(exif, tags.size, claimed, big_endian);
  exif.resize(exif.size() + 4);
  Append(exif, kPreview);
  return exif;
}

class PreviewTest : public ::testing::TestWithParam<bool> {};

TEST_P(PreviewTest, IsErasedAndNothingElse) {
  for (const PreviewTags tags : {PreviewTags{}, PreviewTags{0x0111, 0x0117}}) {
    Bytes exif = ExifWithPreview(tags, GetParam());
    Append(exif, "behind it");
    SetUpright(exif);
    EXPECT_EQ(OrientationOf(exif), 1);
    EXPECT_FALSE(Contains(exif, "preview"));
    for (const char* kept : {"TheCamera", "GPS:Secret", "behind it"}) {
      EXPECT_TRUE(Contains(exif, kept)) << kept;
    }
  }
}

TEST_P(PreviewTest, MayClaimToBeAnywhere) {
  for (const std::size_t claimed : {0u, 1u, 21u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    const Bytes whole = ExifWithPreview({}, GetParam(), claimed);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Bytes exif(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      SetUpright(exif);
      EXPECT_EQ(OrientationOf(exif), 1) << size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ByteOrders, PreviewTest, ::testing::Bool());

std::string UprightXmp(const std::string& text) {
  Bytes bytes;
  Append(bytes, text);
  SetXmpUpright(bytes);
  std::string upright;
  for (const std::byte b : bytes) upright += static_cast<char>(b);
  return upright;
}

TEST(XmpTest, EachOrientationIsSetToUpright) {
  EXPECT_EQ(UprightXmp("<a tiff:Orientation=\"6\" b='8'>"), "<a tiff:Orientation=\"1\" b='8'>");
  EXPECT_EQ(UprightXmp("<a tiff:Orientation = ' 3'/>"), "<a tiff:Orientation = ' 1'/>");
  EXPECT_EQ(UprightXmp("<tiff:Orientation>8</tiff:Orientation>2"),
            "<tiff:Orientation>1</tiff:Orientation>2");
  EXPECT_EQ(UprightXmp("<tiff:Orientation a='5'>\n8</tiff:Orientation>"),
            "<tiff:Orientation a='5'>\n1</tiff:Orientation>");
  EXPECT_EQ(UprightXmp("tiff:Orientation='6' tiff:Orientation='7'"),
            "tiff:Orientation='1' tiff:Orientation='1'");
}

TEST(XmpTest, WhatIsNoOrientationStays) {
  for (const char* text : {"", "tiff:Orientation", "tiff:Orientation=", "tiff:Orientation='",
                           "tiff:Orientation=6", "tiff:Orientation >", "tiff:Orientation=\"60\"",
                           "tiff:Orientation='9'", "tiff:OrientationOf='6'", "<tiff:Orientation 6",
                           "6 tiff:Orientation ", "a:Orientation='6'"}) {
    EXPECT_EQ(UprightXmp(text), text);
  }
}

}  // namespace
}  // namespace cohort::image_resizer
