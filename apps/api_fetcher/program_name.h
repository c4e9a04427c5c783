#ifndef COHORT_APPS_API_FETCHER_PROGRAM_NAME_H_
#define COHORT_APPS_API_FETCHER_PROGRAM_NAME_H_

namespace cohort::api_fetcher {

// In messages.
inline constexpr char kName[] = "api_fetcher";

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_PROGRAM_NAME_H_
