#include "ipc/internal/segment_exchange.h"

#include <linux/magic.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "ipc/internal/ring.h"

namespace cohort::ipc::internal {
namespace {

// Descriptors in one packet; Linux takes up to 253.
constexpr std::size_t kMostAtOnce = 64;

// Between two looks at a socket that is full, or a system that has too many descriptors under way.
constexpr int kPatienceMilliseconds = 10;

std::atomic<uint64_t> last_exchange{0};

const Segment& AsSegment(const AttachmentPtr& attachment) {
  return static_cast<const Segment&>(*attachment);
}

// The packet: numbers, and as many descriptors.
struct Packet {
  Packet() {
    std::memset(control, 0, sizeof(control));
    message.msg_iov = &block;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
  }
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  std::array<uint64_t, kMostAtOnce> ids{};
  iovec block{ids.data(), sizeof(ids)};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostAtOnce * sizeof(int))];
  msghdr message{};
};

void Fill(Packet& packet, std::span<const Segment* const> segments) {
  const std::size_t size = segments.size() * sizeof(int);
  packet.block.iov_len = segments.size() * sizeof(uint64_t);
  packet.message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* const header = CMSG_FIRSTHDR(&packet.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(size);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const int fd = segments[i]->fd();
    packet.ids[i] = segments[i]->id();
    std::memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof(int));
  }
}

// All that came, so that none is left open whatever is wrong with the rest.
std::vector<FileDescriptor> TakeDescriptors(msghdr& message) {
  std::vector<FileDescriptor> descriptors;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      descriptors.emplace_back(fd);
    }
  }
  return descriptors;
}

bool IsGone(int error) { return error == EPIPE || error == ECONNRESET || error == ENOTCONN; }

bool IsFull(int error) {
  return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS;
}

std::string Name(uint64_t id) { return "segment " + std::to_string(id); }

}  // namespace

// Numbers of foreign segments whose last handle is gone.
struct SegmentExchange::Unused {
  void Add(uint64_t id) {
    const std::lock_guard lock(mutex);
    ids.push_back(id);
    any.store(true, std::memory_order_release);
  }
  std::vector<uint64_t> TakeAll() {
    const std::lock_guard lock(mutex);
    any.store(false, std::memory_order_relaxed);
    return std::exchange(ids, {});
  }

  std::mutex mutex;
  std::vector<uint64_t> ids;
  std::atomic<bool> any{false};
};

SegmentExchange::SegmentExchange(int socket, Peer peer)
    : id_(++last_exchange), socket_(socket), peer_(peer), unused_(std::make_shared<Unused>()) {}

SegmentExchange::~SegmentExchange() = default;

void SegmentExchange::Check(const Message& message) {
  for (const AttachmentPtr& attachment : message.attachments()) {
    if (dynamic_cast<const Segment*>(attachment.get()) != nullptr) continue;
    throw CodecError("an attachment is no memory of a SharedBuffer, and so cannot cross");
  }
}

// Sending.

bool SegmentExchange::IsMissing(const AttachmentPtr& attachment) const {
  const Segment& segment = AsSegment(attachment);
  if (IsPeers(segment)) return false;
  const auto known = known_.find(segment.id());
  return known == known_.end() || !known->second.is_shipped;
}

SegmentExchange::Batch SegmentExchange::NextBatch(
    std::span<const AttachmentPtr> attachments) const {
  Batch batch;
  for (const AttachmentPtr& attachment : attachments) {
    if (batch.size() == kMostAtOnce) break;
    if (IsMissing(attachment)) batch.push_back(&AsSegment(attachment));
  }
  return batch;
}

// Before the first batch: what was sent and is never named would stay with the peer.
void SegmentExchange::CheckCount(std::span<const AttachmentPtr> attachments) const {
  if (peer_ == Peer::kHostile) return;
  const auto missing =
      std::count_if(attachments.begin(), attachments.end(),
                    [this](const AttachmentPtr& attachment) { return IsMissing(attachment); });
  if (known_.size() + static_cast<std::size_t>(missing) <= kMostFromHostile) return;
  throw Error("a worker process cannot share more than " + std::to_string(kMostFromHostile) +
              " SharedBuffers at a time; return fewer and larger ones");
}

// False: the socket is full.
bool SegmentExchange::ShipBatch(const Batch& batch) {
  Packet packet;
  Fill(packet, batch);
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket_, &packet.message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    if (IsGone(errno)) throw PeerGone();
    if (IsFull(errno)) return false;
    throw std::system_error(errno, std::generic_category(), "sendmsg of a SharedBuffer");
  }
  for (const Segment* segment : batch) {
    Known& known = known_[segment->id()];
    known.life = segment->life();
    known.is_shipped = true;
  }
  knows_any_.store(true, std::memory_order_relaxed);
  return true;
}

