#include "futures/internal/node_memory.h"

#include <array>
#include <atomic>
#include <utility>

namespace cohort::internal {

constinit thread_local NodeMemory::Cache NodeMemory::cache_ = {};
constinit std::atomic<std::size_t> NodeMemory::kept_ = 0;

// Full magazines of one size.
class NodeMemory::Depot {
 public:
  constexpr Depot() = default;

  // False: another thread is at it.
  bool Add(Magazine* full) noexcept {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    full->next = full_.load(std::memory_order_relaxed);
    full_.store(full, std::memory_order_relaxed);
    busy_.clear(std::memory_order_release);
    return true;
  }

  // Null: there is none, or another thread is at it.
  Magazine* Take() noexcept {
    // Asked for each node while there are none, so first without the lock; what is missed comes
    // later.
    if (full_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    if (busy_.test_and_set(std::memory_order_acquire)) return nullptr;
    Magazine* const first = full_.load(std::memory_order_relaxed);
    if (first != nullptr) full_.store(first->next, std::memory_order_relaxed);
    busy_.clear(std::memory_order_release);
    return first;
  }

 private:
  // A lock that is only ever tried: nobody waits for a thread that was interrupted while it had it,
  // nor, in a forked child, for one that is not there.
  alignas(64) std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  std::atomic<Magazine*> full_ = nullptr;  // a list; changed by who has busy_
};

NodeMemory::Depot& NodeMemory::DepotOf(std::size_t size_class) noexcept {
  static constinit std::array<Depot, kSizes> depots;
  return depots[size_class];
}

struct NodeMemory::CacheEnd {
  ~CacheEnd() { EndUse(); }
};

void NodeMemory::EndUse() noexcept {
  cache_.life = Cache::Life::kOver;
  for (std::size_t i = 0; i < kSizes; ++i) {
    GiveUp(std::exchange(cache_.loaded[i], nullptr), i);
    GiveUp(std::exchange(cache_.spare[i], nullptr), i);
  }
}

void NodeMemory::GiveUp(Magazine* magazine, std::size_t size_class) noexcept {
  if (magazine == nullptr) return;
  if (magazine->count == kRounds && Keep(magazine, size_class)) return;
  Empty(magazine);
  delete magazine;
}

// False: enough are kept, about, or another thread keeps one just now.
bool NodeMemory::Keep(Magazine* full, std::size_t size_class) noexcept {
  const std::size_t bytes = kRounds * SizeOf(size_class);
  if (kept() + bytes > kMostKept) return false;
  kept_.fetch_add(bytes, std::memory_order_relaxed);
  if (DepotOf(size_class).Add(full)) return true;
  kept_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

NodeMemory::Magazine* NodeMemory::Take(std::size_t size_class) noexcept {
  Magazine* const full = DepotOf(size_class).Take();
  if (full != nullptr) kept_.fetch_sub(kRounds * SizeOf(size_class), std::memory_order_relaxed);
  return full;
}

// Whether this thread's cache may be used: not any more at the very end of the thread.
bool NodeMemory::BeginUse() noexcept {
  if (cache_.life == Cache::Life::kInUse) [[likely]]
    return true;
  if (cache_.life == Cache::Life::kOver) return false;
  thread_local const CacheEnd end;
  static_cast<void>(&end);
  cache_.life = Cache::Life::kInUse;
  return true;
}

void* NodeMemory::AllocateSlowly(std::size_t size) {
  if (size > kLargest) return ::operator new(size);
  const std::size_t size_class = ClassOf(size);
  if (!BeginUse() || !Load(size_class)) return ::operator new(SizeOf(size_class));
  Magazine* const loaded = cache_.loaded[size_class];
  return loaded->nodes[--loaded->count];
}

// The magazine in use is empty, or there is none: puts a full one in its place. False: there is
// none to be had.
bool NodeMemory::Load(std::size_t size_class) noexcept {
  Magazine*& loaded = cache_.loaded[size_class];
  Magazine*& spare = cache_.spare[size_class];
  if (spare != nullptr && spare->count > 0) {
    std::swap(loaded, spare);
    return true;
  }
  Magazine* const full = Take(size_class);
  if (full == nullptr) return false;
  delete std::exchange(spare, std::exchange(loaded, full));
  return true;
}

void NodeMemory::FreeSlowly(void* node, std::size_t size) noexcept {
  const std::size_t size_class = ClassOf(size);
  if (size > kLargest || !BeginUse() || !Unload(size_class)) return ::operator delete(node);
  Magazine* const loaded = cache_.loaded[size_class];
  loaded->nodes[loaded->count++] = node;
}

// The magazine in use is full, or there is none: puts an empty one in its place. False: there is
// none to be had.
bool NodeMemory::Unload(std::size_t size_class) noexcept {
  Magazine*& loaded = cache_.loaded[size_class];
  Magazine*& spare = cache_.spare[size_class];
  if (loaded == nullptr) return (loaded = new (std::nothrow) Magazine) != nullptr;
  if (spare == nullptr || spare->count == 0) {
    if (spare == nullptr) spare = new (std::nothrow) Magazine;
    if (spare == nullptr) return false;
    std::swap(loaded, spare);
    return true;
  }
  // Both are full.
  Magazine* const empty = new (std::nothrow) Magazine;
  if (empty == nullptr) return false;
  if (Keep(loaded, size_class)) {
    loaded = empty;
    return true;
  }
  delete empty;
  Empty(loaded);
  return true;
}

void NodeMemory::Empty(Magazine* magazine) noexcept {
  while (magazine->count > 0) ::operator delete(magazine->nodes[--magazine->count]);
}

void NodeMemory::Trim() noexcept {
  for (std::size_t i = 0; i < kSizes; ++i) {
    while (Magazine* const magazine = Take(i)) {
      Empty(magazine);
      delete magazine;
    }
  }
}

}  // namespace cohort::internal
