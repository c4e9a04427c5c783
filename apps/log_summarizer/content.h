// What a file contains, told by its first bytes and never by its name.

#ifndef COHORT_APPS_LOG_SUMMARIZER_CONTENT_H_
#define COHORT_APPS_LOG_SUMMARIZER_CONTENT_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "apps/log_summarizer/byte_source.h"

namespace cohort::log_summarizer {

enum class Compression { kNone, kGzip, kZstd, kXz };
enum class Encoding { kBytes, kUtf16LittleEndian, kUtf16BigEndian };

struct Content {
  Compression compression = Compression::kNone;
  Encoding encoding = Encoding::kBytes;

  // Whether the bytes are the lines themselves.
  bool plain() const { return compression == Compression::kNone && encoding == Encoding::kBytes; }
  friend bool operator==(const Content&, const Content&) = default;
};

// "gzip", "utf-16le", or "" for what needs no word.
std::string_view NameOf(Compression compression);
std::string_view NameOf(Encoding encoding);

// How many first bytes tell.
inline constexpr std::size_t kMagicSize = 6;

// What data is that begins with `start`, the first kMagicSize bytes or all there are.
Content Recognise(std::string_view start);

// Lines out of a source, whatever they are wrapped in.
struct OpenedContent {
  std::unique_ptr<ByteSource> source;
  Content content;
};
OpenedContent OpenContent(std::unique_ptr<ByteSource> raw);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_CONTENT_H_
