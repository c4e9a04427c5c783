#include "apps/demo/sample_images.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

// Needs <cstdio> before it.
#include <jpeglib.h>

namespace cohort::demo {
namespace {

constexpr int kRidges = 5;

struct Colour {
  float red, green, blue;
};

Colour Mix(Colour a, Colour b, float part) {
  return {a.red + (b.red - a.red) * part, a.green + (b.green - a.green) * part,
          a.blue + (b.blue - a.blue) * part};
}

// From 0 to 1; the same for the same arguments.
float Noise(std::uint64_t seed, std::int64_t x, std::int64_t y) {
  std::uint64_t mixed = seed * 0x9e3779b97f4a7c15 +
                        static_cast<std::uint64_t>(x) * 0xd6e8feb86659fd93 +
                        static_cast<std::uint64_t>(y) * 0xa0761d6478bd642f;
  mixed = (mixed ^ (mixed >> 32)) * 0xd6e8feb86659fd93;
  return static_cast<float>(mixed >> 40) / static_cast<float>(1 << 24);
}

// Noise along a line, smooth, in four octaves: what a ridge looks like.
float RidgeNoise(std::uint64_t seed, float at) {
  float sum = 0;
  float size = 0.5;
  for (int octave = 0; octave < 4; ++octave, at *= 2, size /= 2) {
    const float whole = std::floor(at);
    const float part = at - whole;
    const float left = Noise(seed + octave, static_cast<std::int64_t>(whole), 0);
    const float right = Noise(seed + octave, static_cast<std::int64_t>(whole) + 1, 0);
    sum += size * (left + (right - left) * part * part * (3 - 2 * part));
  }
  return sum;
}

// How high each ridge begins in each column, from the far one to the near one.
std::vector<std::array<int, kRidges>> Skylines(const Image& image, std::uint64_t seed) {
  std::vector<std::array<int, kRidges>> skylines(image.width);
  const auto height = static_cast<float>(image.height);
  for (int x = 0; x < image.width; ++x) {
    for (int ridge = 0; ridge < kRidges; ++ridge) {
      const float at = static_cast<float>(x) / height * static_cast<float>(2 + ridge);
      const float top = 0.30F + 0.14F * static_cast<float>(ridge);
      skylines[x][ridge] =
          static_cast<int>(height * (top + 0.25F * (0.5F - RidgeNoise(seed + 100 * ridge, at))));
    }
  }
  return skylines;
}

Colour Sky(float down, float from_sun) {
  const Colour sky = Mix({70, 110, 180}, {250, 210, 170}, down * 1.6F);
  const Colour glow = Mix({255, 240, 200}, sky, std::min(1.0F, from_sun * 5));
  return from_sun < 0.05F ? Colour{255, 250, 235} : glow;
}

Colour PixelAt(int x, int y, const std::array<int, kRidges>& skyline, const Image& image) {
  const auto height = static_cast<float>(image.height);
  int ridge = kRidges - 1;
  while (ridge >= 0 && y < skyline[ridge]) --ridge;
  if (ridge >= 0) {
    return Mix({150, 165, 190}, {30, 55, 40}, static_cast<float>(ridge) / (kRidges - 1));
  }
  const float dx = static_cast<float>(x) / height - 1.1F;
  const float dy = static_cast<float>(y) / height - 0.22F;
  return Sky(static_cast<float>(y) / height, std::sqrt(dx * dx + dy * dy));
}

std::uint8_t ToByte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

struct FreeBytes {
  void operator()(unsigned char* bytes) const { std::free(bytes); }
};

void WriteFile(const std::string& path, const void* bytes, std::size_t size) {
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  if (!out.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace

Image Landscape(int width, int height, std::uint64_t seed) {
  Image image = {width, height, {}};
  image.pixels.reserve(std::size_t{3} * width * height);
  const std::vector<std::array<int, kRidges>> skylines = Skylines(image, seed);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Colour colour = PixelAt(x, y, skylines[x], image);
      const float grain = 24 * (Noise(seed, x, y) - 0.5F);
      for (float part : {colour.red, colour.green, colour.blue}) {
        image.pixels.push_back(ToByte(part + grain));
      }
    }
  }
  return image;
}

void WriteJpeg(const Image& image, const std::string& path) {
  jpeg_compress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &bytes, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 90, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  const std::size_t stride = std::size_t{3} * image.width;
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row = const_cast<JSAMPLE*>(&image.pixels[stride * jpeg.next_scanline]);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  const std::unique_ptr<unsigned char, FreeBytes> owner(bytes);
  WriteFile(path, bytes, size);
}

void WritePng(const Image& image, const std::string& path) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = PNG_FORMAT_RGB;
  png.flags = PNG_IMAGE_FLAG_FAST;
  if (png_image_write_to_file(&png, path.c_str(), 0, image.pixels.data(), 0, nullptr) == 0) {
    throw std::runtime_error(path + ": " + png.message);
  }
}

}  // namespace cohort::demo
