// Pictures that compress as photographs do, made up: the same on every machine.

#ifndef COHORT_APPS_DEMO_SAMPLE_IMAGES_H_
#define COHORT_APPS_DEMO_SAMPLE_IMAGES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::demo {

struct Image {
  int width;
  int height;
  std::vector<std::uint8_t> pixels;  // red, green, blue, row by row
};

// A landscape: sky, a sun, some ridges behind one another. Another seed, another one.
Image Landscape(int width, int height, std::uint64_t seed);

// Both throw std::runtime_error when the file cannot be written.
void WriteJpeg(const Image& image, const std::string& path);
void WritePng(const Image& image, const std::string& path);

}  // namespace cohort::demo

#endif  // COHORT_APPS_DEMO_SAMPLE_IMAGES_H_
