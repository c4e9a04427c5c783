// The file that one body is saved in.
//
//   BodyFile file(directory, request);
//   file.Write(bytes);                     // as they come
//   record.file = file.Publish(false);     // "directory/17", or "directory/17~1"
//
// It has its name only when it is whole; dropped before that, nothing is left. Errors:
// std::system_error that names the file. For one thread.

#ifndef COHORT_APPS_API_FETCHER_BODY_FILE_H_
#define COHORT_APPS_API_FETCHER_BODY_FILE_H_

#include <string>
#include <string_view>

#include "apps/api_fetcher/request.h"
#include "apps/common/new_file.h"

namespace cohort::api_fetcher {

class BodyFile {
 public:
  // In a directory that exists. `request` outlives it.
  BodyFile(const std::string& directory, const Request& request);

  void Write(std::string_view bytes);

  // Gives it its name, and returns that. Where a file of the name exists, it is replaced
  // (`overwrite`), or else the new one gets a suffix.
  std::string Publish(bool overwrite);

 private:
  std::string PathOf(int copy) const;

  const std::string directory_;
  const Request& request_;
  apps::NewFile file_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_BODY_FILE_H_
