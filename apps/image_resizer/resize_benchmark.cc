// Resize() alone, in this process: CPU time for each image, and the memory that it needs at
// most, with the file and 10 MB of benchmark.
//
//   ./bazelw run //apps/image_resizer:resize_benchmark

#include <malloc.h>

#include <fstream>
#include <string>

#include "apps/image_resizer/resize.h"
#include "apps/image_resizer/test_images.h"
#include "benchmark/benchmark.h"

namespace cohort::image_resizer {
namespace {

using testing::Bytes;
using testing::JpegMaking;
using testing::MakeJpeg;
using testing::MakePng;
using testing::Photo;
using testing::Pixels;

// What went before, such as making the image, is forgotten.
void ResetPeak() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

double PeakMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") break;
  }
  double kilobytes = 0;
  status >> kilobytes;
  return kilobytes / 1024;
}

void Run(benchmark::State& state, const Bytes& file, ResizeSpec spec = {}) {
  spec.width = 800;
  spec.height = 600;
  ResetPeak();
  for (auto _ : state) benchmark::DoNotOptimize(Resize(file, spec).file.data());
  state.counters["peak_MB"] = PeakMegabytes();
}

const JpegMaking kCamera = {.quality = 92, .luma_h = 2, .luma_v = 2};

// As cameras write them: 3.4 MB for 12 megapixels.
Bytes CameraJpeg(int width, int height, bool progressive = false) {
  JpegMaking making = kCamera;
  making.progressive = progressive;
  return MakeJpeg(Photo(width, height, 3), making);
}

void BM_Jpeg2(benchmark::State& state) { Run(state, CameraJpeg(1632, 1224)); }
void BM_Png2(benchmark::State& state) { Run(state, MakePng(Photo(1600, 1200, 3))); }
void BM_Png2Alpha(benchmark::State& state) { Run(state, MakePng(Photo(1600, 1200, 4))); }
void BM_Jpeg12(benchmark::State& state) { Run(state, CameraJpeg(4000, 3000)); }
void BM_Jpeg12ToPng(benchmark::State& state) {
  Run(state, CameraJpeg(4000, 3000), {.format = OutputFormat::kPng});
}
void BM_Jpeg12Progressive(benchmark::State& state) { Run(state, CameraJpeg(4000, 3000, true)); }
void BM_Jpeg12LinearLight(benchmark::State& state) {
  Run(state, CameraJpeg(4000, 3000), {.linear_light = true});
}

BENCHMARK(BM_Jpeg2)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Png2)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Jpeg12)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Jpeg12ToPng)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Png2Alpha)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Jpeg12Progressive)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Jpeg12LinearLight)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace cohort::image_resizer

BENCHMARK_MAIN();
