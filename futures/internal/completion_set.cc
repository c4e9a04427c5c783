#include "futures/internal/completion_set.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "futures/internal/blocking.h"
#include "futures/internal/futex.h"

namespace cohort::internal {

class CompletionSet::State {
 public:
  void Reserve(std::size_t count);
  void Add(CoreRef<CoreBase> core);
  void AddUnwatched(CoreRef<CoreBase> core);
  CoreRef<CoreBase> Take();
  bool WaitForArrival(Deadline deadline);
  std::size_t size() const noexcept { return size_; }

  // The consumer's last step; frees this, now or when the last stray has arrived.
  void Close() noexcept;

 private:
  struct Node final : Continuation {
    bool Notify(CoreBase& /*done*/) noexcept override {
      state->Arrive(*this);
      return true;
    }

    State* state = nullptr;
    CoreRef<CoreBase> core;  // empty: not in use
  };

  struct Chunk {
    std::unique_ptr<Node[]> nodes;
    std::size_t size;
  };

  static constexpr uint64_t kParked = 1;
  static constexpr uint64_t kClosed = 2;
  static constexpr uint64_t kFlags = kParked | kClosed;
  static constexpr std::size_t kFirstChunk = 16;
  static constexpr std::size_t kLargestChunk = 4096;

  static Continuation* NodesOf(uint64_t head) noexcept {
    return reinterpret_cast<Continuation*>(head & ~kFlags);
  }

  Node* AddPending(CoreRef<CoreBase> core);
  void Arrive(Node& node) noexcept;
  void ArriveStray() noexcept;
  void AppendReady(Continuation& first, Continuation& last) noexcept;
  void Collect() noexcept;
  Node& NewNode();

  // The consumer's side.
  std::vector<Chunk> chunks_;
  Continuation* free_ = nullptr;
  Continuation* ready_ = nullptr;  // the next to be taken
  Continuation* ready_last_ = nullptr;
  std::size_t size_ = 0;

