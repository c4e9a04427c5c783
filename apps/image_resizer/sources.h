// The files that a run reads, which it must not write to.
//
//   const Sources sources(images);
//   if (sources.Contains("out/a.jpg")) ...
//
// Known by what they are and by where they are: a file that another program replaces in the middle
// of the run is another one in the same place, and a link is the same one in another place. What
// could not be read is a source as well. Immutable.

#ifndef COHORT_APPS_IMAGE_RESIZER_SOURCES_H_
#define COHORT_APPS_IMAGE_RESIZER_SOURCES_H_

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "apps/image_resizer/find_images.h"

namespace cohort::image_resizer {

class Sources {
 public:
  Sources() = default;
  explicit Sources(const std::vector<FoundImage>& images);

  // Whether `path`, or what it is a link to, is one of them.
  bool Contains(const std::string& path) const;

 private:
  std::set<FileId> ids_;
  std::unordered_set<std::string> places_;  // without links
};

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_SOURCES_H_
