// A picture as its file has it: its channels, and what is said besides.

#ifndef COHORT_APPS_IMAGE_RESIZER_PICTURE_H_
#define COHORT_APPS_IMAGE_RESIZER_PICTURE_H_

#include <cstddef>
#include <vector>

namespace cohort::image_resizer {

enum class Model : int {
  kGray,
  kRgb,
  kYcc,   // as in JFIF: Y, Cb, Cr, full range
  kCmyk,  // 255 is no ink, as Adobe writes it
  kYcck,  // the same with C, M and Y as kYcc
};

// Colour channels, without alpha.
constexpr int ChannelsOf(Model model) {
  if (model == Model::kGray) return 1;
  return model == Model::kCmyk || model == Model::kYcck ? 4 : 3;
}

// A channel may have fewer samples than the picture has pixels, and no whole number of them: the
// picture covers it from its first corner for `width` by `height` samples.
struct Channel {
  int columns = 0;  // samples that there are
  int rows = 0;
  double width = 0;
  double height = 0;
};

// What a decoder is going to hand out.
struct Layout {
  Model model = Model::kGray;
  bool has_alpha = false;  // the last channel; the colours are not multiplied by it
  int sample_bytes = 1;    // or 2
  int width = 0;           // in pixels of the source, whatever the channels have
  int height = 0;
  std::vector<Channel> channels;
};

// What a file says besides its pixels; empty where it says nothing.
struct Metadata {
  std::vector<std::byte> icc;
  std::vector<std::byte> exif;  // from the TIFF header on
  std::vector<std::byte> xmp;
  int orientation = 1;  // as EXIF counts, 1 to 8
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_PICTURE_H_
