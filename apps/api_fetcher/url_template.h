// URLs with parts that vary.
//
//   const UrlTemplate pages("http://host/{id}/{1..3}");
//   pages.count()         // 3, of each id
//   pages.Make("a b", 1)  // {"http://host/a%20b/2", "a b"}

#ifndef COHORT_APPS_API_FETCHER_URL_TEMPLATE_H_
#define COHORT_APPS_API_FETCHER_URL_TEMPLATE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/api_fetcher/id_range.h"
#include "apps/api_fetcher/request.h"

namespace cohort::api_fetcher {

class UrlTemplate {
 public:
  // {id} stands for an id, and {1..500}, {001..500}, {1..500..5} and {a..e} for each of the range;
  // other braces for themselves, as do all where it is `literal`. Throws ValueError (values.h)
  // for a range that makes no sense; whether it is a URL, Make() finds.
  explicit UrlTemplate(std::string_view text, bool literal = false);

  bool has_id() const { return has_id_; }
  bool has_range() const { return has_range_; }

  // How many URLs there are of one id: the product of all ranges.
  std::uint64_t count() const { return count_; }

  // The URL of that number, the last range being the fastest. `id` is encoded, so that it cannot
  // leave its place. Index is left as 0. Throws UrlError (url.h) where that is no URL.
  Request Make(std::string_view id, std::uint64_t number) const;

 private:
  struct Part {
    enum class Kind { kText, kId, kRange };
    Kind kind;
    std::string text = "";
    IdRange range = IdRange("");
    std::uint64_t below = 1;  // the product of all ranges behind it
  };

  void AddPart(std::string_view inside);
  void AddText(std::string_view text);
  void CountRanges();

  std::vector<Part> parts_;
  std::uint64_t count_ = 1;
  bool has_id_ = false;
  bool has_range_ = false;
};

}  // namespace cohort::api_fetcher

#endif  // COHORT_APPS_API_FETCHER_URL_TEMPLATE_H_
