// From a decoder to channels of the output's size, upright.
//
// Decoding and resampling go on at the same time, some rows at a time. In memory are the rows that
// a band of the output is made of, at the output's width. So a picture that is made less high by
// much, and not narrower, is there as a whole, and in floating point.

#ifndef COHORT_APPS_IMAGE_RESIZER_SHRINK_H_
#define COHORT_APPS_IMAGE_RESIZER_SHRINK_H_

#include <vector>

#include "apps/image_resizer/geometry.h"
#include "apps/image_resizer/jpeg_reader.h"
#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/plane.h"
#include "apps/image_resizer/png_reader.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

struct Shrunk {
  Model model = Model::kGray;
  bool has_alpha = false;
  std::vector<Plane> channels;
};

// All of them read to the end of the file, also where only a part of the picture is shown: damage
// may be behind it. They throw ImageError and std::bad_alloc.

// As the channels are stored. All but the first get a sample for `chroma_step` pixels.
Shrunk ShrinkChannels(JpegReader& reader, const Layout& layout, const Plan& plan, Filter filter,
                      Size chroma_step);

// By pixels. With alpha or `to_light` of 16 bits, and the colours are products with alpha. Alpha
// that is opaque everywhere is left out.
Shrunk ShrinkPixels(JpegReader& reader, const Layout& layout, const Plan& plan, Filter filter,
                    bool to_light);
Shrunk ShrinkPixels(PngReader& reader, const Layout& layout, const Plan& plan, Filter filter,
                    bool to_light);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_SHRINK_H_
