// Resize() where it is meant to run: in processes that may do nothing else.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/image_resizer/resize.h"
#include "apps/image_resizer/test_images.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "ipc/exception.h"
#include "ipc/sandbox.h"
#include "ipc/shared_buffer.h"
#include "pools/process_pool_executor.h"

namespace cohort::image_resizer {
namespace {

using testing::Bytes;
using testing::MakeExif;
using testing::MakeJpeg;
using testing::MakePng;
using testing::Photo;

ProcessPoolExecutor SandboxedPool() {
  ProcessPoolOptions options;
  options.max_workers = 1;
  options.sandbox = Sandbox::compute();
  return ProcessPoolExecutor(options);
}

Resized ResizeShared(const SharedBuffer& file, const ResizeSpec& spec) {
  return Resize(file.bytes(), spec);
}

TEST(ResizeWorkerTest, EveryPathWorksInASandbox) {
  ipc::register_exception<ImageError>();
  ProcessPoolExecutor pool = SandboxedPool();
  const testing::JpegMaking half = {.luma_h = 2, .luma_v = 2, .exif = MakeExif(6)};
  const std::vector<Bytes> files = {MakeJpeg(Photo(200, 150, 3), half),
                                    MakeJpeg(Photo(200, 150, 4), {.ycck = true}),
                                    MakePng(Photo(200, 150, 4)), MakePng(Photo(200, 150, 1))};
  for (const Bytes& file : files) {
    for (const OutputFormat format : {OutputFormat::kJpeg, OutputFormat::kPng}) {
      for (const bool linear : {false, true}) {
        const ResizeSpec spec = {
            .width = 80, .height = 60, .linear_light = linear, .format = format};
        const Resized here = Resize(file, spec);
        const Resized there = pool.submit(ResizeShared, SharedBuffer::copy_of(file), spec).result();
        EXPECT_EQ(there.file, here.file);
        EXPECT_EQ(there.output.width, here.output.width);
        EXPECT_EQ(there.output.format, here.output.format);
      }
    }
  }
}

TEST(ResizeWorkerTest, ErrorsArriveAsWhatTheyAre) {
  ipc::register_exception<ImageError>();
  ProcessPoolExecutor pool = SandboxedPool();
  const ResizeSpec spec = {.width = 80, .height = 60};
  const Bytes no_image(100);
  auto future = pool.submit(Resize, std::span<const std::byte>(no_image), spec);
  try {
    future.result();
    FAIL() << "no error";
  } catch (const ImageError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotAnImage);
  }
}

}  // namespace
}  // namespace cohort::image_resizer
