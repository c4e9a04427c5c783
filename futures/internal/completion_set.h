// The futures that a consumer waits for, in the order in which they are done: what as_completed,
// wait and CompletionQueue are made of.
//
// Each future gets one node of the set as a waiter. The thread that completes a future pushes the
// node to the set's `arrived_` stack (lock-free, many producers) and wakes the consumer if it
// sleeps; the consumer takes the whole stack with one exchange and reverses it. Each future costs a
// constant, however many there are.
//
// A set may be dropped while futures are pending: it unlinks the nodes that it can. A node that a
// completing thread has in hand at that moment cannot be unlinked, so the memory of the nodes is
// freed by whoever comes last: `strays_` counts up by the number of such nodes when the set is
// dropped, and down by one for each that arrives at the closed stack. It passes zero exactly once
// after the consumer's step.
//
// Thread safety: Add, Take and the destructor belong to one thread at a time (CompletionQueue puts
// a mutex around them); WaitForArrival may go on beside them.

#ifndef COHORT_FUTURES_INTERNAL_COMPLETION_SET_H_
#define COHORT_FUTURES_INTERNAL_COMPLETION_SET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "futures/internal/core.h"
#include "futures/timeout.h"

namespace cohort::internal {

class CompletionSet {
 public:
  CompletionSet();
  CompletionSet(CompletionSet&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  CompletionSet& operator=(CompletionSet&& other) noexcept;
  ~CompletionSet();

  // Makes room for `count` more futures with one allocation.
  void Reserve(std::size_t count);

  // Takes over the reference.
  void Add(CoreRef<CoreBase> core);

  // The same while no thread is in WaitForArrival(), and so need not be woken: cheaper for futures
  // that are done already.
  void AddUnwatched(CoreRef<CoreBase> core);

  // The next that is done, or null where none is at the moment. Never blocks.
  CoreRef<CoreBase> Take();

  // Blocks until Take() has something to give, or until the deadline: then false.
  bool WaitForArrival(Deadline deadline);

  // Added and not taken yet.
  std::size_t size() const noexcept;

 private:
  class State;
  State* state_;
};

}  // namespace cohort::internal

#endif  // COHORT_FUTURES_INTERNAL_COMPLETION_SET_H_