  // Shared with completing threads: a stack of nodes, newest first, and flags in the low bits.
  alignas(64) std::atomic<uint64_t> arrived_{0};
  std::atomic<int64_t> strays_{0};
};

void CompletionSet::State::Reserve(std::size_t count) {
  if (count == 0) return;
  Chunk chunk{std::make_unique<Node[]>(count), count};
  // Backwards, so that nodes are used in the order of their addresses.
  for (std::size_t i = count; i-- > 0;) {
    chunk.nodes[i].state = this;
    chunk.nodes[i].next = free_;
    free_ = &chunk.nodes[i];
  }
  chunks_.push_back(std::move(chunk));
}

CompletionSet::State::Node& CompletionSet::State::NewNode() {
  if (free_ == nullptr) {
    Reserve(chunks_.empty() ? kFirstChunk : std::min(chunks_.back().size * 2, kLargestChunk));
  }
  return static_cast<Node&>(*std::exchange(free_, free_->next));
}

void CompletionSet::State::Add(CoreRef<CoreBase> core) {
  if (Node* const done = AddPending(std::move(core))) Arrive(*done);
}

void CompletionSet::State::AddUnwatched(CoreRef<CoreBase> core) {
  Node* const done = AddPending(std::move(core));
  if (done == nullptr) return;
  Collect();  // what was done before it
  AppendReady(*done, *done);
}

// Null: its future will tell. Else the future is done already.
CompletionSet::State::Node* CompletionSet::State::AddPending(CoreRef<CoreBase> core) {
  Node& node = NewNode();
  CoreBase& added = *core;
  node.core = std::move(core);
  ++size_;
  return added.Add(node) ? nullptr : &node;
}

void CompletionSet::State::AppendReady(Continuation& first, Continuation& last) noexcept {
  last.next = nullptr;
  (ready_ == nullptr ? ready_ : ready_last_->next) = &first;
  ready_last_ = &last;
}

// On the completing thread. After the exchange the consumer may free the node and, having closed,
// this too; a wake-up of an address that is no more wakes nobody.
void CompletionSet::State::Arrive(Node& node) noexcept {
  const uint64_t pushed = reinterpret_cast<uint64_t>(static_cast<Continuation*>(&node));
  uint64_t head = arrived_.load(std::memory_order_relaxed);
  do {
    if ((head & kClosed) != 0) return ArriveStray();
    node.next = NodesOf(head);
    // Release: the consumer sees node.next. Acquire: a stray sees the closed set.
  } while (!arrived_.compare_exchange_weak(head, pushed, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  if ((head & kParked) != 0) FutexWake(FutexHalf(arrived_), kWakeAll);
}

void CompletionSet::State::ArriveStray() noexcept {
  if (strays_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

// Moves what has arrived to the end of the ready list, in the order of arrival.
void CompletionSet::State::Collect() noexcept {
  // Nothing there: leave the flag of a sleeper alone. (Nodes and kParked are never both there.)
  if ((arrived_.load(std::memory_order_relaxed) & ~kFlags) == 0) return;
  Continuation* each = NodesOf(arrived_.exchange(0, std::memory_order_acquire));
  Continuation* const last = each;
  Continuation* first = nullptr;
  while (each != nullptr) {
    Continuation* const older = each->next;
    each->next = first;
    first = std::exchange(each, older);
  }
  AppendReady(*first, *last);
}

CoreRef<CoreBase> CompletionSet::State::Take() {
  if (ready_ == nullptr) Collect();
  if (ready_ == nullptr) return {};
  Node& node = static_cast<Node&>(*std::exchange(ready_, ready_->next));
  node.next = std::exchange(free_, &node);
  --size_;
  return std::exchange(node.core, {});
}

bool CompletionSet::State::WaitForArrival(Deadline deadline) {
  const auto has_arrived = [this] {
    return (arrived_.load(std::memory_order_acquire) & ~kFlags) != 0;
  };
  if (has_arrived()) return true;
  if (deadline.has_passed()) return false;
  if (SpinUntil(has_arrived)) return true;
  const BlockingScope blocking(deadline);
  for (;;) {
    uint64_t head = arrived_.load(std::memory_order_acquire);
    if ((head & ~kFlags) != 0) return true;
    if (head != kParked &&
        !arrived_.compare_exchange_weak(head, kParked, std::memory_order_acq_rel)) {
      continue;
    }
    if (!FutexWait(FutexHalf(arrived_), static_cast<uint32_t>(kParked), deadline)) {
      return has_arrived();
    }
  }
}

void CompletionSet::State::Close() noexcept {
  while (Take()) {
  }
  // What arrives from here on is a stray.
  Continuation* each = NodesOf(arrived_.exchange(kClosed, std::memory_order_acq_rel));
  for (; each != nullptr; each = each->next) static_cast<Node*>(each)->core = {};

  // Newest first, as they are found in a future's list: a set that has one future many times would
  // else search that list to its end for each.
  int64_t strays = 0;
  for (auto chunk = chunks_.rbegin(); chunk != chunks_.rend(); ++chunk) {
    for (std::size_t i = chunk->size; i-- > 0;) {
      const CoreRef<CoreBase> core = std::exchange(chunk->nodes[i].core, {});
      if (core && !core->Remove(chunk->nodes[i])) ++strays;
    }
  }
  if (strays_.fetch_add(strays, std::memory_order_acq_rel) + strays == 0) delete this;
}

CompletionSet::CompletionSet() : state_(new State) {}

CompletionSet& CompletionSet::operator=(CompletionSet&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

CompletionSet::~CompletionSet() {
  if (state_ != nullptr) state_->Close();
}

void CompletionSet::Reserve(std::size_t count) { state_->Reserve(count); }
void CompletionSet::Add(CoreRef<CoreBase> core) { state_->Add(std::move(core)); }
void CompletionSet::AddUnwatched(CoreRef<CoreBase> core) { state_->AddUnwatched(std::move(core)); }
CoreRef<CoreBase> CompletionSet::Take() { return state_->Take(); }
bool CompletionSet::WaitForArrival(Deadline deadline) { return state_->WaitForArrival(deadline); }
std::size_t CompletionSet::size() const noexcept { return state_->size(); }

}  // namespace cohort::internal
