#include "ipc/internal/ring.h"

#include <algorithm>
#include <string>

#include "futures/internal/futex.h"
#include "ipc/internal/spin.h"

namespace cohort::ipc::internal {

using cohort::internal::FutexHalf;
using cohort::internal::FutexScope;
using cohort::internal::FutexWait;
using cohort::internal::FutexWake;
using cohort::internal::kWakeAll;

bool RingSignal::AwaitMove(uint64_t seen, Deadline deadline) noexcept {
  own_->waits.store(seen + 1, std::memory_order_seq_cst);
  bool in_time = true;
  if (other_->position.load(std::memory_order_seq_cst) == seen) {
    in_time = FutexWait(FutexHalf(other_->position), static_cast<uint32_t>(seen), deadline,
                        FutexScope::kShared);
  }
  own_->waits.store(0, std::memory_order_relaxed);
  return in_time;
}

void RingSignal::Wake() noexcept {
  const uint64_t waits = other_->waits.load(std::memory_order_seq_cst);
  if (waits == 0 || own_->position.load(std::memory_order_relaxed) == waits - 1) return;
  // Relaxed: of two threads that answer at once, either may; a second answer does no harm.
  if (answered_.load(std::memory_order_relaxed) == waits) return;
  answered_.store(waits, std::memory_order_relaxed);
  FutexWake(FutexHalf(own_->position), kWakeAll, FutexScope::kShared);
}

// The position is changed as well, so that who has not fallen asleep yet does not. By then last_ is
// set, for those who look at the position first. What a process gone wild had there is no position
// in any case.
void PeerState::MarkGone(RingIndex& dead) noexcept {
  const uint64_t position = dead.position.load(std::memory_order_acquire);
  uint64_t none = kNoPosition;
  last_.compare_exchange_strong(none, std::min(position, kNoPosition - 1),
                                std::memory_order_acq_rel);
  dead.position.store(kNoPosition, std::memory_order_seq_cst);
  FutexWake(FutexHalf(dead.position), kWakeAll, FutexScope::kShared);
}

std::size_t RingWriter::RefreshRoom() {
  const uint64_t tail = other_->position.load(std::memory_order_acquire);
  if (peer_.is_gone()) throw PeerGone();
  if (tail < tail_ || tail > head_) {
    throw ProtocolError("channel: the reader claims position " + std::to_string(tail) +
                        ", which is not between " + std::to_string(tail_) + " and " +
                        std::to_string(head_));
  }
  tail_ = tail;
  return capacity_ - static_cast<std::size_t>(head_ - tail_);
}

std::size_t RingWriter::AwaitRoom(std::size_t wanted) {
  const auto has_room = [&] { return Room(wanted) >= wanted; };
  while (!SpinAndYield(has_room, SpinRounds::kMany))
    signal_.AwaitMove(tail_, Deadline::after(kLookUp));
  return Room(wanted);
}

void RingReader::Refresh() {
  uint64_t head = other_->position.load(std::memory_order_acquire);
  const bool is_gone = peer_.is_gone();
  if (is_gone) head = peer_.last();
  if (head < head_ || head - tail_ > capacity_) {
    throw ProtocolError("channel: the writer claims position " + std::to_string(head) + " after " +
                        std::to_string(head_) + ", in a ring of " + std::to_string(capacity_) +
                        " bytes");
  }
  head_ = head;
  if (is_gone && head_ == tail_) throw PeerGone();
}

}  // namespace cohort::ipc::internal
