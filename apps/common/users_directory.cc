#include "apps/common/users_directory.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace cohort::apps {

void EnterUsersDirectory() {
  if (const char* directory = std::getenv("BUILD_WORKING_DIRECTORY")) {
    std::error_code ignored;
    std::filesystem::current_path(directory, ignored);
  }
}

}  // namespace cohort::apps
