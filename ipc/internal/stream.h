// A message that is larger than what a ring publishes at once: its bytes, as there is room.

#ifndef COHORT_IPC_INTERNAL_STREAM_H_
#define COHORT_IPC_INTERNAL_STREAM_H_

#include <cstdint>
#include <span>

#include "ipc/internal/ring.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

// Blocks as long as the reader leaves no room. Throws PeerGone.
void StreamTo(RingWriter& ring, const Message& message);

// The reading side. Gives room back with each step.
class RingSource final : public Source {
 public:
  // The next `size` bytes of the ring, and what fills them up to a multiple of 8.
  RingSource(RingReader& ring, uint64_t size) : ring_(ring), left_(size) {}

  std::span<const std::byte> Next() override;

  // Steps over what is left. Blocks as Next() does.
  void Finish();

 private:
  void GiveBack();

  RingReader& ring_;
  uint64_t left_;          // not given yet
  std::size_t given_ = 0;  // by the last Next()
};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_STREAM_H_
