#include "apps/image_resizer/resize.h"

#include <lcms2.h>
#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "apps/image_resizer/test_images.h"
#include "futures/internal/test_util.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace cohort::image_resizer {
namespace {

using ::testing::AllOf;
using testing::Bytes;
using testing::Contains;
using testing::DecodeJpeg;
using testing::DecodePng;
using testing::Flat;
using testing::Gradient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::JpegMaking;
using testing::MakeExif;
using testing::MakeJpeg;
using testing::MakePng;
using ::testing::Not;
using testing::Photo;
using testing::Pixels;
using testing::PngMaking;
using testing::Quarters;
using ::testing::SizeIs;
using ::testing::StartsWith;

ResizeSpec Box(int width, int height) {
  ResizeSpec spec;
  spec.width = width;
  spec.height = height;
  return spec;
}

// Lossless, so that what is tested is not the output's coding.
ResizeSpec BoxToPng(int width, int height) {
  ResizeSpec spec = Box(width, height);
  spec.format = OutputFormat::kPng;
  return spec;
}

Pixels Decode(const Resized& resized) {
  return resized.output.format == Format::kJpeg ? DecodeJpeg(resized.file)
                                                : DecodePng(resized.file);
}

std::string SizeOf(const ImageInfo& info) {
  return std::to_string(info.width) + "x" + std::to_string(info.height);
}

// One pixel's channels.
std::vector<int> At(const Pixels& pixels, int x, int y) {
  std::vector<int> values;
  for (int c = 0; c < pixels.channels; ++c) values.push_back(pixels.at(x, y, c));
  return values;
}

::testing::AssertionResult Near(const std::vector<int>& a, const std::vector<int>& b,
                                int tolerance) {
  if (a.size() != b.size()) return ::testing::AssertionFailure() << "other channels";
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) <= tolerance) continue;
    return ::testing::AssertionFailure()
           << ::testing::PrintToString(a) << " is not " << ::testing::PrintToString(b);
  }
  return ::testing::AssertionSuccess();
}

double MeanDifference(const Pixels& a, const Pixels& b) {
  EXPECT_EQ(a.samples.size(), b.samples.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) sum += std::abs(a.samples[i] - b.samples[i]);
  return sum / static_cast<double>(a.samples.size());
}

// What a gradient of the larger size is in the smaller one.
Pixels SmallGradient(int width, int height, int from_width, int from_height) {
  const auto value = [](int i, int size, int from) {
    const double position = (i + 0.5) * from / size - 0.5;
    return static_cast<std::uint16_t>(std::lround(255 * position / std::max(1, from - 1)));
  };
  Pixels pixels(width, height, 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      pixels.at(x, y, 0) = value(x, width, from_width);
      pixels.at(x, y, 1) = value(y, height, from_height);
      pixels.at(x, y, 2) = 127;
    }
  }
  return pixels;
}

