#include "apps/image_resizer/benchmark/ssim.h"

#include <gtest/gtest.h>

#include "apps/image_resizer/test_images.h"

namespace cohort::image_resizer::benchmark {
namespace {

using testing::DecodeJpeg;
using testing::MakeJpeg;
using testing::Photo;
using testing::Pixels;

TEST(SsimTest, TheSameIsOne) {
  const Pixels photo = Photo(160, 120, 3);
  EXPECT_DOUBLE_EQ(Ssim(photo, photo), 1);
}

TEST(SsimTest, LessQualityIsLessAlike) {
  const Pixels photo = Photo(160, 120, 3);
  const double fine = Ssim(photo, DecodeJpeg(MakeJpeg(photo, {.quality = 95})));
  const double coarse = Ssim(photo, DecodeJpeg(MakeJpeg(photo, {.quality = 30})));
  EXPECT_LT(fine, 1);
  EXPECT_LT(coarse, fine);
  EXPECT_LT(Ssim(photo, Photo(160, 120, 3, 2)), coarse);
}

TEST(SsimTest, AnotherSizeIsNotAlike) {
  EXPECT_EQ(Ssim(Photo(160, 120, 3), Photo(120, 160, 3)), 0);
}

}  // namespace
}  // namespace cohort::image_resizer::benchmark
