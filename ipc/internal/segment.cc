#include "ipc/internal/segment.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>

#include "ipc/internal/huge_pages.h"

namespace cohort::ipc::internal {
namespace {

std::atomic<uint64_t> last_id{0};
std::atomic<uint64_t> ended{0};

MemoryAccess AccessOf(bool is_writable) {
  return is_writable ? MemoryAccess::kReadWrite : MemoryAccess::kReadOnly;
}

}  // namespace

// Segment

// Mapped first and sealed then: a mapping stays what it was.
Segment::Segment(SharedMemory memory, Others others)
    : id_(++last_id),
      others_(others),
      is_writable_(true),
      process_(getpid()),
      memory_(std::move(memory)),
      mapping_(memory_.Map(MemoryAccess::kReadWrite)),
      life_(std::make_shared<char>()) {
  memory_.Seal(others);
  AdviseHugePages(mapping_.data(), mapping_.size());
}

Segment::Segment(SharedMemory memory, bool is_writable, Origin origin)
    : id_(++last_id),
      origin_(origin),
      others_(is_writable ? Others::kReadWrite : Others::kReadOnly),
      is_writable_(is_writable),
      process_(getpid()),
      memory_(std::move(memory)),
      mapping_(memory_.Map(AccessOf(is_writable))),
      life_(std::make_shared<char>()) {}

Segment::~Segment() {
  life_.reset();
  ended.fetch_add(1, std::memory_order_release);
}

uint64_t Segment::ends() noexcept { return ended.load(std::memory_order_acquire); }

// Of a recycled one only what was not asked for before.
void Segment::Reserve(std::size_t size) {
  if (size <= reserved_) return;
  memory_.Reserve(size);
  reserved_ = size;
}

std::shared_ptr<Segment> Segment::Allocate(std::size_t size, Others others) {
  SegmentCache& cache = SegmentCache::OfThisProcess();
  const std::size_t class_size = SegmentCache::ClassOf(size);
  std::unique_ptr<Segment> segment = cache.Take(class_size, others);
  if (segment == nullptr) {
    segment.reset(new Segment(SharedMemory::Create("cohort-buffer", class_size), others));
  }
  segment->Reserve(size);
  const auto recycle = [](Segment* unused) {
    SegmentCache::OfThisProcess().Give(std::unique_ptr<Segment>(unused));
  };
  return std::shared_ptr<Segment>(segment.release(), recycle);
}

std::shared_ptr<Segment> Segment::Adopt(FileDescriptor fd, Origin origin) {
  SharedMemory memory = SharedMemory::Adopt(std::move(fd));
  const bool is_writable = memory.IsWritable();
  return std::shared_ptr<Segment>(new Segment(std::move(memory), is_writable, origin));
}

// SegmentCache

SegmentCache& SegmentCache::OfThisProcess() {
  // Never destroyed: buffers of static objects may outlive whatever is.
  static std::atomic<SegmentCache*> current{nullptr};
  SegmentCache* cache = current.load(std::memory_order_acquire);
  const pid_t process = getpid();
  if (cache != nullptr && cache->process_ == process) return *cache;
  std::unique_ptr<SegmentCache> made(new SegmentCache(process));
  if (current.compare_exchange_strong(cache, made.get(), std::memory_order_acq_rel)) {
    return *made.release();
  }
  return *cache;  // another thread was first
}

// Four classes between one power of two and the next.
std::size_t SegmentCache::ClassOf(std::size_t size) {
  const std::size_t page = page_size();
  if (size > std::numeric_limits<std::size_t>::max() / 4) return size;  // nobody has so much
  const std::size_t step = std::max(std::bit_floor(size - 1) / 4, page);
  return (size + step - 1) / step * step;
}

std::unique_ptr<Segment> SegmentCache::Take(std::size_t class_size, Segment::Others others) {
  const std::lock_guard lock(mutex_);
  // The one that was used last may still be in the processor's cache.
  const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& segment) {
    return segment->size() == class_size && segment->others() == others;
  });
  if (found == idle_.rend()) return nullptr;
  std::unique_ptr<Segment> segment = std::move(*found);
  idle_.erase(std::next(found).base());
  bytes_ -= segment->size();
  return segment;
}

void SegmentCache::Give(std::unique_ptr<Segment> segment) {
  if (segment->process_ != process_) return;  // the parent's, who may be using it
  Segments evicted;                           // unmapped without the lock
  const std::lock_guard lock(mutex_);
  if (segment->size() > limit_) {
    evicted.push_back(std::move(segment));
    return;
  }
  bytes_ += segment->size();
  idle_.push_back(std::move(segment));
  evicted = EvictDownTo(limit_);
}

SegmentCache::Segments SegmentCache::EvictDownTo(std::size_t bytes) {
  Segments evicted;
  while (bytes_ > bytes || idle_.size() > kMostSegments) {
    bytes_ -= idle_.front()->size();
    evicted.push_back(std::move(idle_.front()));
    idle_.pop_front();
  }
  return evicted;
}

std::size_t SegmentCache::bytes() {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void SegmentCache::SetLimit(std::size_t bytes) {
  Segments evicted;
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  evicted = EvictDownTo(limit_);
}

void SegmentCache::Clear() {
  Segments evicted;
  const std::lock_guard lock(mutex_);
  evicted = EvictDownTo(0);
}

}  // namespace cohort::ipc::internal
