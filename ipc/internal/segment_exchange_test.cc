// Two exchanges in one process, and what a peer may do that is no correct one.

#include "ipc/internal/segment_exchange.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "futures/errors.h"
#include "gtest/gtest.h"
#include "ipc/file_descriptor.h"
#include "ipc/internal/protocol.h"
#include "ipc/internal/ring.h"
#include "ipc/internal/segment.h"
#include "ipc/message.h"
#include "ipc/shared_memory.h"

namespace cohort::ipc::internal {
namespace {

using Others = SharedMemory::Others;
using Peer = SegmentExchange::Peer;

constexpr std::size_t kPage = 4096;

// Where a test needs more descriptors than programs are usually allowed at first. Workers inherit
// it.
void AllowManyFiles() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

struct Ends {
  Ends() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    parent = FileDescriptor(ends[0]);
    worker = FileDescriptor(ends[1]);
  }
  FileDescriptor parent;
  FileDescriptor worker;
};

class SegmentExchangeTest : public testing::Test {
 protected:
  SegmentExchangeTest() { SegmentCache::OfThisProcess().Clear(); }

  std::vector<AttachmentPtr> ToWorker(const std::vector<AttachmentPtr>& attachments) {
    EXPECT_TRUE(parent.Ship(attachments));
    return worker.Receive(parent.Lease(attachments));
  }
  std::vector<AttachmentPtr> ToParent(const std::vector<AttachmentPtr>& attachments) {
    worker.ShipAll(attachments);
    return parent.Receive(worker.Lease(attachments));
  }
  void TellParent() {
    parent.OnNotices(worker.TakeNotices(100));
    parent.DestroyEnded();
  }
  void TellWorker() {
    worker.OnNotices(parent.TakeNotices(100));
    worker.DestroyEnded();
  }

