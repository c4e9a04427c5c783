// One request that is to be made.

#ifndef COHORT_APPS_API_FETCHER_REQUEST_H_
#define COHORT_APPS_API_FETCHER_REQUEST_H_

#include <cstdint>
#include <string>

namespace cohort::api_fetcher {

struct Request {
  // What stands for {id} in the URL, in headers and in the body, as the user wrote it and not
  // encoded. Where the URL has ranges such as {1..500} instead, their values, joined by "-". Empty
  // where there is neither. Has no control characters.
  std::string id = "";

  // Complete, correct, percent-encoded, and without user and password: may be shown.
  std::string url = "";

  // From 0 on, in the order of the input.
  std::uint64_t index = 0;

  // "user:password" of the URL, decoded, for Basic authentication; mostly empty. Never shown.
  std::string credentials = "";
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_REQUEST_H_
