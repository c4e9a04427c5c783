// The command line.

#ifndef COHORT_APPS_IMAGE_RESIZER_OPTIONS_H_
#define COHORT_APPS_IMAGE_RESIZER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/image_resizer/batch.h"
#include "apps/image_resizer/find_images.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

struct Options {
  std::vector<std::string> inputs = {};  // without "-"
  bool read_list = false;                // standard input has more of them
  FindOptions find = {};
  ResizeSpec spec = {};
  BatchOptions batch = {};

  int workers = 0;             // 0: one for each processor
  double timeout = 30;         // seconds for each image; 0: no limit
  std::size_t max_memory = 0;  // bytes for each worker; 0: no limit
  int files_per_worker = 0;    // 0: no limit
  bool sandbox = true;

  bool dry_run = false;
  bool json = false;
  bool quiet = false;
};

// The options, or the exit status where there is nothing more to do: after --help, and after a
// message on standard error about a command line that is wrong.
struct ParsedOptions {
  std::optional<Options> options = {};
  int exit_status = 0;
};
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_OPTIONS_H_
