// One value out of a JSON document.

#ifndef COHORT_APPS_API_FETCHER_FIELD_H_
#define COHORT_APPS_API_FETCHER_FIELD_H_

#include <stdexcept>
#include <string>
#include <string_view>

namespace cohort::api_fetcher {

// what() says what is wrong with the body.
class FieldError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws ValueError (values.h) unless `pointer` is a JSON pointer (RFC 6901) such as /user/name or
// /items/0/id.
void CheckFieldPointer(std::string_view pointer);

// The value there, as JSON in one line. Throws FieldError where `body` is no JSON, is nested more
// than a thousand levels deep, or has no such value.
std::string PickField(std::string_view body, const std::string& pointer);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_FIELD_H_
