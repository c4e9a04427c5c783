// The one thing in EXIF data that changes how a picture looks: its orientation.

#ifndef COHORT_APPS_IMAGE_RESIZER_EXIF_H_
#define COHORT_APPS_IMAGE_RESIZER_EXIF_H_

#include <cstddef>
#include <span>

namespace cohort::image_resizer {

// `exif` begins with the TIFF header. 1 to 8; 1, which is upright, where it says nothing or
// nonsense.
int OrientationOf(std::span<const std::byte> exif);

// For a picture that was turned: sets the orientation to 1, and erases and unlinks the small
// preview, which was not turned. Previews in what makers of cameras add are left.
void SetUpright(std::span<std::byte> exif);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_EXIF_H_
