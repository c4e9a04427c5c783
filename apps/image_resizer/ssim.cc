#include "apps/image_resizer/ssim.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace cohort::image_resizer::testing {
namespace {

constexpr int kWindow = 8;

double SsimOfWindow(const Luma& a, const Luma& b, int left, int top) {
  constexpr double kCount = kWindow * kWindow;
  double sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;
  for (int y = top; y < top + kWindow; ++y) {
    for (int x = left; x < left + kWindow; ++x) {
      const double va = a.values[y * a.width + x];
      const double vb = b.values[y * b.width + x];
      sum_a += va;
      sum_b += vb;
      sum_aa += va * va;
      sum_bb += vb * vb;
      sum_ab += va * vb;
    }
  }
  constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
  constexpr double kC2 = (0.03 * 255) * (0.03 * 255);
  const double mean_a = sum_a / kCount;
  const double mean_b = sum_b / kCount;
  const double variance_a = sum_aa / kCount - mean_a * mean_a;
  const double variance_b = sum_bb / kCount - mean_b * mean_b;
  const double covariance = sum_ab / kCount - mean_a * mean_b;
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (variance_a + variance_b + kC2));
}

double Lanczos3(double x) {
  if (x == 0) return 1;
  if (std::abs(x) >= 3) return 0;
  const double angle = std::numbers::pi * x;
  return 3 * std::sin(angle) * std::sin(angle / 3) / (angle * angle);
}

// What the pixels of the longer side weigh for each of the shorter.
struct Weights {
  int first;
  std::vector<double> weights;
};

std::vector<Weights> MakeWeights(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  std::vector<Weights> all;
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    Weights weights = {static_cast<int>(std::floor(centre - 3 * scale)), {}};
    double sum = 0;
    for (int j = weights.first; j <= centre + 3 * scale; ++j) {
      weights.weights.push_back(Lanczos3((j + 0.5 - centre) / scale));
      sum += weights.weights.back();
    }
    for (double& weight : weights.weights) weight /= sum;
    all.push_back(std::move(weights));
  }
  return all;
}

// Beyond the edges, the mirror image.
int Mirrored(int i, int size) {
  while (i < 0 || i >= size) i = i < 0 ? -i - 1 : 2 * size - i - 1;
  return i;
}

// One channel, by rows; the result's rows are the source's columns.
std::vector<double> Pass(const std::vector<double>& source, int width, int height, int to) {
  const std::vector<Weights> weights = MakeWeights(width, to);
  std::vector<double> result(static_cast<std::size_t>(to) * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < to; ++x) {
      double sum = 0;
      for (std::size_t i = 0; i < weights[x].weights.size(); ++i) {
        const int from = Mirrored(weights[x].first + static_cast<int>(i), width);
        sum += weights[x].weights[i] * source[static_cast<std::size_t>(y) * width + from];
      }
      result[static_cast<std::size_t>(x) * height + y] = sum;
    }
  }
  return result;
}

}  // namespace

Luma LumaOf(const Pixels& pixels) {
  Luma luma = {pixels.width, pixels.height, {}};
  for (std::size_t i = 0; i < pixels.samples.size(); i += pixels.channels) {
    const std::uint16_t* p = &pixels.samples[i];
    luma.values.push_back(pixels.channels == 1 ? p[0] : 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2]);
  }
  return luma;
}

double Ssim(const Luma& a, const Luma& b) {
  double sum = 0;
  int count = 0;
  for (int top = 0; top + kWindow <= a.height; top += 2) {
    for (int left = 0; left + kWindow <= a.width; left += 2) {
      sum += SsimOfWindow(a, b, left, top);
      ++count;
    }
  }
  return sum / count;
}

Pixels LanczosReference(const Pixels& pixels, int width, int height) {
  Pixels result(width, height, pixels.channels);
  for (int c = 0; c < pixels.channels; ++c) {
    std::vector<double> channel;
    for (std::size_t i = c; i < pixels.samples.size(); i += pixels.channels) {
      channel.push_back(pixels.samples[i]);
    }
    channel = Pass(channel, pixels.width, pixels.height, width);
    channel = Pass(channel, pixels.height, width, height);
    for (std::size_t i = 0; i < channel.size(); ++i) {
      result.samples[i * pixels.channels + c] =
          static_cast<std::uint16_t>(std::lround(std::clamp(channel[i], 0.0, 255.0)));
    }
  }
  return result;
}

}  // namespace cohort::image_resizer::testing
