#include "apps/log_summarizer/byte_source.h"

namespace cohort::log_summarizer {

std::size_t ReadFully(ByteSource& source, std::span<char> space) {
  std::size_t filled = 0;
  while (filled < space.size()) {
    const std::size_t n = source.Read(space.subspan(filled));
    if (n == 0) break;
    filled += n;
  }
  return filled;
}

}  // namespace cohort::log_summarizer
