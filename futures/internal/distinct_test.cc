#include "futures/internal/distinct.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

const void* At(std::uintptr_t address) { return reinterpret_cast<const void*>(address); }

TEST(SeenObjectsTest, TellsWhatComesAgain) {
  SeenObjects seen;
  EXPECT_TRUE(seen.Insert(At(0x1000)));
  EXPECT_TRUE(seen.Insert(At(0x2000)));
  EXPECT_FALSE(seen.Insert(At(0x1000)));
  EXPECT_FALSE(seen.Insert(At(0x2000)));
}

TEST(SeenObjectsTest, NeighboursAreDifferent) {
  SeenObjects seen;
  for (std::uintptr_t address = 0; address < 8192; address += SeenObjects::kAlignment) {
    EXPECT_TRUE(seen.Insert(At(address))) << address;
  }
  for (std::uintptr_t address = 0; address < 8192; address += SeenObjects::kAlignment) {
    EXPECT_FALSE(seen.Insert(At(address))) << address;
  }
}

TEST(SeenObjectsTest, AgreesWithASetForScatteredObjects) {
  std::mt19937_64 random(1);
  SeenObjects seen;
  std::set<std::uintptr_t> known;
  for (int i = 0; i < 100'000; ++i) {
    const std::uintptr_t address = random() % 50'000 * SeenObjects::kAlignment;
    EXPECT_EQ(seen.Insert(At(address)), known.insert(address).second) << address;
  }
}

}  // namespace
}  // namespace cohort::internal
