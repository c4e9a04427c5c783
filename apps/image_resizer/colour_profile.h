// Colours as a file's ICC profile defines them, to sRGB.

#ifndef COHORT_APPS_IMAGE_RESIZER_COLOUR_PROFILE_H_
#define COHORT_APPS_IMAGE_RESIZER_COLOUR_PROFILE_H_

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "apps/image_resizer/picture.h"
#include "apps/image_resizer/raster.h"

namespace cohort::image_resizer {

// For one thread.
class ColourProfile {
 public:
  // For a picture in `model`, after ToBaseModel(). Null where the colours need no conversion: there
  // is no profile, it is sRGB or one that looks the same, or it cannot be used; then a warning says
  // so.
  //
  // To look at a profile and to prepare for it takes some milliseconds, and most files of a batch
  // have the same: each thread keeps its last two that are no larger than 64 KiB.
  static std::shared_ptr<ColourProfile> Read(std::span<const std::byte> icc, Model model,
                                             std::vector<std::string>& warnings);

  // Gray stays gray, CMYK becomes RGB; depth and alpha stay. Throws std::bad_alloc.
  Raster ToSrgb(const Raster& raster);

 private:
  struct CloseProfile {
    void operator()(void* profile) const;
  };
  struct DeleteTransform {
    void operator()(void* transform) const;
  };
  using Profile = std::unique_ptr<void, CloseProfile>;
  using Transform = std::unique_ptr<void, DeleteTransform>;

  // What was found out about a profile.
  struct Verdict {
    std::shared_ptr<ColourProfile> profile;
    std::string warning;
  };
  struct CacheEntry {
    std::vector<std::byte> icc;
    Model model = Model::kRgb;
    Verdict verdict;
  };

  explicit ColourProfile(Profile profile) : profile_(std::move(profile)) {}

  static Verdict Judge(std::span<const std::byte> icc, Model model);
  static Verdict JudgeOnce(std::span<const std::byte> icc, Model model);

  Transform MakeTransform(Model model, bool has_alpha, int sample_bytes, unsigned flags) const;
  bool ChangesNothing(Model model) const;

  Profile profile_;
  std::array<Transform, 4> transforms_;  // with and without alpha, of 8 and 16 bits
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_COLOUR_PROFILE_H_
