// Where the resized image goes, and whether it may go there.

#ifndef COHORT_APPS_IMAGE_RESIZER_TARGET_H_
#define COHORT_APPS_IMAGE_RESIZER_TARGET_H_

#include <set>
#include <string>
#include <vector>

#include "apps/image_resizer/find_images.h"
#include "apps/image_resizer/resize_spec.h"
#include "apps/image_resizer/sources.h"

namespace cohort::image_resizer {

struct Target {
  std::string path = {};   // "": the image has none
  std::string error = {};  // why nothing may be written there, or ""
};

// A path below `out` for each image. An extension that does not fit `format` is followed by the one
// that does: a.png becomes a.png.jpg. It could not be a.jpg: when a real a.jpg comes along, that
// would find a copy of its own which is up to date and shows another picture. Where two have the
// same path all the same, the second one gets an error.
std::vector<Target> AssignTargets(const std::vector<FoundImage>& images, const std::string& out,
                                  OutputFormat format);

enum class Existing {
  kRefuse,   // a target that exists is an error
  kUpdate,   // is replaced where it is empty or the source is newer, and otherwise left
  kReplace,  // is replaced
};

enum class Verdict {
  kCreate,     // nothing is there
  kReplace,    // what is there is to be replaced
  kUpToDate,   // what is there is to stay
  kExists,     // what is there must not be replaced
  kIsFolder,   // a folder is there, which cannot be replaced
  kIsASource,  // it is one of the files to read
  kIsACopy,    // it is another image's: two names can be one file, on a file system that takes
               // "A.jpg" for "a.jpg", or in folders that are links
};

// Looks at what is there now. `taken`: what this run has written, or found up to date.
Verdict Judge(const std::string& target, const FoundImage& image, const Sources& sources,
              const std::set<FileId>& taken, Existing existing);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_TARGET_H_
