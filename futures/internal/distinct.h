// Finds out which of many objects come again.

#ifndef COHORT_FUTURES_INTERNAL_DISTINCT_H_
#define COHORT_FUTURES_INTERNAL_DISTINCT_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace cohort::internal {

// Says of each object whether it was shown before, by its address.
//
// Nodes of one time lie close together, so a table has an entry for each region of 1 KiB, with a
// bit for each place in it where a node can begin: it has a tenth of the entries that a table of
// all addresses has, stays in the processor's cache, and most looks are at the entry of the look
// before.
class SeenObjects {
 public:
  static constexpr std::size_t kAlignment = 16;  // of the objects, at least

  // Room for `expected` objects that lie as close together as nodes do.
  explicit SeenObjects(std::size_t expected = 0) { regions_.reserve(expected / 8); }

  // False: it was shown before.
  bool Insert(const void* object) {
    const auto address = reinterpret_cast<std::uintptr_t>(object);
    const std::uintptr_t region = address / kRegion;
    if (region != last_region_ || places_ == nullptr) {
      places_ = &regions_[region];
      last_region_ = region;
    }
    const std::uint64_t place = std::uint64_t{1} << (address % kRegion / kAlignment);
    const bool is_new = (*places_ & place) == 0;
    *places_ |= place;
    return is_new;
  }

 private:
  static constexpr std::uintptr_t kRegion = 64 * kAlignment;

  absl::flat_hash_map<std::uintptr_t, std::uint64_t> regions_;
  std::uintptr_t last_region_ = 0;
  std::uint64_t* places_ = nullptr;  // of that region; good until another one is looked up
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_DISTINCT_H_
