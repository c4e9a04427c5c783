#include "apps/image_resizer/benchmark/ssim.h"

#include <cstddef>
#include <vector>

namespace cohort::image_resizer::benchmark {
namespace {

using testing::Pixels;

constexpr int kWindow = 8;
constexpr int kStep = 2;

// (0.01 * 255)^2 and (0.03 * 255)^2, as the paper has them.
constexpr double kC1 = 6.5025;
constexpr double kC2 = 58.5225;

double Luma(const Pixels& pixels, int x, int y) {
  if (pixels.channels < 3) return pixels.at(x, y, 0);
  return 0.299 * pixels.at(x, y, 0) + 0.587 * pixels.at(x, y, 1) + 0.114 * pixels.at(x, y, 2);
}

std::vector<double> LumaOf(const Pixels& pixels) {
  std::vector<double> luma;
  for (int y = 0; y < pixels.height; ++y) {
    for (int x = 0; x < pixels.width; ++x) luma.push_back(Luma(pixels, x, y));
  }
  return luma;
}

struct Sums {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
};

Sums SumsAt(const std::vector<double>& a, const std::vector<double>& b, int width, int left,
            int top) {
  Sums sums;
  for (int y = top; y < top + kWindow; ++y) {
    for (int x = left; x < left + kWindow; ++x) {
      const std::size_t i = static_cast<std::size_t>(y) * width + x;
      sums.a += a[i];
      sums.b += b[i];
      sums.aa += a[i] * a[i];
      sums.bb += b[i] * b[i];
      sums.ab += a[i] * b[i];
    }
  }
  return sums;
}

double SsimOf(const Sums& sums) {
  constexpr double kCount = kWindow * kWindow;
  const double mean_a = sums.a / kCount;
  const double mean_b = sums.b / kCount;
  const double variances = sums.aa / kCount - mean_a * mean_a + sums.bb / kCount - mean_b * mean_b;
  const double covariance = sums.ab / kCount - mean_a * mean_b;
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (variances + kC2));
}

}  // namespace

double Ssim(const Pixels& a, const Pixels& b) {
  if (a.width != b.width || a.height != b.height) return 0;
  const std::vector<double> luma_a = LumaOf(a);
  const std::vector<double> luma_b = LumaOf(b);
  double sum = 0;
  int windows = 0;
  for (int y = 0; y + kWindow <= a.height; y += kStep) {
    for (int x = 0; x + kWindow <= a.width; x += kStep, ++windows) {
      sum += SsimOf(SumsAt(luma_a, luma_b, a.width, x, y));
    }
  }
  return windows > 0 ? sum / windows : 0;
}

}  // namespace cohort::image_resizer::benchmark