ErrorKind KindOf(const Bytes& file, const ResizeSpec& spec = Box(8, 8)) {
  try {
    Resize(file, spec);
  } catch (const ImageError& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::kNotAnImage;
}

Bytes WithPrefix(std::string_view prefix, const Bytes& bytes) {
  Bytes result;
  for (const char c : prefix) result.push_back(static_cast<std::byte>(c));
  result.insert(result.end(), bytes.begin(), bytes.end());
  return result;
}

Bytes ExifSegment(const Bytes& exif) { return WithPrefix(std::string_view("Exif\0\0", 6), exif); }

// sRGB with red and green exchanged.
Bytes SwappedProfile() {
  const cmsCIExyY white = {0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries = {{0.30, 0.60, 1}, {0.64, 0.33, 1}, {0.15, 0.06, 1}};
  constexpr cmsFloat64Number kCurve[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
  cmsToneCurve* curve = cmsBuildParametricToneCurve(nullptr, 4, kCurve);
  cmsToneCurve* curves[] = {curve, curve, curve};
  cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  Bytes bytes(size);
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  cmsCloseProfile(profile);
  cmsFreeToneCurve(curve);
  return bytes;
}

Bytes SrgbProfile() {
  cmsHPROFILE profile = cmsCreate_sRGBProfile();
  cmsUInt32Number size = 0;
  cmsSaveProfileToMem(profile, nullptr, &size);
  Bytes bytes(size);
  cmsSaveProfileToMem(profile, bytes.data(), &size);
  cmsCloseProfile(profile);
  return bytes;
}

// Sizes.

TEST(ResizeTest, FitsIntoTheBox) {
  const Resized resized = Resize(MakeJpeg(Gradient(400, 200, 3)), Box(100, 100));
  EXPECT_EQ(SizeOf(resized.source), "400x200");
  EXPECT_EQ(SizeOf(resized.output), "100x50");
  EXPECT_EQ(resized.output.format, Format::kJpeg);
  const Pixels pixels = Decode(resized);
  EXPECT_EQ(pixels.width, 100);
  EXPECT_EQ(pixels.height, 50);
  EXPECT_THAT(resized.warnings, IsEmpty());
}

TEST(ResizeTest, FillsTheBoxFromTheMiddle) {
  ResizeSpec spec = BoxToPng(50, 50);
  spec.mode = Mode::kFill;
  const Pixels pixels = Decode(Resize(MakePng(Gradient(400, 200, 3)), spec));
  ASSERT_EQ(pixels.width, 50);
  ASSERT_EQ(pixels.height, 50);
  EXPECT_NEAR(pixels.at(0, 25, 0), 255 / 4, 3);  // a quarter is cut off on either side
  EXPECT_NEAR(pixels.at(49, 25, 0), 255 * 3 / 4, 3);
  EXPECT_NEAR(pixels.at(25, 0, 1), 2, 3);
  EXPECT_NEAR(pixels.at(25, 49, 1), 253, 3);
}

TEST(ResizeTest, MakesExactlyTheBox) {
  ResizeSpec spec = Box(30, 70);
  spec.mode = Mode::kExact;
  EXPECT_EQ(SizeOf(Resize(MakeJpeg(Gradient(400, 200, 3)), spec).output), "30x70");
}

TEST(ResizeTest, EnlargesOnlyWhenAsked) {
  const Bytes file = MakeJpeg(Gradient(40, 20, 3));
  for (const Mode mode : {Mode::kFit, Mode::kFill, Mode::kExact}) {
    ResizeSpec spec = Box(80, 80);
    spec.mode = mode;
    EXPECT_EQ(SizeOf(Resize(file, spec).output), "40x20");
    spec.enlarge = Enlarge::kAllowed;
    EXPECT_EQ(SizeOf(Resize(file, spec).output), mode == Mode::kFit ? "80x40" : "80x80");
  }
}

TEST(ResizeTest, OneSideMayFollowTheOther) {
  const Bytes file = MakeJpeg(Gradient(400, 200, 3));
  EXPECT_EQ(SizeOf(Resize(file, Box(100, 0)).output), "100x50");
  EXPECT_EQ(SizeOf(Resize(file, Box(0, 100)).output), "200x100");
}

TEST(ResizeTest, ASideIsNeverBelowOnePixel) {
  EXPECT_EQ(SizeOf(Resize(MakePng(Gradient(5000, 1, 3)), Box(8, 8)).output), "8x1");
  EXPECT_EQ(SizeOf(Resize(MakePng(Gradient(1, 5000, 3)), Box(8, 8)).output), "1x8");
  EXPECT_EQ(SizeOf(Resize(MakePng(Gradient(1, 1, 3)), Box(8, 8)).output), "1x1");
}

TEST(ResizeTest, HalfAPixelIsRoundedUp) {
  EXPECT_EQ(SizeOf(Resize(MakePng(Gradient(200, 5, 1)), Box(100, 100)).output), "100x3");
}

TEST(ResizeTest, TheLongestSidesOfAJpeg) {
  const Bytes wide = MakeJpeg(Gradient(65500, 1, 1));
  EXPECT_EQ(SizeOf(Resize(wide, Box(800, 600)).output), "800x1");
  const Bytes high = MakeJpeg(Gradient(1, 65500, 3));
  EXPECT_EQ(SizeOf(Resize(high, Box(800, 600)).output), "1x600");
}

TEST(ResizeTest, ASpecThatCannotBeIsNamed) {
  const Bytes file = MakePng(Gradient(4, 4, 3));
  const auto text_of = [&file](const ResizeSpec& spec) -> std::string {
    try {
      Resize(file, spec);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(text_of(Box(0, 0)), HasSubstr("width and height"));
  EXPECT_THAT(text_of(Box(-3, 5)), HasSubstr("width is -3"));
  ResizeSpec spec = Box(5, 5);
  spec.quality = 101;
  EXPECT_THAT(text_of(spec), HasSubstr("quality is 101"));
}

// Pixels, of every kind of JPEG in every odd size.

struct Sampling {
  int h;
  int v;
};

class JpegKindTest
    : public ::testing::TestWithParam<std::tuple<Sampling, std::tuple<int, int>, bool>> {};

TEST_P(JpegKindTest, KeepsTheColours) {
  const auto [sampling, size, progressive] = GetParam();
  const auto [width, height] = size;
  const Bytes file =
      MakeJpeg(Gradient(width, height, 3),
               {.luma_h = sampling.h, .luma_v = sampling.v, .progressive = progressive});
  for (const int divisor : {1, 2, 3, 7}) {
    ResizeSpec spec = BoxToPng(std::max(1, width / divisor), std::max(1, height / divisor));
    spec.mode = Mode::kExact;
    const Pixels expected = SmallGradient(spec.width, spec.height, width, height);
    for (const Subsampling subsampling :
         {Subsampling::k420, Subsampling::k422, Subsampling::k444}) {
      spec.subsampling = subsampling;
      spec.format = OutputFormat::kJpeg;
      const Pixels jpeg = Decode(Resize(file, spec));
      ASSERT_EQ(jpeg.width, spec.width);
      ASSERT_EQ(jpeg.height, spec.height);
      if (spec.width > 16) {
        EXPECT_LT(MeanDifference(jpeg, expected), 4) << spec.width;
      }
    }
    spec.format = OutputFormat::kPng;
    if (spec.width > 16) {
      EXPECT_LT(MeanDifference(Decode(Resize(file, spec)), expected), 2) << spec.width;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, JpegKindTest,
    ::testing::Combine(::testing::Values(Sampling{1, 1}, Sampling{2, 1}, Sampling{1, 2},
                                         Sampling{2, 2}, Sampling{4, 1}, Sampling{4, 2}),
                       ::testing::Values(std::tuple(1, 1), std::tuple(7, 5), std::tuple(64, 48),
                                         std::tuple(101, 67), std::tuple(333, 255)),
                       ::testing::Bool()));

TEST(ResizeTest, ReadsJpegsThatAreStoredAsRgb) {
  const Bytes file = MakeJpeg(Quarters(64, 64), {.stored_as_rgb = true});
  const Pixels pixels = Decode(Resize(file, Box(16, 16)));
  EXPECT_TRUE(Near(At(pixels, 4, 4), {255, 0, 0}, 12));
  EXPECT_TRUE(Near(At(pixels, 12, 4), {0, 255, 0}, 12));
}

TEST(ResizeTest, GrayStaysGray) {
  for (const Bytes& file :
       {MakeJpeg(Gradient(99, 64, 1), {.luma_h = 2, .luma_v = 2}), MakePng(Gradient(99, 64, 1))}) {
    EXPECT_EQ(Decode(Resize(file, Box(20, 20))).channels, 1);
    EXPECT_EQ(Decode(Resize(file, BoxToPng(20, 20))).channels, 1);
  }
}

TEST(ResizeTest, CmykBecomesSrgb) {
  // As Adobe stores them: 255 is no ink.
  const Pixels cyan = Flat(40, 40, {0, 255, 255, 255});
  const Pixels dark = Flat(40, 40, {255, 255, 0, 128});
  for (const bool ycck : {false, true}) {
    for (const int luma : {1, 2}) {
      const JpegMaking making = {.luma_h = luma, .luma_v = luma, .ycck = ycck};
      const Pixels first = Decode(Resize(MakeJpeg(cyan, making), Box(10, 10)));
      EXPECT_TRUE(Near(At(first, 5, 5), {0, 255, 255}, 4));
      const Pixels second = Decode(Resize(MakeJpeg(dark, making), Box(10, 10)));
      EXPECT_TRUE(Near(At(second, 5, 5), {128, 128, 0}, 4));
    }
  }
}

// What is beyond the edge is coded with it.
TEST(ResizeTest, TheEdgesOfAJpegAreClean) {
  const Bytes file = MakeJpeg(Flat(34, 18, {200, 100, 50}), {.quality = 100});
  const Pixels pixels = Decode(Resize(file, Box(17, 9)));
  for (int y = 0; y < 9; ++y) {
    for (int x = 0; x < 17; ++x) {
      EXPECT_TRUE(Near(At(pixels, x, y), {200, 100, 50}, 3)) << x << ", " << y;
    }
  }
}

TEST(ResizeTest, EveryColourTypeOfPng) {
  for (const bool interlaced : {false, true}) {
    for (const int depth : {8, 16}) {
      for (const int channels : {1, 2, 3, 4}) {
        const Bytes file = MakePng(Gradient(77, 53, channels, depth), {.interlaced = interlaced});
        ResizeSpec spec = Box(30, 20);
        spec.mode = Mode::kExact;
        const Pixels pixels = Decode(Resize(file, spec));
        EXPECT_EQ(pixels.depth, depth);
        // The fourth channel and the second of two are alpha: the gradient's is opaque for RGB.
        EXPECT_EQ(pixels.channels, channels == 4 ? 3 : channels);
        const int top = (1 << depth) - 1;
        EXPECT_NEAR(pixels.at(15, 10, 0), top / 2, top / 30);
        if (channels >= 3) {
          EXPECT_NEAR(pixels.at(29, 19, 1), top, top / 20);
        }
      }
    }
  }
}

TEST(ResizeTest, SixteenBitsAreReducedOnRequestAndForJpeg) {
  const Bytes file = MakePng(Flat(20, 20, {65535, 32768, 0}, 16));
  ResizeSpec spec = Box(10, 10);
  EXPECT_EQ(At(Decode(Resize(file, spec)), 5, 5), (std::vector<int>{65535, 32768, 0}));
  spec.depth16 = Depth16::kReduceTo8;
  EXPECT_EQ(At(Decode(Resize(file, spec)), 5, 5), (std::vector<int>{255, 128, 0}));
  spec.format = OutputFormat::kJpeg;
  EXPECT_TRUE(Near(At(Decode(Resize(file, spec)), 5, 5), {255, 128, 0}, 3));
}

// Alpha.

// Left half opaque green, right half transparent red.
Pixels HalfTransparent(int depth) {
  const int top = (1 << depth) - 1;
  Pixels pixels = Flat(64, 64, {0, top, 0, top}, depth);
  for (int y = 0; y < 64; ++y) {
    for (int x = 32; x < 64; ++x) {
      pixels.at(x, y, 0) = static_cast<std::uint16_t>(top);
      pixels.at(x, y, 1) = 0;
      pixels.at(x, y, 3) = 0;
    }
  }
  return pixels;
}

TEST(ResizeTest, TransparentColoursDoNotBleed) {
  for (const int depth : {8, 16}) {
    const int top = (1 << depth) - 1;
    const Pixels pixels = Decode(Resize(MakePng(HalfTransparent(depth)), Box(9, 9)));
    ASSERT_EQ(pixels.channels, 4);
    for (int x = 0; x < 9; ++x) {
      if (pixels.at(x, 4, 3) < top / 20) continue;
      EXPECT_TRUE(Near({pixels.at(x, 4, 0), pixels.at(x, 4, 1)}, {0, top}, top / 80)) << x;
    }
    EXPECT_NEAR(pixels.at(4, 4, 3), top / 2, top / 10);  // the edge
  }
}

TEST(ResizeTest, TheBackgroundIsBehindAlphaInAJpeg) {
  ResizeSpec spec = Box(16, 16);
  spec.format = OutputFormat::kJpeg;
  spec.background = {0, 0, 255};
  const Pixels pixels = Decode(Resize(MakePng(HalfTransparent(8)), spec));
  EXPECT_TRUE(Near(At(pixels, 3, 8), {0, 255, 0}, 8));
  EXPECT_TRUE(Near(At(pixels, 12, 8), {0, 0, 255}, 8));

  const Bytes gray = MakePng(Flat(20, 20, {0, 0}));
  EXPECT_TRUE(Near(At(Decode(Resize(gray, spec)), 5, 5), {0, 0, 255}, 4));
  spec.background = {200, 200, 200};
  EXPECT_TRUE(Near(At(Decode(Resize(gray, spec)), 5, 5), {200}, 4));
}

// Orientation.

class OrientationTest : public ::testing::TestWithParam<std::tuple<int, bool>> {};

// The corners of red, green, blue and white, as they are seen: from the upper left, row by row.
std::string Corners(const Pixels& pixels) {
  std::string names;
  for (const int y : {pixels.height / 5, pixels.height * 4 / 5}) {
    for (const int x : {pixels.width / 5, pixels.width * 4 / 5}) {
      const std::vector<int> colour = At(pixels, x, y);
      names += colour[0] > 128 && colour[1] > 128 ? 'w'
               : colour[0] > 128                  ? 'r'
               : colour[1] > 128                  ? 'g'
                                                  : 'b';
    }
  }
  return names;
}

TEST_P(OrientationTest, IsAppliedAndReset) {
  const auto [orientation, big_endian] = GetParam();
  constexpr const char* kSeen[] = {"rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"};
  const Bytes exif = MakeExif(orientation, big_endian);
  const bool turned = orientation >= 5;
  for (const auto& [width, height] : {std::pair(90, 60), std::pair(91, 61)}) {
    const Bytes jpeg =
        MakeJpeg(Quarters(width, height), {.luma_h = 2, .luma_v = 1, .exif = ExifSegment(exif)});
    const Bytes png = MakePng(Quarters(width, height), {.exif = exif});
    for (const Bytes& file : {jpeg, png}) {
      for (const OutputFormat format : {OutputFormat::kJpeg, OutputFormat::kPng}) {
        ResizeSpec spec = Box(45, 45);
        spec.format = format;
        spec.keep.exif = true;
        const Resized resized = Resize(file, spec);
        EXPECT_EQ(SizeOf(resized.output), turned ? "30x45" : "45x30");
        const Pixels pixels = Decode(resized);
        EXPECT_EQ(Corners(pixels), kSeen[orientation - 1]);

        // A second time nothing is turned.
        EXPECT_TRUE(Contains(resized.file, "TheCamera"));
        EXPECT_EQ(Corners(Decode(Resize(resized.file, spec))), kSeen[orientation - 1]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, OrientationTest,
                         ::testing::Combine(::testing::Range(1, 9), ::testing::Bool()));

// An odd width has one sample of chroma that is used in part: the last, also of a mirrored picture.
TEST(ResizeTest, ChromaOfAMirroredPictureIsWhereItBelongs) {
  const Bytes file =
      MakeJpeg(Gradient(153, 60, 3), {.quality = 100, .exif = ExifSegment(MakeExif(2))});
  ResizeSpec spec = Box(51, 20);
  spec.quality = 100;
  spec.subsampling = Subsampling::k420;
  const Pixels pixels = Decode(Resize(file, spec));
  const Pixels upright = SmallGradient(51, 20, 153, 60);
  double sum = 0;
  for (int y = 4; y < 16; ++y) {
    for (int x = 4; x < 47; ++x) sum += pixels.at(x, y, 0) - upright.at(50 - x, y, 0);
  }
  EXPECT_NEAR(sum / (12 * 43), -0.5, 0.5);  // the gradient is rounded down
}

TEST(ResizeTest, NonsenseInExifIsUpright) {
  for (const int orientation : {0, 9, 65535}) {
    const Bytes file = MakeJpeg(Quarters(64, 32), {.exif = ExifSegment(MakeExif(orientation))});
    EXPECT_EQ(SizeOf(Resize(file, Box(16, 16)).output), "16x8");
  }
  for (std::size_t size = 0; size < 80; ++size) {
    Bytes exif = MakeExif(6);
    exif.resize(size);
    const Bytes file = MakeJpeg(Quarters(64, 32), {.exif = ExifSegment(exif)});
    ResizeSpec spec = Box(16, 16);
    spec.keep.exif = true;
    EXPECT_NO_THROW(Resize(file, spec)) << size;
  }
}

// Metadata and profiles.

TEST(ResizeTest, NothingSurvivesByDefault) {
  const JpegMaking making = {
      .icc = SrgbProfile(),
      .exif = ExifSegment(MakeExif(1)),
      .xmp = WithPrefix(std::string_view("http://ns.adobe.com/xap/1.0/\0", 29), Bytes(9))};
  PngMaking png = {.icc = SrgbProfile(), .exif = MakeExif(1), .xmp = "<x:xmpmeta/>"};
  const Pixels pixels = Quarters(64, 64);
  for (const Bytes& file : {MakeJpeg(pixels, making), MakePng(pixels, png)}) {
    ASSERT_TRUE(Contains(file, "GPS:Secret"));
    for (const OutputFormat format : {OutputFormat::kJpeg, OutputFormat::kPng}) {
      ResizeSpec spec = Box(16, 16);
      spec.format = format;
      const Bytes small = Resize(file, spec).file;
      for (const char* text : {"GPS:Secret", "TheCamera", "Exif", "eXIf", "ICC", "xap", "xmp"}) {
        EXPECT_FALSE(Contains(small, text)) << text;
      }
    }
  }
}

TEST(ResizeTest, WhatIsAskedForIsKept) {
  const std::string xmp = "<x:xmpmeta tiff:Orientation=\"6\">words</x:xmpmeta>";
  const std::string upright = "<x:xmpmeta tiff:Orientation=\"1\">words</x:xmpmeta>";
  const Bytes exif = MakeExif(6);
  const JpegMaking making = {
      .icc = SwappedProfile(),
      .exif = ExifSegment(exif),
      .xmp =
          WithPrefix(std::string_view("http://ns.adobe.com/xap/1.0/\0", 29), WithPrefix(xmp, {}))};
  const PngMaking png = {.icc = SwappedProfile(), .exif = exif, .xmp = xmp};
  const Pixels pixels = Quarters(64, 64);
  for (const Bytes& file : {MakeJpeg(pixels, making), MakePng(pixels, png)}) {
    for (const OutputFormat format : {OutputFormat::kJpeg, OutputFormat::kPng}) {
      ResizeSpec spec = Box(16, 16);
      spec.format = format;
      spec.keep = {.icc = true, .exif = true, .xmp = true};
      const Resized kept = Resize(file, spec);
      EXPECT_TRUE(Contains(kept.file, "GPS:Secret"));
      EXPECT_TRUE(Contains(kept.file, upright));
      EXPECT_EQ(Corners(Decode(kept)), "brwg");  // the numbers as they were

      spec.keep = {};
      EXPECT_EQ(Corners(Decode(Resize(kept.file, spec))), "bgwr");  // by the profile it kept
    }
  }
}

TEST(ResizeTest, ColoursAreConvertedToSrgb) {
  const Bytes jpeg = MakeJpeg(Quarters(64, 64), {.icc = SwappedProfile()});
  const Bytes png = MakePng(Quarters(64, 64), {.icc = SwappedProfile()});
  const Bytes alpha = MakePng(HalfTransparent(8), {.icc = SwappedProfile()});
  EXPECT_EQ(Corners(Decode(Resize(jpeg, Box(16, 16)))), "grbw");
  EXPECT_EQ(Corners(Decode(Resize(png, Box(16, 16)))), "grbw");
  EXPECT_TRUE(Near(At(Decode(Resize(alpha, Box(16, 16))), 2, 8), {255, 0, 0, 255}, 3));
}

TEST(ResizeTest, AProfileThatIsSrgbChangesNothing) {
  const Pixels photo = Photo(64, 64, 3);
  EXPECT_EQ(Resize(MakeJpeg(photo, {.icc = SrgbProfile()}), Box(16, 16)).file,
            Resize(MakeJpeg(photo), Box(16, 16)).file);
}

TEST(ResizeTest, AProfileThatCannotBeUsedIsWarnedOf) {
  const Resized damaged =
      Resize(MakeJpeg(Quarters(64, 64), {.icc = Bytes(200, std::byte{7})}), Box(16, 16));
  EXPECT_THAT(damaged.warnings, SizeIs(1));
  EXPECT_EQ(Corners(Decode(damaged)), "rgbw");
  const Resized other =
      Resize(MakeJpeg(Gradient(64, 64, 1), {.icc = SwappedProfile()}), Box(16, 16));
  EXPECT_THAT(other.warnings, SizeIs(1));
}

// Light.

TEST(ResizeTest, LinearLightAveragesLight) {
  Pixels stripes = Flat(64, 64, {0, 0, 0});
  for (int y = 0; y < 64; y += 2) {
    for (int x = 0; x < 64; ++x) {
      for (int c = 0; c < 3; ++c) stripes.at(x, y, c) = 255;
    }
  }
  for (const Bytes& file :
       {MakePng(stripes), MakeJpeg(stripes, {.quality = 100, .luma_h = 2, .luma_v = 2})}) {
    ResizeSpec spec = BoxToPng(8, 8);
    EXPECT_TRUE(Near(At(Decode(Resize(file, spec)), 4, 4), {128, 128, 128}, 3));
    spec.linear_light = true;
    EXPECT_TRUE(Near(At(Decode(Resize(file, spec)), 4, 4), {188, 188, 188}, 3));
  }
}

TEST(ResizeTest, LinearLightKeepsFlatColours) {
  ResizeSpec spec = Box(7, 7);
  spec.linear_light = true;
  EXPECT_EQ(At(Decode(Resize(MakePng(Flat(20, 20, {1, 77, 254})), spec)), 3, 3),
            (std::vector<int>{1, 77, 254}));
  EXPECT_EQ(At(Decode(Resize(MakePng(Flat(20, 20, {3, 20000}, 16)), spec)), 3, 3)[1], 20000);
}

// The coding.

TEST(ResizeTest, OptionsOfTheJpegHaveTheirEffect) {
  const Bytes file = MakeJpeg(Photo(400, 300, 3), {.luma_h = 2, .luma_v = 2});
  const auto size_of = [&file](auto change) {
    ResizeSpec spec = Box(200, 200);
    change(spec);
    return Resize(file, spec).file.size();
  };
  const std::size_t normal = size_of([](ResizeSpec&) {});
  EXPECT_LT(size_of([](ResizeSpec& s) { s.quality = 50; }), normal);
  EXPECT_GT(size_of([](ResizeSpec& s) { s.optimize = false; }), normal);
  EXPECT_NE(size_of([](ResizeSpec& s) { s.progressive = true; }), normal);
  EXPECT_GT(size_of([](ResizeSpec& s) { s.subsampling = Subsampling::k444; }), normal);
  EXPECT_GT(size_of([](ResizeSpec& s) { s.subsampling = Subsampling::k422; }), normal);
}

TEST(ResizeTest, EveryFilterAndLevelWorks) {
  const Bytes file = MakePng(Photo(100, 80, 3));
  for (const Filter filter :
       {Filter::kLanczos3, Filter::kLanczos2, Filter::kCubic, Filter::kLinear, Filter::kNearest}) {
    ResizeSpec spec = Box(50, 50);
    spec.filter = filter;
    EXPECT_EQ(SizeOf(Resize(file, spec).output), "50x40");
  }
  for (int level = 0; level <= 9; ++level) {
    ResizeSpec spec = Box(100, 100);
    spec.png_level = level;
    EXPECT_EQ(MeanDifference(Decode(Resize(file, spec)), DecodePng(file)), 0);  // lossless
  }
}

std::size_t AddressSpace() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * 4096;
}

// False when there was not enough memory.
bool ResizesWithin(std::size_t more_bytes, const Bytes& file, const ResizeSpec& spec) {
  rlimit before = {};
  getrlimit(RLIMIT_AS, &before);
  const rlimit limit = {AddressSpace() + more_bytes, before.rlim_max};
  setrlimit(RLIMIT_AS, &limit);
  bool resized = true;
  try {
    Resize(file, spec);
  } catch (const std::bad_alloc&) {
    resized = false;
  }
  setrlimit(RLIMIT_AS, &before);
  return resized;
}

// Wherever it ends, also while the output grows, what was taken is given back once.
TEST(ResizeTest, MemoryMayEndAnywhere) {
  if (kSanitized) return;               // they take address space of their own
  mallopt(M_MMAP_THRESHOLD, 64 << 10);  // large blocks come from the system, each time
  const Bytes file = MakeJpeg(Photo(600, 500, 3), {.quality = 100});
  ResizeSpec spec = Box(600, 500);
  spec.quality = 100;
  spec.optimize = false;
  Resize(file, spec);  // fills the caches
  malloc_trim(0);
  constexpr std::size_t kStep = 64 << 10;
  std::size_t bytes = 0;
  while (bytes < (64 << 20) && !ResizesWithin(bytes, file, spec)) bytes += kStep;
  EXPECT_GT(bytes, 0u);
  EXPECT_LT(bytes, std::size_t{64} << 20);
}

// 8 megapixels, whose samples alone would take 24 to 64 MB. What libraries load is not counted.
TEST(ResizeTest, MemoryDoesNotGrowWithTheArea) {
  if (kSanitized) return;
  constexpr std::size_t kLittle = 16 << 20;
  mallopt(M_MMAP_THRESHOLD, 64 << 10);
  ResizeSpec light = Box(200, 200);
  light.linear_light = true;
  const auto resizes = [](const Bytes& file, const ResizeSpec& spec) {
    Resize(MakeJpeg(Flat(64, 64, {1, 2, 3})), spec);  // fills the tables
    malloc_trim(0);
    return ResizesWithin(kLittle, file, spec);
  };
  EXPECT_TRUE(resizes(MakePng(Gradient(2000, 4000, 3)), Box(200, 200)));
  EXPECT_TRUE(resizes(MakePng(Gradient(2000, 4000, 4)), light));
  EXPECT_TRUE(resizes(MakePng(Gradient(2000, 4000, 3, 16)), Box(200, 200)));
  EXPECT_TRUE(resizes(MakeJpeg(Gradient(2000, 4000, 3)), Box(1000, 2000)));
  EXPECT_TRUE(resizes(MakeJpeg(Gradient(2000, 4000, 3)), light));
}

// What is no image, or too much of one.

TEST(ResizeTest, WhatIsNoImageIsRefused) {
  EXPECT_EQ(KindOf({}), ErrorKind::kNotAnImage);
  EXPECT_EQ(KindOf(WithPrefix("Hello, I am a text and no image", {})), ErrorKind::kNotAnImage);
  EXPECT_EQ(KindOf(WithPrefix("GIF89a", Bytes(100))), ErrorKind::kNotAnImage);
}

TEST(ResizeTest, TheContentCounts) {
  EXPECT_EQ(Resize(MakePng(Quarters(20, 20)), Box(8, 8)).source.format, Format::kPng);
  EXPECT_EQ(Inspect(MakePng(Quarters(20, 30))).height, 30);
  EXPECT_EQ(Inspect(MakeJpeg(Quarters(20, 30))).format, Format::kJpeg);
}

TEST(ResizeTest, ThePixelLimitCountsBeforeMemoryIsTaken) {
  Bytes jpeg = MakeJpeg(Gradient(16, 16, 1));
  for (std::size_t i = 0; i + 8 < jpeg.size(); ++i) {  // declares another size in the frame header
    if (jpeg[i] != std::byte{0xFF} || jpeg[i + 1] != std::byte{0xC0}) continue;
    for (const int offset : {5, 7}) {
      jpeg[i + offset] = std::byte{0xFF};
      jpeg[i + offset + 1] = std::byte{0xDC};
    }
  }
  EXPECT_EQ(SizeOf(ImageInfo{Format::kJpeg, 65500, 65500}), "65500x65500");
  EXPECT_EQ(KindOf(jpeg), ErrorKind::kTooLarge);

  ResizeSpec spec = Box(8, 8);
  spec.limits.max_pixels = 399;
  EXPECT_EQ(KindOf(MakeJpeg(Gradient(20, 20, 3)), spec), ErrorKind::kTooLarge);
  EXPECT_EQ(KindOf(MakePng(Gradient(20, 20, 3)), spec), ErrorKind::kTooLarge);
  spec.limits.max_pixels = 400;
  EXPECT_NO_THROW(Resize(MakePng(Gradient(20, 20, 3)), spec));
}

TEST(ResizeTest, ASideHasALimitOfItsOwn) {
  EXPECT_EQ(KindOf(MakePng(Gradient(300'001, 1, 1))), ErrorKind::kTooLarge);
  EXPECT_EQ(KindOf(MakePng(Gradient(1, 300'001, 1))), ErrorKind::kTooLarge);
}

std::string ErrorOf(const Bytes& file, const ResizeSpec& spec) {
  try {
    Resize(file, spec);
  } catch (const ImageError& error) {
    return error.what();
  }
  return "no ImageError";
}

// A side that follows the other one can be anything.
TEST(ResizeTest, TheCopyHasTheSameLimits) {
  const Bytes thin = MakePng(Gradient(1, 3000, 1));
  ResizeSpec spec = {.width = 800, .enlarge = Enlarge::kAllowed};
  EXPECT_THAT(ErrorOf(thin, spec),
              AllOf(HasSubstr("too large: the copy would be 800 x 2400000: "),
                    HasSubstr("a side of 2400000 pixels; the limit is 300000; give both sides")));
  spec.width = 60;
  spec.limits.max_pixels = 60 * 60 * 3000 - 1;
  EXPECT_THAT(ErrorOf(thin, spec), HasSubstr("60 x 180000 are 10800000 pixels"));
  spec.enlarge = Enlarge::kNever;
  EXPECT_NO_THROW(Resize(thin, spec));
}

TEST(ResizeTest, TheScanLimitCounts) {
  const Bytes file = MakeJpeg(Photo(100, 100, 3), {.progressive = true});
  ResizeSpec spec = Box(50, 50);
  EXPECT_NO_THROW(Resize(file, spec));
  spec.limits.max_scans = 3;
  EXPECT_EQ(KindOf(file, spec), ErrorKind::kTooManyScans);
}

TEST(ResizeTest, AChunkThatClaimsToBeLongIsRefused) {
  Bytes png = MakePng(Quarters(20, 20), {.exif = MakeExif(1)});
  const auto* text = reinterpret_cast<const char*>(png.data());
  const std::size_t type = std::string_view(text, png.size()).find("eXIf");
  png[type - 4] = std::byte{0x7F};
  ResizeSpec spec = Box(8, 8);
  for (const Damage damage : {Damage::kRefuse, Damage::kTolerate}) {
    spec.damage = damage;
    EXPECT_EQ(KindOf(png, spec), ErrorKind::kDamaged);
  }
}

// Damage.

TEST(ResizeTest, EveryTruncationIsRefusedOrTolerated) {
  for (const Bytes& file :
       {MakeJpeg(Photo(90, 70, 3), {.luma_h = 2, .luma_v = 2}),
        MakeJpeg(Photo(90, 70, 3), {.progressive = true}), MakePng(Photo(90, 70, 3)),
        MakePng(Photo(90, 70, 4), {.interlaced = true})}) {
    for (std::size_t size = 3; size < file.size(); size += 1 + size / 25) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
      ResizeSpec spec = Box(30, 30);
      EXPECT_THROW(Resize(cut, spec), ImageError) << size;
      spec.damage = Damage::kTolerate;
      try {
        EXPECT_THAT(Resize(cut, spec).warnings, Not(IsEmpty())) << size;
      } catch (const ImageError&) {
        EXPECT_LT(size, 8400u) << "there were pixels to show";  // a PNG is read in such pieces
      }
    }
  }
}

// The part up to and with `mark`, and `more` bytes.
Bytes UpTo(const Bytes& file, std::string_view mark, std::size_t more) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  const std::size_t size = text.find(mark) + mark.size() + more;
  return {file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)};
}

TEST(ResizeTest, APictureOfNothingIsNotMade) {
  ResizeSpec spec = Box(8, 8);
  spec.damage = Damage::kTolerate;
  for (const bool progressive : {false, true}) {
    const Bytes jpeg = MakeJpeg(Photo(90, 70, 1), {.progressive = progressive});
    constexpr std::size_t kScanHeader = 8;
    for (const std::size_t more : {0, 1, 2}) {
      EXPECT_EQ(KindOf(UpTo(jpeg, "\xFF\xDA", kScanHeader + more), spec), ErrorKind::kDamaged);
    }
    EXPECT_NO_THROW(Resize(UpTo(jpeg, "\xFF\xDA", kScanHeader + (progressive ? 50 : 999)), spec));
  }
  for (const bool interlaced : {false, true}) {
    const Bytes png = MakePng(Photo(90, 70, 3), {.interlaced = interlaced});
    EXPECT_EQ(KindOf(UpTo(png, "IDAT", 2), spec), ErrorKind::kDamaged);
  }
}

TEST(ResizeTest, BitFlipsNeverDoMoreThanFail) {
  for (const Bytes& file :
       {MakeJpeg(Photo(60, 50, 3), {.luma_h = 2, .luma_v = 2, .icc = SwappedProfile()}),
        MakeJpeg(Photo(60, 50, 4), {.progressive = true}), MakePng(Photo(60, 50, 4))}) {
    for (std::size_t at = 2; at < file.size(); at += 1 + at / 8) {
      for (const int bit : {0, 4, 7}) {
        Bytes flipped = file;
        flipped[at] ^= static_cast<std::byte>(1 << bit);
        for (const Damage damage : {Damage::kRefuse, Damage::kTolerate}) {
          ResizeSpec spec = Box(20, 20);
          spec.damage = damage;
          spec.limits.max_pixels = 100'000;
          try {
            EXPECT_FALSE(Resize(flipped, spec).file.empty());
          } catch (const ImageError&) {
          }
        }
      }
    }
  }
}

TEST(ResizeTest, StrayBytesBetweenSegmentsAreOnlyWarnedOf) {
  Bytes file = MakeJpeg(Quarters(64, 64));
  // After the first segment, as some cameras write it.
  const std::size_t length = 2 + 2 + std::to_integer<std::size_t>(file[5]);
  file.insert(file.begin() + static_cast<std::ptrdiff_t>(length), 3, std::byte{0});
  const Resized resized = Resize(file, Box(16, 16));
  EXPECT_THAT(resized.warnings, SizeIs(1));
  EXPECT_EQ(Corners(Decode(resized)), "rgbw");
}

// A wrong bit makes the data longer or shorter: the decoder comes to their end too early, or never.
TEST(ResizeTest, BytesThatAreLeftOverAreDamage) {
  Bytes file = MakeJpeg(Photo(60, 50, 3));
  file.insert(file.end() - 2, 50, std::byte{0x55});  // before the end marker
  EXPECT_EQ(KindOf(file), ErrorKind::kDamaged);
  ResizeSpec spec = Box(8, 8);
  spec.damage = Damage::kTolerate;
  EXPECT_THAT(Resize(file, spec).warnings, SizeIs(1));
}

TEST(ImageErrorTest, ItsKindIsInItsText) {
  for (const ErrorKind kind : {ErrorKind::kNotAnImage, ErrorKind::kUnsupported, ErrorKind::kDamaged,
                               ErrorKind::kTooLarge, ErrorKind::kTooManyScans}) {
    const ImageError error(kind, "because");
    EXPECT_THAT(error.what(), StartsWith(std::string(NameOf(kind)) + ": because"));
    EXPECT_EQ(ImageError(std::string(error.what())).kind(), kind);
  }
}

}  // namespace
}  // namespace cohort::image_resizer
