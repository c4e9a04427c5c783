// What to make of an image.

#ifndef COHORT_APPS_IMAGE_RESIZER_RESIZE_SPEC_H_
#define COHORT_APPS_IMAGE_RESIZER_RESIZE_SPEC_H_

#include <cstdint>

namespace cohort::image_resizer {

enum class Format : int { kJpeg, kPng };

enum class OutputFormat : int { kAsInput, kJpeg, kPng };

enum class Mode : int {
  kFit,    // as large as fits into the box; the aspect is kept
  kFill,   // fills the box; the aspect is kept, and what juts out on both sides is cut off
  kExact,  // the box; the aspect is not kept
};

enum class Enlarge : int { kNever, kAllowed };

enum class Filter : int { kLanczos3, kLanczos2, kCubic, kLinear, kNearest };

// Of the colours in a JPEG that is written.
enum class Subsampling : int {
  kAuto,  // k420 below quality 90, else k444
  k420,
  k422,
  k444,
};

enum class Depth16 : int { kKeep, kReduceTo8 };

// What to do with a file that is cut off or corrupt.
enum class Damage : int {
  // ImageError, as soon as picture data is found missing, wrong or left over. Deviations without
  // effect on the picture, which some cameras are known for, are only warned of.
  kRefuse,
  // The picture is made of what there is, with warnings; ImageError where there is nothing.
  kTolerate,
};

// What is copied to the output. By default nothing is; the colours are converted to sRGB, and the
// position where a photo was taken does not survive.
struct Keep {
  bool icc = false;   // the colour profile, and the colours as they are (not for CMYK)
  bool exif = false;  // camera, time, position; "upright" and without the small preview
  bool xmp = false;   // the orientation is set to "upright"
};

struct Colour {
  std::uint8_t red = 255;
  std::uint8_t green = 255;
  std::uint8_t blue = 255;
};

struct Limits {
  std::int64_t max_pixels = 268'402'689;  // of the source, and of the copy; 16383 squared
  int max_scans = 100;                    // of a progressive JPEG; cameras write about 10
};

struct ResizeSpec {
  // The box in pixels, as the upright picture is seen. 0 for one of them: whatever the other and
  // the aspect give.
  int width = 0;
  int height = 0;
  Mode mode = Mode::kFit;
  Enlarge enlarge = Enlarge::kNever;
  Filter filter = Filter::kLanczos3;
  // Averages light rather than numbers: right for fine light-dark patterns, twice the work.
  bool linear_light = false;

  OutputFormat format = OutputFormat::kAsInput;
  int quality = 85;  // of a JPEG, 1 to 100
  bool progressive = false;
  bool optimize = true;  // Huffman tables for this picture; progressive ones always have them
  Subsampling subsampling = Subsampling::kAuto;
  int png_level = 6;  // 0, fast, to 9, small
  Depth16 depth16 = Depth16::kKeep;
  Colour background = {};  // behind transparency, where the output has none

  Keep keep = {};
  Damage damage = Damage::kRefuse;
  Limits limits = {};
};

// Throws std::invalid_argument, which names the option and the value, for what cannot be.
void Check(const ResizeSpec& spec);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RESIZE_SPEC_H_
