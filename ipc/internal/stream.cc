#include "ipc/internal/stream.h"

#include <algorithm>

#include "ipc/internal/protocol.h"
#include "ipc/internal/spin.h"

namespace cohort::ipc::internal {

void StreamTo(RingWriter& ring, const Message& message) {
  uint64_t left = message.size();
  message.ForEachPiece([&](std::span<const std::byte> piece) {
    while (!piece.empty()) {
      const std::size_t size = std::min(piece.size(), kStreamPiece);
      ring.AwaitRoom(size + 8);
      ring.Put(piece.data(), size);
      left -= size;
      if (left == 0) ring.Align();  // shown together with the last byte
      ring.Publish();
      ring.Wake();
      piece = piece.subspan(size);
    }
  });
}

std::span<const std::byte> RingSource::Next() {
  GiveBack();
  std::span<const std::byte> bytes = ring_.PeekAnew();
  while (bytes.empty()) {
    if (!SpinAndYield([this] { return ring_.HasNews(); }, SpinRounds::kMany)) {
      ring_.Await(Deadline::after(kLookUp));
    }
    bytes = ring_.PeekAnew();
  }
  given_ = static_cast<std::size_t>(std::min<uint64_t>({left_, bytes.size(), kStreamPiece}));
  left_ -= given_;
  return bytes.first(given_);
}

void RingSource::GiveBack() {
  ring_.Skip(given_);
  given_ = 0;
  ring_.Release();
  ring_.Wake();
}

void RingSource::Finish() {
  while (left_ != 0) Next();
  ring_.Skip(given_);
  given_ = 0;
  ring_.Align();
}

}  // namespace cohort::ipc::internal
