#include "apps/image_resizer/exif.h"

#include <cstdint>
#include <cstring>
#include <optional>

namespace cohort::image_resizer {
namespace {

constexpr std::size_t kEntryBytes = 12;

// The first directory, in either byte order. Reads outside of the bytes are 0.
class Directory {
 public:
  explicit Directory(std::span<const std::byte> exif) : exif_(exif) {
    big_endian_ = Byte(0) == 'M';
    const std::uint32_t begin = U32(4);
    if (U16(2) != 42 || begin < 8 || begin + std::size_t{2} > exif.size()) return;
    begin_ = begin;
  }

  bool valid() const { return begin_ != 0; }

  // Where the value of the orientation is.
  std::optional<std::size_t> Orientation() const {
    constexpr std::uint16_t kOrientation = 0x0112;
    constexpr std::uint16_t kShort = 3;
    for (std::size_t i = 0; valid() && i < U16(begin_); ++i) {
      const std::size_t entry = begin_ + 2 + i * kEntryBytes;
      if (entry + kEntryBytes > exif_.size()) break;
      if (U16(entry) == kOrientation && U16(entry + 2) == kShort) return entry + 8;
    }
    return std::nullopt;
  }

  // Where the link to the next directory is, that of the preview.
  std::optional<std::size_t> NextDirectory() const {
    const std::size_t link = begin_ + 2 + U16(begin_) * kEntryBytes;
    if (!valid() || link + 4 > exif_.size()) return std::nullopt;
    return link;
  }

  std::uint16_t U16(std::size_t at) const {
    return static_cast<std::uint16_t>(big_endian_ ? Byte(at) << 8 | Byte(at + 1)
                                                  : Byte(at + 1) << 8 | Byte(at));
  }

  std::size_t LowByteOf16(std::size_t at) const { return big_endian_ ? at + 1 : at; }

 private:
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

}  // namespace

int OrientationOf(std::span<const std::byte> exif) {
  const Directory directory(exif);
  const std::optional<std::size_t> at = directory.Orientation();
  const int value = at ? directory.U16(*at) : 1;
  return value >= 1 && value <= 8 ? value : 1;
}

void SetUpright(std::span<std::byte> exif) {
  const Directory directory(exif);
  if (const auto at = directory.Orientation()) {
    std::memset(&exif[*at], 0, 2);
    exif[directory.LowByteOf16(*at)] = std::byte{1};
  }
  if (const auto link = directory.NextDirectory()) std::memset(&exif[*link], 0, 4);
}

}  // namespace cohort::image_resizer
