// What the tools get to work on.

#ifndef COHORT_APPS_DEMO_SAMPLES_H_
#define COHORT_APPS_DEMO_SAMPLES_H_

#include <cstdint>
#include <filesystem>

namespace cohort::demo {

struct SampleSizes {
  int logs;                // files
  std::uint64_t log_size;  // bytes of each
  int photos;
  int photo_width;
  int photo_height;
};

// Writes `directory`/logs/*.log and `directory`/photos/*.{jpg,png}, on all processors. Throws when
// that is not possible. Returns early, without all of the files, after Ctrl-C.
void MakeSamples(const std::filesystem::path& directory, const SampleSizes& sizes);

}  // namespace cohort::demo

#endif  // COHORT_APPS_DEMO_SAMPLES_H_
