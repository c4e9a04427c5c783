// The one thing in XMP data that changes how a picture looks: its orientation.

#ifndef COHORT_APPS_IMAGE_RESIZER_XMP_H_
#define COHORT_APPS_IMAGE_RESIZER_XMP_H_

#include <cstddef>
#include <span>

namespace cohort::image_resizer {

// For a picture that was turned: sets each tiff:Orientation from 1 to 8 to 1, whether it is an
// attribute or an element. Nothing else is changed, and no text is an error.
void SetXmpUpright(std::span<std::byte> xmp);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_XMP_H_
