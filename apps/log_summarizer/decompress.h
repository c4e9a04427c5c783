// What is within compressed data. Each reads all members that follow one another, as the formats'
// own tools do, and throws InputError for data that is damaged or cut off.

#ifndef COHORT_APPS_LOG_SUMMARIZER_DECOMPRESS_H_
#define COHORT_APPS_LOG_SUMMARIZER_DECOMPRESS_H_

#include <memory>

#include "apps/log_summarizer/byte_source.h"

namespace cohort::log_summarizer {

std::unique_ptr<ByteSource> Gunzip(std::unique_ptr<ByteSource> compressed);
std::unique_ptr<ByteSource> Unzstd(std::unique_ptr<ByteSource> compressed);
std::unique_ptr<ByteSource> Unxz(std::unique_ptr<ByteSource> compressed);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_DECOMPRESS_H_
