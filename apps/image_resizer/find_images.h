// From what the user names to the images to resize.

#ifndef COHORT_APPS_IMAGE_RESIZER_FIND_IMAGES_H_
#define COHORT_APPS_IMAGE_RESIZER_FIND_IMAGES_H_

#include <sys/types.h>
#include <time.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cohort::image_resizer {

// What makes two names the same file.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  friend auto operator<=>(const FileId&, const FileId&) = default;
};

struct FoundImage {
  std::string path = {};   // to open
  std::string name = {};   // what it is called below the output folder: "2026/a.jpg"
  std::uint64_t size = 0;  // in bytes
  FileId id = {};          // none: nothing was found
  timespec modified = {};
  std::string error = {};  // why it cannot be read, or ""
};

struct FindOptions {
  bool hidden = false;           // also names that begin with a dot
  bool follow_symlinks = false;  // also symbolic links that are found in folders
  // Names are kept below this folder. Without it, a folder's images keep their place in it, under
  // the folder's own name where there are several inputs; a file that is named goes right into the
  // output folder, and one of a list keeps its relative path.
  std::optional<std::string> base = {};
  // The output folder, which is not searched for images.
  std::string out = {};
};

struct Found {
  std::vector<FoundImage> images;  // in the order of the inputs; those of a folder by name
  std::vector<std::string> notes;  // for the user: what was left out, and why
};

// Takes files, whatever they are called, and folders: all that is named .jpg, .jpeg or .png in
// there, in any case, at any depth. `listed` are such names as well, from a list. A name that leads
// to no file is an image with an error.
Found FindImages(const std::vector<std::string>& named, const std::vector<std::string>& listed,
                 const FindOptions& options);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_FIND_IMAGES_H_