bool SegmentExchange::Ship(std::span<const AttachmentPtr> attachments) {
  const std::lock_guard lock(mutex_);
  CheckCount(attachments);
  while (true) {
    const Batch batch = NextBatch(attachments);
    if (batch.empty()) return true;
    if (!ShipBatch(batch)) return false;
  }
}

void SegmentExchange::ShipAll(std::span<const AttachmentPtr> attachments) {
  while (!Ship(attachments)) {
    pollfd room{socket_, POLLOUT, 0};
    poll(&room, 1, kPatienceMilliseconds);
    if ((room.revents & (POLLERR | POLLHUP)) != 0) throw PeerGone();
    // With room, it is descriptors under way that are too many.
    if ((room.revents & POLLOUT) != 0) poll(nullptr, 0, 1);
  }
}

std::vector<SegmentEntry> SegmentExchange::Lease(std::span<const AttachmentPtr> attachments) {
  if (attachments.empty()) return {};
  const std::lock_guard lock(mutex_);
  std::vector<SegmentEntry> list;
  list.reserve(attachments.size());
  for (const AttachmentPtr& attachment : attachments) {
    const Segment& segment = AsSegment(attachment);
    if (IsPeers(segment)) {
      list.push_back({segment.origin().id | kReceiversOwn, segment.size()});
      continue;
    }
    Known& known = known_[segment.id()];
    known.life = segment.life();
    known.held = attachment;
    ++known.leases;
    list.push_back({segment.id(), segment.size()});
  }
  return list;
}

// Receiving.

std::vector<AttachmentPtr> SegmentExchange::Receive(std::span<const SegmentEntry> list) {
  const std::lock_guard lock(mutex_);
  std::vector<AttachmentPtr> attachments;
  attachments.reserve(list.size());
  std::string error;
  for (const SegmentEntry& entry : list) {
    attachments.push_back((entry.id & kReceiversOwn) != 0 ? Own(entry) : Lent(entry, error));
  }
  if (!error.empty()) throw Error(error);
  return attachments;
}

// What this process has made comes back.
AttachmentPtr SegmentExchange::Own(const SegmentEntry& entry) {
  const auto known = known_.find(entry.id & ~kReceiversOwn);
  if (known != known_.end() && known->second.held != nullptr &&
      AsSegment(known->second.held).size() == entry.size) {
    return known->second.held;
  }
  throw ProtocolError("channel: " + Name(entry.id & ~kReceiversOwn) + " of " +
                      std::to_string(entry.size) + " bytes is none that the other side was lent");
}

AttachmentPtr SegmentExchange::Lent(const SegmentEntry& entry, std::string& error) {
  auto foreign = foreign_.find(entry.id);
  while (foreign == foreign_.end()) {
    ReceiveDescriptors();
    foreign = foreign_.find(entry.id);
  }
  ++foreign->second.leases;
  if (foreign->second.segment == nullptr) {
    error = foreign->second.error;
    unused_->Add(entry.id);
    return nullptr;
  }
  if (foreign->second.segment->size() != entry.size) {
    throw ProtocolError("channel: " + Name(entry.id) + " has " +
                        std::to_string(foreign->second.segment->size()) + " bytes and not " +
                        std::to_string(entry.size));
  }
  return HandleOf(entry.id, foreign->second);
}

// One for all who use it at a time, so that the last one is noticed.
AttachmentPtr SegmentExchange::HandleOf(uint64_t id, Foreign& foreign) {
  if (auto handle = foreign.handle.lock()) return handle;
  const auto release = [id, segment = foreign.segment, unused = unused_](Segment*) mutable {
    segment.reset();
    unused->Add(id);
  };
  const std::shared_ptr<Segment> handle(foreign.segment.get(), release);
  foreign.handle = handle;
  return handle;
}

// The bytes of the next packet; 0: its end, or an empty packet.
std::size_t SegmentExchange::ReceivePacket(msghdr& message) const {
  const int wait = peer_ == Peer::kHostile ? MSG_DONTWAIT : 0;
  while (true) {
    const ssize_t size = recvmsg(socket_, &message, wait | MSG_CMSG_CLOEXEC);
    if (size >= 0) return static_cast<std::size_t>(size);
    // A peer that ended without having read everything is told of once, before what it had sent.
    if (errno == EINTR || errno == ECONNRESET) continue;
    if (errno == EAGAIN) {
      throw ProtocolError("channel: a segment of memory was named before it was sent");
    }
    throw std::system_error(errno, std::generic_category(), "recvmsg of a SharedBuffer");
  }
}

