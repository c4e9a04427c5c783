// Writes generated photos:
//
//   generate_images --directory=DIR [--scale=1]
//
// DIR/large/NNN.jpg: 200 JPEG of 12 megapixels, of about 3.6 MB, every other one upright;
// DIR/small/NNN.jpg: 300 of 2 megapixels; DIR/png/NNN.png: 50 PNG of 1600x1200. With --scale=0.1, a
// tenth of each. The same names always have the same content.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "apps/image_resizer/test_images.h"
#include "pools/process_pool_executor.h"

namespace cohort::image_resizer::benchmark {
namespace {

namespace fs = std::filesystem;

struct Image {
  std::string path;
  int width = 0;
  int height = 0;
  unsigned seed = 0;
};

struct Kind {
  const char* folder;
  const char* extension;
  int count;
  int width;
  int height;
};

constexpr Kind kKinds[] = {{"large", "jpg", 200, 4000, 3000},
                           {"small", "jpg", 300, 1632, 1224},
                           {"png", "png", 50, 1600, 1200}};

std::vector<Image> Plan(const fs::path& directory, double scale) {
  std::vector<Image> images;
  unsigned seed = 0;
  for (const auto& [folder, extension, count, width, height] : kKinds) {
    fs::create_directories(directory / folder);
    const int wanted = std::max(1, static_cast<int>(std::lround(count * scale)));
    for (int i = 0; i < wanted; ++i) {
      const bool upright = i % 2 == 1;
      images.push_back({directory / folder / absl::StrFormat("%03d.%s", i, extension),
                        upright ? height : width, upright ? width : height, seed + i});
    }
    seed += 1000;
  }
  return images;
}

// Returns whether it could be written.
bool Generate(const Image& image) {
  if (fs::exists(image.path)) return true;
  const testing::Pixels photo = testing::Photo(image.width, image.height, 3, image.seed);
  const testing::Bytes file =
      image.path.ends_with(".png")
          ? testing::MakePng(photo)
          : testing::MakeJpeg(photo, {.quality = 92, .luma_h = 2, .luma_v = 2});
  std::ofstream out(image.path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  return out.flush().good();
}

int GenerateAll(const std::string& directory, double scale) {
  ProcessPoolExecutor pool;
  bool written = true;
  for (const bool one : pool.map(Generate, Plan(directory, scale))) written &= one;
  if (!written) std::cerr << "generate_images: cannot write all of them to " << directory << "\n";
  return written ? 0 : 1;
}

}  // namespace
}  // namespace cohort::image_resizer::benchmark

int main(int argc, char** argv) {
  std::string directory;
  double scale = 1;
  CLI::App app("Writes generated photos.");
  app.add_option("--directory", directory, "Where to write; what is there already is kept")
      ->required();
  app.add_option("--scale", scale, "Less than 1: fewer of them")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return cohort::image_resizer::benchmark::GenerateAll(directory, scale);
}
