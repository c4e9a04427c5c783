// Colours as a file's ICC profile defines them, to sRGB.

#ifndef COHORT_APPS_IMAGE_RESIZER_COLOUR_PROFILE_H_
#define COHORT_APPS_IMAGE_RESIZER_COLOUR_PROFILE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/raster.h"

namespace cohort::image_resizer {

class ColourProfile {
 public:
  // For a picture in `model`, after ToBaseModel(). None where the colours need no conversion: there
  // is no profile, it is sRGB or one that looks the same, or it cannot be used; then a warning says
  // so.
  static std::optional<ColourProfile> Read(std::span<const std::byte> icc, Model model,
                                           std::vector<std::string>& warnings);

  // Gray stays gray, CMYK becomes RGB; depth and alpha stay. Throws std::bad_alloc.
  Raster ToSrgb(const Raster& raster) const;

 private:
  struct Close {
    void operator()(void* profile) const;
  };
  using Handle = std::unique_ptr<void, Close>;

  explicit ColourProfile(Handle profile) : profile_(std::move(profile)) {}

  Handle profile_;
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_COLOUR_PROFILE_H_
