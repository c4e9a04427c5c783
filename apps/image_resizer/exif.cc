#include "apps/image_resizer/exif.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace cohort::image_resizer {
namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr std::size_t kEntryBytes = 12;

constexpr std::uint16_t kShort = 3;
constexpr std::uint16_t kLong = 4;

// A list of entries, in either byte order. Reads outside of the bytes are 0.
class Directory {
 public:
  // The first.
  explicit Directory(std::span<const std::byte> exif) : exif_(exif) {
    big_endian_ = Byte(0) == 'M';
    if (U16(2) == 42) Begin(U32(4));
  }

  bool valid() const { return begin_ != 0; }

  // Where the value of the orientation is.
  std::optional<std::size_t> Orientation() const {
    constexpr std::uint16_t kOrientation = 0x0112;
    const std::optional<std::size_t> entry = Find(kOrientation);
    if (!entry || U16(*entry + 2) != kShort) return std::nullopt;
    return *entry + 8;
  }

  // The value of an entry that has one number; 0 where there is none.
  std::size_t NumberOf(std::uint16_t tag) const {
    const std::optional<std::size_t> entry = Find(tag);
    if (!entry || U32(*entry + 4) != 1) return 0;
    const std::uint16_t type = U16(*entry + 2);
    return type == kLong ? U32(*entry + 8) : type == kShort ? U16(*entry + 8) : 0;
  }

  // Where the link to the next directory is, that of the preview.
  std::optional<std::size_t> NextLink() const {
    const std::size_t link = begin_ + 2 + U16(begin_) * kEntryBytes;
    if (!valid() || link + 4 > exif_.size()) return std::nullopt;
    return link;
  }

  Directory Next() const {
    Directory next = *this;
    const std::optional<std::size_t> link = NextLink();
    next.Begin(link ? U32(*link) : 0);
    return next;
  }

  std::uint16_t U16(std::size_t at) const {
    return static_cast<std::uint16_t>(big_endian_ ? Byte(at) << 8 | Byte(at + 1)
                                                  : Byte(at + 1) << 8 | Byte(at));
  }

  std::size_t LowByteOf16(std::size_t at) const { return big_endian_ ? at + 1 : at; }

 private:
  void Begin(std::size_t at) { begin_ = at >= kHeaderBytes && at + 2 <= exif_.size() ? at : 0; }

  std::optional<std::size_t> Find(std::uint16_t tag) const {
    for (std::size_t i = 0; valid() && i < U16(begin_); ++i) {
      const std::size_t entry = begin_ + 2 + i * kEntryBytes;
      if (entry + kEntryBytes > exif_.size()) break;
      if (U16(entry) == tag) return entry;
    }
    return std::nullopt;
  }

  std::uint32_t Byte(std::size_t at) const {
    return at < exif_.size() ? std::to_integer<std::uint32_t>(exif_[at]) : 0;
  }

  std::uint32_t U32(std::size_t at) const {
    const std::uint32_t first = U16(at);
    const std::uint32_t second = U16(at + 2);
    return big_endian_ ? first << 16 | second : second << 16 | first;
  }

  std::span<const std::byte> exif_;
  bool big_endian_ = false;
  std::size_t begin_ = 0;
};

// What claims to be in the header is no preview.
void Erase(std::span<std::byte> exif, std::size_t begin, std::size_t size) {
  if (begin < kHeaderBytes || begin >= exif.size()) return;
  std::memset(&exif[begin], 0, std::min(size, exif.size() - begin));
}

// A JPEG, or rows of pixels.
void ErasePreview(std::span<std::byte> exif, const Directory& directory) {
  struct Tags {
    std::uint16_t begin;
    std::uint16_t size;
  };
  const Directory preview = directory.Next();
  for (const Tags tags : {Tags{0x0201, 0x0202}, Tags{0x0111, 0x0117}}) {
    Erase(exif, preview.NumberOf(tags.begin), preview.NumberOf(tags.size));
  }
}

}  // namespace

int OrientationOf(std::span<const std::byte> exif) {
  const Directory directory(exif);
  const std::optional<std::size_t> at = directory.Orientation();
  const int value = at ? directory.U16(*at) : 1;
  return value >= 1 && value <= 8 ? value : 1;
}

void SetUpright(std::span<std::byte> exif) {
  const Directory directory(exif);
  ErasePreview(exif, directory);
  if (const auto at = directory.Orientation()) {
    std::memset(&exif[*at], 0, 2);
    exif[directory.LowByteOf16(*at)] = std::byte{1};
  }
  if (const auto link = directory.NextLink()) std::memset(&exif[*link], 0, 4);
}

}  // namespace cohort::image_resizer
