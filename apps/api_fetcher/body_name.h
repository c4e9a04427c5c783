// Names of the files that bodies are saved in.

#ifndef COHORT_APPS_API_FETCHER_BODY_NAME_H_
#define COHORT_APPS_API_FETCHER_BODY_NAME_H_

#include <string>

#include "apps/api_fetcher/request.h"

namespace cohort::api_fetcher {

// A name in the output directory for the body of `request`: the id where that is a harmless name;
// otherwise what is harmless of the id, and a hash of it; without id a hash of the URL. The same in
// every run, and nothing of it from the server. ASCII letters, digits and "._-+=@,~" alone, at most
// 200 of them; never begins with "." or "-", and is never the name of a device of some system.
//
// `copy`: which of several of that name: 0 is the name itself, 1 is "name~1". Whoever creates the
// file takes the first that does not exist, by creating it exclusively.
//
//   BodyName({.id = "17"})     // "17"
//   BodyName({.id = "../x"})   // "x-7132eda6838c62fa"
std::string BodyName(const Request& request, int copy = 0);

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_BODY_NAME_H_