void SegmentExchange::ReceiveDescriptors() {
  Packet packet;
  const std::size_t size = ReceivePacket(packet.message);
  std::vector<FileDescriptor> descriptors = TakeDescriptors(packet.message);
  if (size == 0) throw PeerGone();
  const std::size_t count = size / sizeof(uint64_t);
  const bool is_whole = (packet.message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0 &&
                        descriptors.size() == count && size % sizeof(uint64_t) == 0;
  if (!is_whole && peer_ == Peer::kHostile) {
    throw ProtocolError("channel: " + std::to_string(count) + " segments came with " +
                        std::to_string(descriptors.size()) +
                        " descriptors; or this process has too many files open (ulimit -n)");
  }
  descriptors.resize(count);
  for (std::size_t i = 0; i < count; ++i) Adopt(packet.ids[i], std::move(descriptors[i]));
}

// A trusted peer's memory that cannot be had here is an error for who wants it, later.
void SegmentExchange::Adopt(uint64_t id, FileDescriptor fd) {
  if (peer_ == Peer::kHostile) {
    if (foreign_.size() >= kMostFromHostile || foreign_.contains(id)) {
      throw ProtocolError("channel: " + Name(id) + " came twice, or too many are held");
    }
    CheckMemory(fd.get());
    foreign_[id].segment = Segment::Adopt(std::move(fd), {id_, id});
    return;
  }
  Foreign& foreign = foreign_[id];
  try {
    if (!fd) throw Error("too many files are open in this process (ulimit -n)");
    foreign.segment = Segment::Adopt(std::move(fd), {id_, id});
  } catch (const std::exception& error) {
    foreign.error = std::string("a SharedBuffer cannot be had here: ") + error.what();
  }
}

// Memory of a huge page file system could not be there when it is touched, with a signal.
void SegmentExchange::CheckMemory(int fd) const {
  struct statfs system {};
  if (fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC) return;
  throw ProtocolError("channel: a descriptor came that is no shared memory");
}

// Notices.

bool SegmentExchange::HasNotices() const noexcept {
  if (unused_->any.load(std::memory_order_acquire)) return true;
  return knows_any_.load(std::memory_order_relaxed) &&
         ends_seen_.load(std::memory_order_relaxed) != Segment::ends();
}

std::vector<SegmentNotice> SegmentExchange::TakeNotices(std::size_t at_most) {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentNotice> notices;
  AddReleases(notices, at_most);
  AddForgets(notices, at_most);
  return notices;
}

void SegmentExchange::AddReleases(std::vector<SegmentNotice>& notices, std::size_t at_most) {
  for (const uint64_t id : unused_->TakeAll()) {
    if (notices.size() == at_most) {
      unused_->Add(id);
      continue;
    }
    const auto foreign = foreign_.find(id);
    // It may be in use again; then its next last handle will tell.
    if (foreign == foreign_.end() || !foreign->second.handle.expired()) continue;
    if (foreign->second.leases == 0) continue;
    notices.push_back({id, std::exchange(foreign->second.leases, 0)});
  }
}

void SegmentExchange::AddForgets(std::vector<SegmentNotice>& notices, std::size_t at_most) {
  const uint64_t ends = Segment::ends();
  if (ends_seen_.load(std::memory_order_relaxed) == ends) return;
  for (auto known = known_.begin(); known != known_.end();) {
    if (!known->second.life.expired()) {
      ++known;
      continue;
    }
    if (notices.size() == at_most) return;  // and a look again
    notices.push_back({known->first, 0});
    known = known_.erase(known);
  }
  ends_seen_.store(ends, std::memory_order_relaxed);
  knows_any_.store(!known_.empty(), std::memory_order_relaxed);
}

void SegmentExchange::OnNotices(std::span<const SegmentNotice> notices) {
  const std::lock_guard lock(mutex_);
  for (const SegmentNotice& notice : notices) OnNotice(notice);
}

void SegmentExchange::OnNotice(const SegmentNotice& notice) {
  if (notice.released == 0) {
    const auto foreign = foreign_.find(notice.id);
    if (foreign == foreign_.end()) return;
    ended_.push_back(std::move(foreign->second.segment));
    foreign_.erase(foreign);
    return;
  }
  const auto known = known_.find(notice.id);
  if (known == known_.end() || notice.released > known->second.leases) {
    throw ProtocolError("channel: " + std::to_string(notice.released) + " leases of " +
                        Name(notice.id) + " are returned, which were not given");
  }
  known->second.leases -= notice.released;
  if (known->second.leases == 0) ended_.push_back(std::move(known->second.held));
}

void SegmentExchange::DestroyEnded() {
  std::vector<std::shared_ptr<const void>> ended;
  const std::lock_guard lock(mutex_);
  ended.swap(ended_);
}

}  // namespace cohort::ipc::internal
