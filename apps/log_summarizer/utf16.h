// UTF-16 as UTF-8.

#ifndef COHORT_APPS_LOG_SUMMARIZER_UTF16_H_
#define COHORT_APPS_LOG_SUMMARIZER_UTF16_H_

#include <memory>

#include "apps/log_summarizer/byte_source.h"

namespace cohort::log_summarizer {

enum class ByteOrder { kLittleEndian, kBigEndian };

// The text in UTF-8. Halves of surrogate pairs that stand alone, and an odd last byte, become
// U+FFFD.
std::unique_ptr<ByteSource> DecodeUtf16(std::unique_ptr<ByteSource> text, ByteOrder order);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_UTF16_H_
