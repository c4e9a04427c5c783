// File names from a pipe, as `find -print0` writes them.

#ifndef COHORT_APPS_IMAGE_RESIZER_NAME_LIST_H_
#define COHORT_APPS_IMAGE_RESIZER_NAME_LIST_H_

#include <string>
#include <string_view>
#include <vector>

namespace cohort::image_resizer {

// The names, each followed by a NUL; the last one may lack it. Throws std::runtime_error for a list
// that has newlines and no NUL: nobody has such a name.
std::vector<std::string> SplitNameList(std::string_view list);

// All that comes from `fd`. Waits for its end; after Ctrl-C, what has come until then.
std::string ReadToEnd(int fd);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_NAME_LIST_H_
