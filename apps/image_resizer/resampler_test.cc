#include "apps/image_resizer/resampler.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/resample_filters.h"
#include "apps/image_resizer/resize_spec.h"
#include "apps/image_resizer/zimg_graph.h"
#include "gtest/gtest.h"

namespace cohort::image_resizer {
namespace {

Resampling Task(Size from, Region region, Size to, Filter filter = Filter::kLanczos3,
                int bytes = 1) {
  return {.from = from,
          .region = region,
          .to = to,
          .from_bytes = bytes,
          .to_bytes = bytes,
          .filter = filter};
}

Resampling Whole(Size from, Size to, Filter filter = Filter::kLanczos3, int bytes = 1) {
  const Region all = {0, 0, static_cast<double>(from.width), static_cast<double>(from.height)};
  return Task(from, all, to, filter, bytes);
}

// Without black and white: what filters make darker or brighter than that is cut off after each of
// the two directions, and which is first makes a difference then.
Plane Noise(Size size, int bytes) {
  Plane plane(size.width, size.height, bytes);
  std::minstd_rand random(1);
  for (int y = 0; y < size.height; ++y) {
    std::byte* row = plane.row(y);
    std::generate(row, row + size.width * bytes,
                  [&random] { return static_cast<std::byte>(64 + random() % 128); });
  }
  return plane;
}

// All at once, which takes all of the source in memory.
Plane AtOnce(Plane& source, const Resampling& task) {
  const ZimgGraph graph({task.from, task.from_bytes}, task.region, {task.to, task.to_bytes},
                        task.filter);
  Plane memory(static_cast<int>(graph.working_bytes()), 1, 1);
  Plane result(task.to.width, task.to.height, task.to_bytes);
  graph.Process({source.row(0), source.stride()}, {result.row(0), result.stride()}, memory.row(0));
  return result;
}

Plane RowByRow(const Plane& source, const Resampling& task, int step) {
  Resampler resampler(task, step);
  const auto bytes = static_cast<std::size_t>(task.from.width) * task.from_bytes;
  for (int y = 0; y < task.from.height; y += step) {
    for (int i = 0; i < step; ++i) {
      const std::byte* row = source.row(std::min(y + i, task.from.height - 1));
      std::copy(row, row + bytes, resampler.row(i));
    }
    resampler.Push();
  }
  return std::move(resampler).Finish();
}

template <typename T>
int LargestDifference(const Plane& a, const Plane& b) {
  int largest = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      largest = std::max(largest, std::abs(a.row_of<T>(y)[x] - b.row_of<T>(y)[x]));
    }
  }
  return largest;
}

// In 255ths.
double Difference(const Resampling& task, int step = 1) {
  Plane source = Noise(task.from, task.from_bytes);
  const Plane expected = AtOnce(source, task);
  const Plane plane = RowByRow(source, task, step);
  return task.to_bytes == 1 ? LargestDifference<std::uint8_t>(plane, expected)
                            : LargestDifference<std::uint16_t>(plane, expected) / 257.0;
}

TEST(ResamplerTest, RowByRowIsAsAllAtOnce) {
  for (const Filter filter :
       {Filter::kLanczos3, Filter::kLanczos2, Filter::kCubic, Filter::kLinear, Filter::kNearest}) {
    for (const int bytes : {1, 2}) {
      SCOPED_TRACE(std::to_string(static_cast<int>(filter)) + ", " + std::to_string(bytes));
      EXPECT_LE(Difference(Whole({400, 1000}, {37, 93}, filter, bytes)), 1);
      EXPECT_LE(Difference(Whole({300, 700}, {200, 467}, filter, bytes)), 1);
    }
  }
}

TEST(ResamplerTest, StepsOfAnyHeight) {
  for (const int step : {1, 2, 4, 8, 16, 24, 32}) {
    EXPECT_LE(Difference(Whole({200, 517}, {90, 230}), step), 1) << step;
  }
}

TEST(ResamplerTest, PartsAndWhatLiesBeyondTheEdges) {
  EXPECT_LE(Difference(Task({300, 900}, {20.25, 400.5, 200.5, 300.25}, {80, 150})), 1);
  EXPECT_LE(Difference(Task({300, 900}, {0, 880, 300, 20}, {30, 2})), 1);
  EXPECT_LE(Difference(Task({300, 900}, {-0.5, -0.5, 301, 901}, {100, 300})), 1);
  EXPECT_LE(Difference(Task({300, 900}, {-9, -30, 318, 960}, {53, 160})), 1);
}

TEST(ResamplerTest, LargerOrAsLarge) {
  EXPECT_LE(Difference(Whole({60, 50}, {300, 700})), 1);
  EXPECT_EQ(Difference(Whole({60, 500}, {60, 500})), 0);
  EXPECT_EQ(Difference(Whole({60, 500}, {60, 500}, Filter::kLanczos3, 2)), 0);
}

TEST(ResamplerTest, SidesOfOnePixel) {
  EXPECT_LE(Difference(Whole({1, 1}, {1, 1})), 1);
  EXPECT_LE(Difference(Whole({1, 5000}, {1, 3})), 1);
  EXPECT_LE(Difference(Whole({5000, 1}, {3, 1})), 1);
  EXPECT_LE(Difference(Whole({3, 2}, {1, 200})), 1);
}

TEST(BandsTest, CoverTheOutputAndNeverGoBack) {
  const Resampling task = Task({100, 3000}, {0, -10, 100, 3020}, {80, 600});
  const std::vector<Band> bands = BandsOf(task);
  ASSERT_GT(bands.size(), 2u);
  EXPECT_EQ(bands.front().first, 0);
  EXPECT_EQ(bands.front().source_first, 0);
  EXPECT_EQ(bands.back().end, 600);
  EXPECT_EQ(bands.back().source_end, 3000);
  for (std::size_t i = 1; i < bands.size(); ++i) {
    EXPECT_EQ(bands[i].first, bands[i - 1].end);
    EXPECT_GE(bands[i].source_first, bands[i - 1].source_first);
    EXPECT_GE(bands[i].source_end, bands[i - 1].source_end);
    EXPECT_LT(bands[i].source_end - bands[i].source_first, 400);
  }
}

TEST(ResampleFiltersTest, ThoseOfAPhotoAreKept) {
  const Resampling photo = Whole({4000, 3000}, {800, 600});
  EXPECT_EQ(FiltersFor(photo, 16), FiltersFor(photo, 16));
}

// Neither alone nor together do they stay for pictures that may never come again.
TEST(ResampleFiltersTest, LargeOnesAreNotKeptAndDisplaceNone) {
  const Resampling photo = Whole({400, 300}, {80, 60});
  const auto kept = FiltersFor(photo, 16);
  const Resampling large = Whole({1, 60'000}, {1, 10});
  EXPECT_NE(FiltersFor(large, 16), FiltersFor(large, 16));
  for (int i = 1; i < 8; ++i) FiltersFor(Whole({1, 60'000 + i}, {1, 10}), 16);
  EXPECT_EQ(FiltersFor(photo, 16), kept);
}

}  // namespace
}  // namespace cohort::image_resizer
