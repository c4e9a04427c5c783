// What is in a folder.

#ifndef COHORT_APPS_COMMON_DIRECTORY_H_
#define COHORT_APPS_COMMON_DIRECTORY_H_

#include <string>
#include <vector>

namespace cohort::apps {

// The names in it but "." and "..", by their bytes' order. Throws std::system_error.
std::vector<std::string> NamesIn(const std::string& directory);

// "directory/name", with one slash between.
std::string PathOf(const std::string& directory, const std::string& name);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_DIRECTORY_H_
