// Images that tests and benchmarks make for themselves.

#ifndef COHORT_APPS_IMAGE_RESIZER_TEST_IMAGES_H_
#define COHORT_APPS_IMAGE_RESIZER_TEST_IMAGES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cohort::image_resizer::testing {

using Bytes = std::vector<std::byte>;

// 1: gray, 2: gray and alpha, 3: RGB, 4: RGB and alpha, or CMYK. Samples are of 8 or 16 bits.
struct Pixels {
  Pixels(int width, int height, int channels, int depth = 8)
      : width(width),
        height(height),
        channels(channels),
        depth(depth),
        samples(static_cast<std::size_t>(width) * height * channels) {}

  std::uint16_t& at(int x, int y, int channel) {
    return samples[(static_cast<std::size_t>(y) * width + x) * channels + channel];
  }
  std::uint16_t at(int x, int y, int channel) const {
    return samples[(static_cast<std::size_t>(y) * width + x) * channels + channel];
  }

  int width;
  int height;
  int channels;
  int depth;
  std::vector<std::uint16_t> samples;
};

// Every pixel the same.
Pixels Flat(int width, int height, const std::vector<int>& colour, int depth = 8);

// Red grows to the right, green downwards, blue is one half; of gray, the first.
Pixels Gradient(int width, int height, int channels, int depth = 8);

// Each quarter another colour, so that one sees which way up it is: red, green; blue, white.
Pixels Quarters(int width, int height);

// Like a photo: texture of all sizes, hard edges, fine lines, and noise.
Pixels Photo(int width, int height, int channels, unsigned seed = 1);

struct JpegMaking {
  int quality = 95;
  int luma_h = 1;  // sampling factors; of chroma 1
  int luma_v = 1;
  bool progressive = false;
  bool stored_as_rgb = false;
  bool ycck = false;  // of CMYK pixels
  Bytes icc = {};
  Bytes exif = {};  // with its prefix, as are all segments
  Bytes xmp = {};
};

// Of 1, 3 or 4 channels, the last being CMYK as Adobe stores it.
Bytes MakeJpeg(const Pixels& pixels, const JpegMaking& making = {});

struct PngMaking {
  bool interlaced = false;
  Bytes icc = {};
  Bytes exif = {};
  std::string xmp = {};
};

Bytes MakePng(const Pixels& pixels, const PngMaking& making = {});

// EXIF with an orientation, a camera's name, and a position on the Earth.
Bytes MakeExif(int orientation, bool big_endian = false);

// To 8 bits; gray or RGB.
Pixels DecodeJpeg(std::span<const std::byte> file);

// As it is stored, but for palettes.
Pixels DecodePng(std::span<const std::byte> file);

bool Contains(std::span<const std::byte> bytes, const std::string& text);

}  // namespace cohort::image_resizer::testing

#endif  // COHORT_APPS_IMAGE_RESIZER_TEST_IMAGES_H_
