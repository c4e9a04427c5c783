#include "futures/internal/node_memory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "futures/internal/core.h"
#include "gtest/gtest.h"

namespace cohort::internal {
namespace {

constexpr std::size_t kSize = 112;
constexpr int kMany = 1000;  // several magazines

std::vector<void*> AllocateMany(std::size_t size) {
  std::vector<void*> nodes(kMany);
  for (void*& node : nodes) node = NodeMemory::Allocate(size);
  return nodes;
}

void FreeAll(const std::vector<void*>& nodes, std::size_t size) {
  for (void* const node : nodes) NodeMemory::Free(node, size);
}

template <typename F>
void InThread(F f) {
  std::thread(f).join();
}

class NodeMemoryTest : public testing::Test {
 protected:
  void SetUp() override { NodeMemory::Trim(); }
  void TearDown() override { NodeMemory::Trim(); }
};

TEST_F(NodeMemoryTest, GivesDistinctAlignedMemoryOfEachSize) {
  for (std::size_t size = 0; size <= 300; size += 7) {
    std::vector<void*> nodes;
    for (int i = 0; i < 100; ++i) {
      nodes.push_back(NodeMemory::Allocate(size));
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(nodes.back()) % alignof(std::max_align_t), 0u);
      std::memset(nodes.back(), i, size);
    }
    for (int i = 0; i < 100; ++i) {
      const auto* const bytes = static_cast<const unsigned char*>(nodes[i]);
      EXPECT_TRUE(std::all_of(bytes, bytes + size, [i](unsigned char b) { return b == i; }));
    }
    FreeAll(nodes, size);
  }
}

TEST_F(NodeMemoryTest, AThreadGetsBackWhatItFreedLast) {
  InThread([] {
    void* const node = NodeMemory::Allocate(kSize);
    NodeMemory::Free(node, kSize);
    void* const again = NodeMemory::Allocate(kSize);
    EXPECT_EQ(again, node);
    NodeMemory::Free(again, kSize);
  });
}

TEST_F(NodeMemoryTest, SizesDoNotMix) {
  InThread([] {
    void* const node = NodeMemory::Allocate(64);
    NodeMemory::Free(node, 64);
    void* const larger = NodeMemory::Allocate(80);
    EXPECT_NE(larger, node);
    NodeMemory::Free(larger, 80);
  });
}

TEST_F(NodeMemoryTest, WhatOneThreadFreesAnotherGets) {
  const std::vector<void*> nodes = AllocateMany(kSize);
  InThread([&] { FreeAll(nodes, kSize); });
  const std::set<void*> known(nodes.begin(), nodes.end());
  InThread([&] {
    const std::vector<void*> others = AllocateMany(kSize);
    // All but those of the magazines that were not full when their thread ended.
    const auto seen = std::count_if(others.begin(), others.end(),
                                    [&](void* node) { return known.contains(node); });
    EXPECT_GT(seen, kMany - 2 * 64);
    FreeAll(others, kSize);
  });
}

TEST_F(NodeMemoryTest, AThreadThatEndsLeavesFullMagazinesAndNoOthers) {
  EXPECT_EQ(NodeMemory::kept(), 0u);
  InThread([] { FreeAll(AllocateMany(kSize), kSize); });
  EXPECT_GT(NodeMemory::kept(), (kMany - 2 * 64) * kSize);
  EXPECT_LE(NodeMemory::kept(), kMany * kSize);
  NodeMemory::Trim();
  EXPECT_EQ(NodeMemory::kept(), 0u);
  InThread([] { NodeMemory::Free(NodeMemory::Allocate(kSize), kSize); });
  EXPECT_EQ(NodeMemory::kept(), 0u);
}

TEST_F(NodeMemoryTest, NoMoreIsKeptThanSaid) {
  InThread([] {
    constexpr std::size_t kLarge = NodeMemory::kLargest;
    std::vector<void*> nodes(NodeMemory::kMostKept / kLarge * 5 / 4);
    for (void*& node : nodes) node = NodeMemory::Allocate(kLarge);
    FreeAll(nodes, kLarge);
  });
  EXPECT_LE(NodeMemory::kept(), NodeMemory::kMostKept);
  EXPECT_GT(NodeMemory::kept(), NodeMemory::kMostKept / 10 * 9);
}

TEST_F(NodeMemoryTest, AfterTheEndOfItsUseAThreadKeepsNothing) {
  InThread([] {
    FreeAll(AllocateMany(kSize), kSize);
    NodeMemory::EndUse();
    const std::size_t before = NodeMemory::kept();
    FreeAll(AllocateMany(kSize), kSize);
    EXPECT_EQ(NodeMemory::kept(), before);
  });
}

// As the members of a thread_local object may do, which is destroyed after the cache.
TEST_F(NodeMemoryTest, CanBeUsedUntilTheVeryEndOfAThread) {
  struct Last {
    void* node = nullptr;
    ~Last() {
      NodeMemory::Free(node, kSize);
      NodeMemory::Free(NodeMemory::Allocate(kSize), kSize);
    }
  };
  InThread([] {
    thread_local Last last;  // made before the cache is
    last.node = NodeMemory::Allocate(kSize);
  });
}

// Each node has a mark of who owns it: were one given out twice, marks would be lost.
TEST_F(NodeMemoryTest, NoNodeIsGivenOutTwice) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 200;
  std::mutex mutex;
  std::vector<std::vector<void*>> on_their_way;
  const auto exchange = [&](std::vector<void*> nodes) {
    const std::lock_guard lock(mutex);
    on_their_way.push_back(std::move(nodes));
    nodes = std::move(on_their_way.front());
    on_their_way.erase(on_their_way.begin());
    return nodes;
  };
  std::vector<std::thread> threads;
  for (std::uintptr_t id = 1; id <= kThreads; ++id) {
    threads.emplace_back([&, id] {
      for (int round = 0; round < kRounds; ++round) {
        std::vector<void*> nodes(97);
        for (void*& node : nodes) {
          node = NodeMemory::Allocate(kSize);
          *static_cast<std::uintptr_t*>(node) = id;
        }
        if (round % 3 == 0) std::this_thread::yield();
        for (void* const node : nodes) EXPECT_EQ(*static_cast<std::uintptr_t*>(node), id);
        FreeAll(exchange(std::move(nodes)), kSize);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<void*>& nodes : on_their_way) FreeAll(nodes, kSize);
}

// While other threads hold the depot's locks, again and again.
TEST_F(NodeMemoryTest, AForkedChildCanGoOn) {
  if (!kRecyclesNodes)
    GTEST_SKIP() << "fork() does not wait for the locks of sanitizers' allocators";
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) FreeAll(AllocateMany(kSize), kSize);
  });
  for (int i = 0; i < 50; ++i) {
    const std::vector<void*> nodes = AllocateMany(kSize);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);  // instead of a test that never ends
      FreeAll(nodes, kSize);
      FreeAll(AllocateMany(kSize), kSize);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    FreeAll(nodes, kSize);
  }
  stop = true;
  other.join();
}

TEST(NodeAlignmentTest, ACallableThatWantsMoreAlignmentGetsIt) {
  struct alignas(128) Wide final : Runnable {
    bool Begin() noexcept override { return true; }
    CoreState Invoke() noexcept override { return CoreState::kValue; }
    bool HasListeners() const noexcept override { return false; }
    bool Complete(CoreState) noexcept override { return false; }
    void Settle() noexcept override {}
    void Discard() noexcept override {}
    bool Abandon(const std::exception_ptr&) noexcept override { return false; }
    void Drop() noexcept override { delete this; }
  };
  auto* const wide = new Wide;
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(wide) % 128, 0u);
  wide->Drop();
}

}  // namespace
}  // namespace cohort::internal
