// The short ways, such as decoding at half the size, may not be seen in the result.

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "apps/image_resizer/resize.h"
#include "apps/image_resizer/ssim.h"
#include "apps/image_resizer/test_images.h"
#include "gtest/gtest.h"

namespace cohort::image_resizer {
namespace {

using testing::Bytes;
using testing::DecodeJpeg;
using testing::DecodePng;
using testing::LanczosReference;
using testing::LumaOf;
using testing::MakeJpeg;
using testing::MakePng;
using testing::Photo;
using testing::Pixels;
using testing::Ssim;

// A source's size, for an output of 160 x 120.
class QualityTest : public ::testing::TestWithParam<int> {
 protected:
  static constexpr int kWidth = 160;
  static constexpr int kHeight = 120;

  QualityTest()
      : file_(MakeJpeg(Photo(GetParam(), GetParam() * 3 / 4, 3),
                       {.quality = 92, .luma_h = 2, .luma_v = 2})),
        reference_(LanczosReference(DecodeJpeg(file_), kWidth, kHeight)) {}

  ResizeSpec Spec(OutputFormat format) const {
    return {.width = kWidth, .height = kHeight, .format = format};
  }
  double Likeness(const Pixels& pixels) const { return Ssim(LumaOf(pixels), LumaOf(reference_)); }

  const Bytes file_;
  const Pixels reference_;
};

TEST_P(QualityTest, AsGoodAsTheReferenceSavedAsAJpeg) {
  const double ceiling =
      Likeness(DecodeJpeg(MakeJpeg(reference_, {.quality = 85, .luma_h = 2, .luma_v = 2})));
  const double ours = Likeness(DecodeJpeg(Resize(file_, Spec(OutputFormat::kJpeg)).file));
  RecordProperty("ceiling", std::to_string(ceiling));
  RecordProperty("ours", std::to_string(ours));
  EXPECT_GE(ours, ceiling - 0.001);
}

TEST_P(QualityTest, NearlyTheReferenceWithoutLoss) {
  EXPECT_GE(Likeness(DecodePng(Resize(file_, Spec(OutputFormat::kPng)).file)), 0.997);
}

// Divided by 1 (of 2.04 and of an odd size), by 2 (5, and just 4), by 4.
INSTANTIATE_TEST_SUITE_P(Sizes, QualityTest, ::testing::Values(327, 501, 640, 800, 1360));

TEST(ReferenceTest, APngIsTheReference) {
  const Bytes file = MakePng(Photo(500, 400, 3));
  const Pixels reference = LanczosReference(DecodePng(file), 160, 128);
  const Pixels ours = DecodePng(Resize(file, {.width = 160, .height = 128}).file);
  int largest = 0;
  for (std::size_t i = 0; i < ours.samples.size(); ++i) {
    largest = std::max(largest, std::abs(ours.samples[i] - reference.samples[i]));
  }
  EXPECT_LE(largest, 2);
}

}  // namespace
}  // namespace cohort::image_resizer
