// What the tests of messages and codecs share: a trip to bytes and back.

#ifndef COHORT_IPC_INTERNAL_CODEC_TEST_UTIL_H_
#define COHORT_IPC_INTERNAL_CODEC_TEST_UTIL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ipc/codec.h"
#include "ipc/message.h"

namespace cohort::ipc {

inline std::vector<std::byte> BytesOf(const Message& message) {
  std::vector<std::byte> bytes(message.size());
  message.CopyTo(bytes.data());
  return bytes;
}

template <typename T>
std::vector<std::byte> Encoded(const T& value) {
  Message message;
  Writer writer(message);
  encode(writer, value);
  return BytesOf(message);
}

// Gives the bytes in pieces of 1 to `most`, each in memory of its own, so that a sanitizer sees
// what is used for longer than the piece is valid.
class PieceSource : public Source {
 public:
  PieceSource(std::span<const std::byte> bytes, std::size_t most) : left_(bytes), most_(most) {}

  std::span<const std::byte> Next() override {
    if (left_.empty()) throw std::logic_error("asked for more than the message has");
    seed_ = seed_ * 1664525 + 1013904223;
    const std::size_t size = std::min<std::size_t>(left_.size(), 1 + (seed_ >> 8) % most_);
    piece_ = std::make_unique<std::byte[]>(size);
    std::copy_n(left_.begin(), size, piece_.get());
    left_ = left_.subspan(size);
    return {piece_.get(), size};
  }

 private:
  std::span<const std::byte> left_;
  std::size_t most_;
  uint32_t seed_ = 1;
  std::unique_ptr<std::byte[]> piece_;
};

template <typename T>
T DecodedStream(std::span<const std::byte> bytes, std::size_t most, Trust trust = Trust::kNone) {
  PieceSource source(bytes, most);
  Reader reader(source, bytes.size(), {}, trust);
  T value = decode<T>(reader);
  if (reader.remaining() != 0) throw std::logic_error("bytes left over");
  return value;
}

template <typename T>
T Decoded(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  T value = decode<T>(reader);
  if (reader.remaining() != 0) throw std::logic_error("bytes left over");
  return value;
}

template <typename T>
T RoundTrip(const T& value) {
  return Decoded<T>(Encoded(value));
}

}  // namespace cohort::ipc

#endif  // COHORT_IPC_INTERNAL_CODEC_TEST_UTIL_H_
