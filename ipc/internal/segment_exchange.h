// Segments between this process and one other: which of them it knows, who holds them, and the
// descriptors on their way. Both ends have one.
//
// A segment has one owner, the process that made it, and the number that it has there. The first
// message that has it is preceded by its descriptor, on a socket; from then on the other keeps it
// mapped, and messages name it. In detail:
//
//   lease    Each message that names a segment of the sender's is one more lease on it. The owner
//            keeps a handle as long as there are any, so nothing is recycled under the other's
//            hands.
//   release  When the last handle in the other process is gone, it returns all leases that came
//            until then: a notice. Leases that come meanwhile are not meant, so the two ends need
//            not agree on the time.
//   forget   When the owner has given the memory back to the system, it says so: a notice, at which
//            the other unmaps it. The owner alone decides that; so what it takes for known is.
//
// Messages and notices go through the ring, in order; descriptors through the socket, in order, and
// before the ring shows what needs them (or, where the sender may block, while the reader waits).
//
// Of a hostile peer everything is checked, ProtocolError: that descriptors are sealed memory of the
// size that was claimed, how many there are, and that it names only what it may.
//
// Threads: all members may be called by any thread; only those blocks that say so.

#ifndef COHORT_IPC_INTERNAL_SEGMENT_EXCHANGE_H_
#define COHORT_IPC_INTERNAL_SEGMENT_EXCHANGE_H_

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ipc/file_descriptor.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/segment.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

class SegmentExchange {
 public:
  enum class Peer { kTrusted, kHostile };

  // So many segments a hostile peer may make known, and a sender makes known to a peer that takes
  // it for hostile.
  static constexpr std::size_t kMostFromHostile = 1024;

  // The socket is the caller's, and outlives this. With this, all leases of the peer end.
  SegmentExchange(int socket, Peer peer);
  ~SegmentExchange();
  SegmentExchange(const SegmentExchange&) = delete;
  SegmentExchange& operator=(const SegmentExchange&) = delete;

  // Throws CodecError where an attachment is no segment.
  static void Check(const Message& message);

  // Sending.

  // Sends the descriptors that the peer lacks. False: the socket is full; then some may be sent,
  // and a later call goes on. Throws PeerGone.
  bool Ship(std::span<const AttachmentPtr> attachments);

  // The same; blocks while the peer takes none.
  void ShipAll(std::span<const AttachmentPtr> attachments);

  // The list, for the message that is about to be published. All were shipped, or will be.
  std::vector<SegmentEntry> Lease(std::span<const AttachmentPtr> attachments);

  // Receiving.

  // What the list means. Of a trusted peer it blocks until the descriptors are there, and throws
  // Error where they cannot be used here; the message is then as good as received. Of a hostile
  // one it does not block. Throws ProtocolError and, of a trusted one, PeerGone.
  std::vector<AttachmentPtr> Receive(std::span<const SegmentEntry> list);

  // Notices.

  bool HasNotices() const noexcept;
  std::vector<SegmentNotice> TakeNotices(std::size_t at_most);
  void OnNotices(std::span<const SegmentNotice> notices);

  // What notices have ended is kept until then: unmapping takes time.
  void DestroyEnded();

 private:
  // One of this process's that the peer knows.
  struct Known {
    std::weak_ptr<const void> life;
    AttachmentPtr held;  // while there are leases
    uint64_t leases = 0;
    bool is_shipped = false;
  };

  // One of the peer's.
  struct Foreign {
    std::shared_ptr<Segment> segment;  // null: it could not be mapped here
    std::weak_ptr<Segment> handle;     // of all who use it
    uint64_t leases = 0;               // not returned
    std::string error;                 // where segment is null
  };

  struct Unused;
  using Batch = std::vector<const Segment*>;

  bool IsPeers(const Segment& segment) const noexcept { return segment.origin().exchange == id_; }

  // With mutex_ held.
  Batch NextBatch(std::span<const AttachmentPtr> attachments) const;
  bool ShipBatch(const Batch& batch);
  bool IsMissing(const AttachmentPtr& attachment) const;
  void CheckCount(std::span<const AttachmentPtr> attachments) const;
  AttachmentPtr Own(const SegmentEntry& entry);
  AttachmentPtr Lent(const SegmentEntry& entry, std::string& error);
  AttachmentPtr HandleOf(uint64_t id, Foreign& foreign);
  std::size_t ReceivePacket(msghdr& message) const;
  void ReceiveDescriptors();
  void Adopt(uint64_t id, FileDescriptor fd);
  void CheckMemory(int fd) const;
  void OnNotice(const SegmentNotice& notice);
  void AddReleases(std::vector<SegmentNotice>& notices, std::size_t at_most);
  void AddForgets(std::vector<SegmentNotice>& notices, std::size_t at_most);

  const uint64_t id_;
  const int socket_;
  const Peer peer_;
  const std::shared_ptr<Unused> unused_;  // handles outlive this

  std::mutex mutex_;
  // Guarded by it:
  std::unordered_map<uint64_t, Known> known_;
  std::unordered_map<uint64_t, Foreign> foreign_;
  std::vector<std::shared_ptr<const void>> ended_;

  std::atomic<bool> knows_any_{false};  // known_ is not empty
  std::atomic<uint64_t> ends_seen_{0};  // of Segment::ends()
};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_SEGMENT_EXCHANGE_H_
