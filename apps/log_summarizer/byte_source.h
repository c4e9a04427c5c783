// Where bytes come from: a file, a stream, what is compressed within one.

#ifndef COHORT_APPS_LOG_SUMMARIZER_BYTE_SOURCE_H_
#define COHORT_APPS_LOG_SUMMARIZER_BYTE_SOURCE_H_

#include <cstddef>
#include <exception>
#include <span>
#include <stdexcept>

namespace cohort::log_summarizer {

// Why some input could not be read (to its end): "Permission denied", "the gzip data is damaged".
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The user has asked for the end in the middle of it.
class InputInterrupted : public std::exception {};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Puts the next bytes at the start of `space`, which is not empty, and returns how many: 0 at the
  // end. Throws InputError and InputInterrupted.
  virtual std::size_t Read(std::span<char> space) = 0;
};

// Reads until `space` is full or the source at its end.
std::size_t ReadFully(ByteSource& source, std::span<char> space);

}  // namespace cohort::log_summarizer

#endif  // COHORT_APPS_LOG_SUMMARIZER_BYTE_SOURCE_H_