  Ends sockets;
  SegmentExchange parent{sockets.parent.get(), Peer::kHostile};
  SegmentExchange worker{sockets.worker.get(), Peer::kTrusted};
};

std::shared_ptr<Segment> Make(std::size_t size = kPage, Others others = Others::kReadOnly) {
  return Segment::Allocate(size, others);
}

std::span<std::byte> BytesOf(const AttachmentPtr& attachment) {
  return dynamic_cast<Segment&>(*attachment).bytes();
}

std::size_t OpenFiles() {
  return static_cast<std::size_t>(std::distance(
      std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

TEST_F(SegmentExchangeTest, TheSameMemoryAtAnotherAddress) {
  const auto segment = Make();
  const auto there = ToWorker({segment});
  segment->bytes()[5] = std::byte{7};
  ASSERT_EQ(there.size(), 1U);
  EXPECT_NE(BytesOf(there[0]).data(), segment->bytes().data());
  EXPECT_EQ(BytesOf(there[0])[5], std::byte{7});
}

TEST_F(SegmentExchangeTest, IsSentOnce) {
  const auto segment = Make();
  const auto first = ToWorker({segment});
  const std::size_t files = OpenFiles();
  const auto second = ToWorker({segment});
  EXPECT_EQ(first, second);
  EXPECT_EQ(OpenFiles(), files);
}

TEST_F(SegmentExchangeTest, IsHeldUntilItIsReleasedAndThenRecycled) {
  auto segment = Make();
  const std::byte* const where = segment->bytes().data();
  auto there = ToWorker({segment});
  segment.reset();
  EXPECT_EQ(SegmentCache::OfThisProcess().bytes(), 0U) << "there is a lease";
  there.clear();
  EXPECT_TRUE(worker.HasNotices());
  TellParent();
  EXPECT_EQ(SegmentCache::OfThisProcess().bytes(), kPage);
  // The same again, which the worker knows.
  segment = Make();
  EXPECT_EQ(segment->bytes().data(), where);
  const std::size_t files = OpenFiles();
  there = ToWorker({segment});
  EXPECT_EQ(OpenFiles(), files);
}

TEST_F(SegmentExchangeTest, AReleaseLeavesLaterLeasesAlone) {
  auto segment = Make();
  auto first = ToWorker({segment});
  first.clear();
  const auto released = worker.TakeNotices(100);
  const auto second = ToWorker({segment});  // while the notice is on its way
  parent.OnNotices(released);
  parent.DestroyEnded();
  segment.reset();
  EXPECT_EQ(SegmentCache::OfThisProcess().bytes(), 0U);
}

TEST_F(SegmentExchangeTest, WhatIsUsedAgainIsNotReleased) {
  const auto segment = Make();
  auto there = ToWorker({segment});
  there.clear();
  there = ToWorker({segment});
  EXPECT_TRUE(worker.TakeNotices(100).empty());
  there.clear();
  const auto notices = worker.TakeNotices(100);
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].released, 2U);
}

TEST_F(SegmentExchangeTest, AForgottenOneIsUnmapped) {
  const std::size_t files = OpenFiles();
  ToWorker({Make()});
  TellParent();
  EXPECT_EQ(OpenFiles(), files + 2);
  SegmentCache::OfThisProcess().Clear();
  EXPECT_TRUE(parent.HasNotices());
  TellWorker();
  EXPECT_EQ(OpenFiles(), files);
  EXPECT_FALSE(parent.HasNotices());
}

TEST_F(SegmentExchangeTest, ALostPeerReturnsAllLeases) {
  {
    Ends others;
    SegmentExchange to_other(others.parent.get(), Peer::kHostile);
    const std::vector<AttachmentPtr> segments = {Make(), Make(), Make()};
    EXPECT_TRUE(to_other.Ship(segments));
    to_other.Lease(segments);
  }
  EXPECT_EQ(SegmentCache::OfThisProcess().bytes(), 3 * kPage);
}

TEST_F(SegmentExchangeTest, TheWorkersOwn) {
  auto segment = Make(kPage, Others::kReadWrite);
  auto here = ToParent({segment});
  BytesOf(here[0])[3] = std::byte{9};
  EXPECT_EQ(segment->bytes()[3], std::byte{9});
  segment.reset();
  EXPECT_EQ(SegmentCache::OfThisProcess().bytes(), 0U);
  here.clear();
  TellWorker();
  EXPECT_EQ(SegmentCache::OfThisProcess().bytes(), kPage);
}

TEST_F(SegmentExchangeTest, ThereAndBackIsTheSame) {
  const auto segment = Make();
  const auto back = ToParent(ToWorker({segment}));
  EXPECT_EQ(back[0], segment);
  const auto workers = Make();
  EXPECT_EQ(ToWorker(ToParent({workers}))[0], workers);
}

TEST_F(SegmentExchangeTest, OnToAnotherPeer) {
  Ends others;
  std::optional<SegmentExchange> to_other(std::in_place, others.parent.get(), Peer::kHostile);
  SegmentExchange other(others.worker.get(), Peer::kTrusted);
  const auto segment = Make();
  auto here = ToParent({segment});
  EXPECT_TRUE(to_other->Ship(here));
  const auto there = other.Receive(to_other->Lease(here));
  segment->bytes()[0] = std::byte{5};
  EXPECT_EQ(BytesOf(there[0])[0], std::byte{5});
  here.clear();
  EXPECT_FALSE(parent.HasNotices()) << "the other one has it";
  to_other.reset();
  EXPECT_TRUE(parent.HasNotices());
}

TEST_F(SegmentExchangeTest, ReadOnlyIsReadOnlyThere) {
  const auto there = ToWorker({Make(kPage, Others::kReadOnly), Make(kPage, Others::kReadWrite)});
  EXPECT_FALSE(dynamic_cast<Segment&>(*there[0]).is_writable());
  EXPECT_TRUE(dynamic_cast<Segment&>(*there[1]).is_writable());
}

TEST_F(SegmentExchangeTest, AFullSocketIsNoPlaceToWait) {
  AllowManyFiles();
  std::vector<AttachmentPtr> kept;
  std::vector<AttachmentPtr> all;
  bool is_full = false;
  for (int i = 0; i < 2000 && !is_full; ++i) {
    all = {Make()};
    kept.push_back(all[0]);
    is_full = !parent.Ship(all);
  }
  ASSERT_TRUE(is_full);
  // The other end reads, and it goes on.
  const auto list = parent.Lease(all);
  std::vector<std::byte> packet(1000);
  while (recv(sockets.worker.get(), packet.data(), packet.size(), MSG_DONTWAIT) > 0) {
  }
  EXPECT_TRUE(parent.Ship(all));
  EXPECT_EQ(worker.Receive(list).size(), 1U);
}

TEST_F(SegmentExchangeTest, AnEndThatIsGone) {
  sockets.worker.Close();
  const std::vector<AttachmentPtr> all = {Make()};
  EXPECT_THROW(parent.Ship(all), PeerGone);
  EXPECT_THROW(parent.ShipAll(all), PeerGone);
}

// The worker has answered and ended, with a packet in its own queue that it never read.
TEST_F(SegmentExchangeTest, WhatItHadSentBeforeItsEndIsReceived) {
  EXPECT_TRUE(parent.Ship(std::vector<AttachmentPtr>{Make()}));
  const std::vector<AttachmentPtr> one = {Make()};
  const std::vector<AttachmentPtr> two = {Make()};
  worker.ShipAll(one);
  worker.ShipAll(two);
  sockets.worker.Close();
  EXPECT_EQ(parent.Receive(worker.Lease(one)).size(), 1U);
  EXPECT_EQ(parent.Receive(worker.Lease(two)).size(), 1U);
  EXPECT_THROW(parent.Receive(std::vector<SegmentEntry>{{12345, kPage}}), PeerGone);
}

TEST_F(SegmentExchangeTest, TooManyAtOnceAreNotSentAtAll) {
  AllowManyFiles();
  std::vector<AttachmentPtr> all;
  for (std::size_t i = 0; i <= SegmentExchange::kMostFromHostile; ++i) all.push_back(Make());
  EXPECT_THROW(worker.Ship(all), Error);
  std::byte any{};
  EXPECT_EQ(recv(sockets.parent.get(), &any, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(SegmentExchangeTest, OnlySegmentsCross) {
  class Other final : public Attachment {};
  Message message;
  Writer(message).Attach(std::make_shared<Other>());
  EXPECT_THROW(SegmentExchange::Check(message), CodecError);
}

// A peer that lies. Each of these sends one packet and then a list of one entry.
class HostileTest : public SegmentExchangeTest {
 protected:
  void Send(const std::vector<uint64_t>& ids, const std::vector<int>& fds) {
    iovec block{const_cast<uint64_t*>(ids.data()), ids.size() * sizeof(uint64_t)};
    alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &block;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
      message.msg_control = control;
      message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
      cmsghdr* const header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
      std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    }
    ASSERT_GE(sendmsg(sockets.worker.get(), &message, MSG_NOSIGNAL), 0);
  }

  void ExpectRefused(const std::vector<SegmentEntry>& list) {
    const std::size_t files = OpenFiles();
    EXPECT_THROW(parent.Receive(list), ProtocolError);
    EXPECT_LE(OpenFiles(), files);
  }

  static FileDescriptor Memory(std::size_t size, int seals) {
    FileDescriptor fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    if (seals != 0) {
      EXPECT_EQ(fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    }
    return fd;
  }
  static FileDescriptor Good() { return Memory(kPage, F_SEAL_SHRINK | F_SEAL_GROW); }
};

TEST_F(HostileTest, AGoodOneIsTaken) {
  Send({1}, {Good().get()});
  EXPECT_EQ(parent.Receive(std::vector<SegmentEntry>{{1, kPage}}).size(), 1U);
}

TEST_F(HostileTest, NothingWasSent) { ExpectRefused({{1, kPage}}); }

TEST_F(HostileTest, TheSizeIsAnother) {
  Send({1}, {Good().get()});
  EXPECT_THROW(parent.Receive(std::vector<SegmentEntry>{{1, 2 * kPage}}), ProtocolError);
}

TEST_F(HostileTest, TheSizeIsNotSealed) {
  Send({1}, {Memory(kPage, 0).get()});
  EXPECT_THROW(parent.Receive(std::vector<SegmentEntry>{{1, kPage}}), std::invalid_argument);
}

TEST_F(HostileTest, NoMemoryAtAll) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const FileDescriptor reading(ends[0]);
  const FileDescriptor writing(ends[1]);
  Send({1}, {reading.get()});
  ExpectRefused({{1, kPage}});
  Send({1}, {sockets.worker.get()});
  ExpectRefused({{1, kPage}});
}

TEST_F(HostileTest, FewerDescriptorsThanNumbers) {
  Send({1, 2}, {Good().get()});
  ExpectRefused({{1, kPage}});
  Send({1}, {});
  ExpectRefused({{1, kPage}});
}

TEST_F(HostileTest, MoreDescriptorsThanNumbers) {
  Send({1}, {Good().get(), Good().get()});
  ExpectRefused({{1, kPage}});
}

TEST_F(HostileTest, MoreThanAPacketHolds) {
  std::vector<uint64_t> ids(200, 1);
  Send(ids, {Good().get()});
  ExpectRefused({{1, kPage}});
}

TEST_F(HostileTest, DescriptorsWithoutNumbers) {
  const std::size_t files = OpenFiles();
  Send({}, {Good().get(), Good().get()});
  EXPECT_THROW(parent.Receive(std::vector<SegmentEntry>{{1, kPage}}), Error);
  EXPECT_EQ(OpenFiles(), files);
}

TEST_F(HostileTest, TheSameTwice) {
  Send({1}, {Good().get()});
  const auto first = parent.Receive(std::vector<SegmentEntry>{{1, kPage}});
  Send({1}, {Good().get()});
  ExpectRefused({{2, kPage}});
}

TEST_F(HostileTest, TooMany) {
  AllowManyFiles();
  std::vector<AttachmentPtr> held;
  for (uint64_t id = 1; id <= SegmentExchange::kMostFromHostile; ++id) {
    Send({id}, {Good().get()});
    held.push_back(parent.Receive(std::vector<SegmentEntry>{{id, kPage}})[0]);
  }
  Send({5000}, {Good().get()});
  ExpectRefused({{5000, kPage}});
}

TEST_F(HostileTest, NamesWhatItWasNotLent) {
  ExpectRefused({{1 | kReceiversOwn, kPage}});
  const auto segment = Make();
  auto there = ToWorker({segment});
  ExpectRefused({{segment->id() | kReceiversOwn, 2 * kPage}});
  there.clear();
  TellParent();
  ExpectRefused({{segment->id() | kReceiversOwn, kPage}});
}

TEST_F(HostileTest, ReturnsWhatItDoesNotHave) {
  const auto segment = Make();
  const auto there = ToWorker({segment});
  const auto release = [&](uint64_t id, uint64_t count) {
    parent.OnNotices(std::vector<SegmentNotice>{{id, count}});
  };
  EXPECT_THROW(release(segment->id(), 2), ProtocolError);
  EXPECT_THROW(release(segment->id() + 100, 1), ProtocolError);
  release(segment->id(), 1);
  EXPECT_THROW(release(segment->id(), 1), ProtocolError);
  release(12345, 0);  // to forget what nobody knows is nothing
}

}  // namespace
}  // namespace cohort::ipc::internal
