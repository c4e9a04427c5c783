// Sizes: how large the output is, which part of the source it shows, and which way up.

#ifndef COHORT_APPS_IMAGE_RESIZER_GEOMETRY_H_
#define COHORT_APPS_IMAGE_RESIZER_GEOMETRY_H_

#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

struct Size {
  int width = 0;
  int height = 0;

  friend bool operator==(const Size&, const Size&) = default;
};

// Part of a picture. It may reach beyond the edges.
struct Region {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;

  friend bool operator==(const Region&, const Region&) = default;
};

// How a stored picture becomes upright: mirrored, then its axes exchanged.
struct Turn {
  bool flip_x = false;
  bool flip_y = false;
  bool transpose = false;

  friend bool operator==(const Turn&, const Turn&) = default;
};

// EXIF's 1 to 8. Anything else is taken for 1.
Turn TurnOf(int orientation);

inline Size Transposed(Size size) { return {size.height, size.width}; }

// The output as it is before the turn: everything in pixels of the stored picture.
struct Plan {
  Size output;
  Region source;
  Turn turn;

  Size upright() const { return turn.transpose ? Transposed(output) : output; }
};

Plan MakePlan(Size stored, int orientation, const ResizeSpec& spec);

// The largest of 1, 2, 4 and 8 that the stored picture can be divided by and still have twice as
// many pixels as the plan's output on both axes: below that, one sees that it was not the filter
// that made it small.
int DecodeDivisor(const Plan& plan);

// What a channel with one sample for `step` pixels shows: the plan's region, up to the end of the
// last, perhaps partly used, sample of the upright picture.
Region CoveredBy(const Plan& plan, Size step);

// The samples that such a channel has.
Size SamplesOf(Size pixels, Size step);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_GEOMETRY_H_
