// Drops repeated futures from a list, in its order.

#ifndef COHORT_FUTURES_INTERNAL_DISTINCT_H_
#define COHORT_FUTURES_INTERNAL_DISTINCT_H_

#include <algorithm>
#include <functional>
#include <vector>

#include "absl/container/flat_hash_set.h"

namespace cohort::internal {

// First shown each item's identity. A list in the order of its addresses, as a fresh heap gives
// them, has no duplicates and needs no table: that costs a comparison per item.
class DistinctFilter {
 public:
  void Add(const void* identity) {
    ascending_ = ascending_ && std::less<>()(last_, identity);
    last_ = identity;
  }

  template <typename Item, typename Identity>
  void RemoveDuplicates(std::vector<Item>& items, Identity identity) {
    if (ascending_) return;
    absl::flat_hash_set<const void*> seen;
    seen.reserve(items.size());
    std::erase_if(items, [&](const Item& item) { return !seen.insert(identity(item)).second; });
  }

 private:
  const void* last_ = nullptr;
  bool ascending_ = true;
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_DISTINCT_H_
