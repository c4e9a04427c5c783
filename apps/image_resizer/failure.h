// What went wrong in a worker, in words.

#ifndef COHORT_APPS_IMAGE_RESIZER_FAILURE_H_
#define COHORT_APPS_IMAGE_RESIZER_FAILURE_H_

#include <exception>
#include <string>

namespace cohort::image_resizer {

struct Failure {
  std::string kind;    // as in FileResult
  std::string reason;  // without the kind
};

Failure FailureOf(const std::exception_ptr& error);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_FAILURE_H_
