// The formats of Abseil's types and of protobuf messages.

#ifndef COHORT_IPC_INTERNAL_FORMAT_FOREIGN_H_
#define COHORT_IPC_INTERNAL_FORMAT_FOREIGN_H_

#include <climits>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "ipc/internal/format.h"
#include "ipc/internal/format_containers.h"
#include "ipc/internal/format_standard.h"
#include "ipc/internal/format_values.h"
#include "ipc/internal/kind.h"
#include "ipc/internal/type_name.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

void EncodeCord(Writer& writer, const absl::Cord& value);
absl::Cord DecodeCord(Reader& reader);
void EncodeStatus(Writer& writer, const absl::Status& value);
absl::Status DecodeStatus(Reader& reader);
void EncodeDuration(Writer& writer, absl::Duration value);
absl::Duration DecodeDuration(Reader& reader);

template <typename T>
struct Format<T, Kind::kCord> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) { EncodeCord(writer, value); }
  static T Decode(Reader& reader) { return DecodeCord(reader); }
};

template <typename T>
struct Format<T, Kind::kStatus> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) { EncodeStatus(writer, value); }
  static T Decode(Reader& reader) { return DecodeStatus(reader); }
};

template <typename T>
struct Format<T, Kind::kStatusOr> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    EncodeStatus(writer, value.status());
    if (value.ok()) EncodeValue(writer, *value);
  }
  static T Decode(Reader& reader) {
    absl::Status status = DecodeStatus(reader);
    if (!status.ok()) return T(std::move(status));
    return T(absl::in_place, DecodeValue<typename T::value_type>(reader));
  }
};

template <typename T>
struct Format<T, Kind::kAbslDuration> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) { EncodeDuration(writer, value); }
  static T Decode(Reader& reader) { return DecodeDuration(reader); }
};

template <typename T>
struct Format<T, Kind::kAbslTime> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    EncodeDuration(writer, value - absl::UnixEpoch());
  }
  static T Decode(Reader& reader) { return absl::UnixEpoch() + DecodeDuration(reader); }
};

// By the members that every protobuf message has, so that there is no need of the library.
template <typename T>
struct Format<T, Kind::kProtobuf> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    const Writer::CopyingScope copying(writer);
    EncodeValue(writer, Serialized(value));
  }
  static T Decode(Reader& reader) {
    const auto bytes = DecodeValue<std::string>(reader);
    T value;
    if (bytes.size() > INT_MAX ||
        !value.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      reader.Fail("bytes that do not parse as this message");
    }
    return value;
  }

 private:
  static std::string Serialized(const T& value) {
    if constexpr (requires(std::string & to) {
                    { value.SerializeToString(&to) } -> std::same_as<bool>;
                  }) {
      std::string bytes;
      if (value.SerializeToString(&bytes)) return bytes;
      throw CodecError(std::string(TypeName<T>()) +
                       ": does not serialise; is a required field missing?");
    } else {
      return value.SerializeAsString();
    }
  }
};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_FORMAT_FOREIGN_H_
