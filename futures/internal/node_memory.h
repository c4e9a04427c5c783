// Memory for the nodes of futures and tasks, which are most often made by one thread and freed by
// another.
//
//   static void* operator new(std::size_t size) { return NodeMemory::Allocate(size); }
//   static void operator delete(void* node, std::size_t size) noexcept {
//     NodeMemory::Free(node, size);
//   }
//
// General allocators give what is freed back to the thread that it came from, node by node, behind
// a lock or through a shared list. Here each thread keeps freed nodes of a size in a *magazine*, an
// array of some sixty, and fetches nodes from it; a full one is handed to whoever has none left, by
// way of a depot, so that the lock is taken once for sixty nodes. This is the magazine layer of
// J. Bonwick and J. Adams, "Magazines and Vmem" (USENIX 2001).
//
// Any thread may use it at any time, also while it ends, and in a forked child. What is kept, and
// not in use: two magazines a thread for each size that it uses, and kMostKept bytes in the depot,
// which is what a million tasks leave behind; more goes back to the system's allocator, as all does
// when a pool ends. Nodes above kLargest bytes are not kept.
//
// With sanitizers, which could not tell a node from the one that was there before, nothing is kept:
// see kRecyclesNodes.

#ifndef COHORT_FUTURES_INTERNAL_NODE_MEMORY_H_
#define COHORT_FUTURES_INTERNAL_NODE_MEMORY_H_

#include <atomic>
#include <cstddef>
#include <new>

namespace cohort::internal {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kRecyclesNodes = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool kRecyclesNodes = false;
#else
inline constexpr bool kRecyclesNodes = true;
#endif
#else
inline constexpr bool kRecyclesNodes = true;
#endif

class NodeMemory {
 public:
  static constexpr std::size_t kLargest = 256;
  static constexpr std::size_t kMostKept = std::size_t{128} << 20;

  // At least `size` bytes, aligned as by operator new. Throws std::bad_alloc.
  static void* Allocate(std::size_t size) {
    if (size <= kLargest) [[likely]] {
      Magazine* const loaded = cache_.loaded[ClassOf(size)];
      if (loaded != nullptr && loaded->count > 0) [[likely]]
        return loaded->nodes[--loaded->count];
    }
    return AllocateSlowly(size);
  }

  // `size`: as it was allocated with.
  static void Free(void* node, std::size_t size) noexcept {
    if (size <= kLargest) [[likely]] {
      Magazine* const loaded = cache_.loaded[ClassOf(size)];
      if (loaded != nullptr && loaded->count < kRounds) [[likely]] {
        loaded->nodes[loaded->count++] = node;
        return;
      }
    }
    FreeSlowly(node, size);
  }

  // Gives back all that is in the depot.
  static void Trim() noexcept;

  // The calling thread gives back what it keeps, and keeps nothing from now on. For threads that
  // end, and for tests that count allocations.
  static void EndUse() noexcept;

  // Bytes in the depot, about, while other threads are at it.
  static std::size_t kept() noexcept { return kept_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kStep = 16;  // between sizes; what operator new aligns to
  static constexpr std::size_t kSizes = kLargest / kStep;
  static constexpr std::size_t kRounds = 62;  // so that a magazine has 512 bytes

  struct Magazine {
    Magazine* next = nullptr;  // in the depot
    std::size_t count = 0;
    void* nodes[kRounds];
  };

  // A thread's. Without a constructor or destructor, so that its use needs no check; what ends it
  // is a CacheEnd.
  struct Cache {
    enum class Life : unsigned char { kNew, kInUse, kOver };

    // Of each size, or null. `spare` is full, empty, or null.
    Magazine* loaded[kSizes];
    Magazine* spare[kSizes];
    Life life;
  };

  struct CacheEnd;
  class Depot;

  static std::size_t ClassOf(std::size_t size) noexcept {
    return size == 0 ? 0 : (size - 1) / kStep;
  }
  static std::size_t SizeOf(std::size_t size_class) noexcept { return (size_class + 1) * kStep; }

  static void* AllocateSlowly(std::size_t size);
  static void FreeSlowly(void* node, std::size_t size) noexcept;
  static bool Load(std::size_t size_class) noexcept;
  static bool Unload(std::size_t size_class) noexcept;
  static bool BeginUse() noexcept;
  static void GiveUp(Magazine* magazine, std::size_t size_class) noexcept;
  static void Empty(Magazine* magazine) noexcept;
  static bool Keep(Magazine* full, std::size_t size_class) noexcept;
  static Magazine* Take(std::size_t size_class) noexcept;
  static Depot& DepotOf(std::size_t size_class) noexcept;

  static constinit thread_local Cache cache_;
  static constinit std::atomic<std::size_t> kept_;
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_NODE_MEMORY_H_
