// Statuses of HTTP, as --accept has them.

#ifndef COHORT_APPS_API_FETCHER_STATUS_SET_H_
#define COHORT_APPS_API_FETCHER_STATUS_SET_H_

#include <bitset>
#include <string_view>

namespace cohort::api_fetcher {

// By default 200 to 299.
class StatusSet {
 public:
  StatusSet();

  // "200-299,404", or "any". Throws ValueError, see values.h.
  explicit StatusSet(std::string_view text);

  bool Has(int status) const { return status >= 0 && status < 1000 && set_[status]; }

 private:
  void Add(std::string_view item);

  std::bitset<1000> set_;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_STATUS_SET_H_
