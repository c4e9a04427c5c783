// Where a JPEG holds what is not pixels.

#ifndef COHORT_APPS_IMAGE_RESIZER_JPEG_SEGMENTS_H_
#define COHORT_APPS_IMAGE_RESIZER_JPEG_SEGMENTS_H_

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace cohort::image_resizer {

inline constexpr int kExifMarker = 0xE1;  // APP1; XMP is there as well
inline constexpr int kIccMarker = 0xE2;   // APP2

inline constexpr std::string_view kExifPrefix("Exif\0\0", 6);
inline constexpr std::string_view kXmpPrefix("http://ns.adobe.com/xap/1.0/\0", 29);

inline constexpr std::size_t kMaxSegment = 65533;  // without its length

inline bool HasPrefix(std::span<const std::byte> bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() &&
         std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_JPEG_SEGMENTS_H_
