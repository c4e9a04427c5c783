// The formats of single values: scalars, classes as bytes or member by member, what users define.

#ifndef COHORT_IPC_INTERNAL_FORMAT_VALUES_H_
#define COHORT_IPC_INTERNAL_FORMAT_VALUES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "ipc/internal/archive.h"
#include "ipc/internal/check.h"
#include "ipc/internal/format.h"
#include "ipc/internal/kind.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

template <typename T>
struct BytesFormat {
  static consteval std::size_t MinBytes() { return sizeof(T); }
  static void Encode(Writer& writer, const T& value) { writer.WriteRaw(value); }
  static T Decode(Reader& reader) { return reader.ReadRaw<T>(); }
};

template <typename T>
struct Format<T, Kind::kScalar> : BytesFormat<T> {};
template <typename T>
struct Format<T, Kind::kOpaque> : BytesFormat<T> {};

// A bool that is neither 0 nor 1 would be undefined behaviour wherever it is looked at.
template <typename T>
struct Format<T, Kind::kBool> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    writer.WriteRaw(static_cast<uint8_t>(static_cast<bool>(value) ? 1 : 0));
  }
  static T Decode(Reader& reader) {
    const auto byte = reader.ReadRaw<uint8_t>();
    if (byte > 1) [[unlikely]] {
      reader.Fail("a bool of value " + std::to_string(byte));
    }
    return static_cast<T>(byte == 1);
  }
};

template <typename T>
struct Format<T, Kind::kEmpty> {
  static consteval std::size_t MinBytes() { return 0; }
  static void Encode(Writer&, const T&) {}
  static T Decode(Reader&) { return T(); }
};

// Members, one after the other.

template <typename T>
void DecodeInPlace(Reader& reader, T& value) {
  if constexpr (std::is_array_v<T>) {
    for (auto& element : value) DecodeInPlace(reader, element);
  } else {
    static_assert(std::is_move_assignable_v<T>,
                  "a member that cannot be assigned to cannot be read into: specialise "
                  "cohort::ipc::Codec for the class");
    value = DecodeValue<T>(reader);
  }
}

template <typename... Ts>
consteval std::size_t MinBytesOfAll(TypeList<Ts...>) {
  return (MinBytes<Ts>() + ... + 0);
}

// An array cannot be an initialiser, so what has one is made first and then filled.
template <typename T, typename... Fields>
T DecodeFields(Reader& reader, TypeList<Fields...>) {
  if constexpr ((std::is_array_v<Fields> || ...)) {
    T value{};
    WithFields(value, [&](auto&... fields) { (DecodeInPlace(reader, fields), ...); });
    return value;
  } else {
    return T{DecodeValue<Fields>(reader)...};
  }
}

template <typename T>
struct MembersFormat {
  static consteval std::size_t MinBytes() { return MinBytesOfAll(Components<T>()); }
  static void Encode(Writer& writer, const T& value) {
    WithFields(value, [&](const auto&... fields) { (EncodeValue(writer, fields), ...); });
  }
  static T Decode(Reader& reader) { return DecodeFields<T>(reader, Components<T>()); }
};

template <typename T>
struct Format<T, Kind::kAggregate>
    : std::conditional_t<IsBytes<T>(), BytesFormat<T>, MembersFormat<T>> {};

// What users define. Their code may write temporaries and may nest without end.

template <typename T>
struct Format<T, Kind::kUser> {
  static consteval std::size_t MinBytes() { return 0; }
  static void Encode(Writer& writer, const T& value) {
    std::optional<Writer::CopyingScope> copying;
    if constexpr (!CodecIsOurs<T>) copying.emplace(writer);
    const Writer::DepthScope depth(writer);
    Codec<T>::encode(writer, value);
  }
  static T Decode(Reader& reader) {
    const Reader::DepthScope depth(reader);
    return Codec<T>::decode(reader);
  }
};

// One serialize() reads and writes, so it is seldom const; it does not change what it writes.
template <typename T>
void WriteBySerialize(Writer& writer, const T& value) {
  const Writer::CopyingScope copying(writer);
  const Writer::DepthScope depth(writer);
  OutArchive archive(writer);
  Access::Serialize(const_cast<T&>(value), archive);
}

template <typename T>
void FillBySerialize(Reader& reader, T& value) {
  const Reader::DepthScope depth(reader);
  InArchive archive(reader);
  Access::Serialize(value, archive);
}

template <typename T>
struct Format<T, Kind::kSerialize> {
  static consteval std::size_t MinBytes() { return 0; }
  static void Encode(Writer& writer, const T& value) { WriteBySerialize(writer, value); }
  static T Decode(Reader& reader) {
    T value = Access::Make<T>();
    FillBySerialize(reader, value);
    return value;
  }
};

// A part with serialize() is written and read where it is: a base class may be abstract.
template <typename T>
inline constexpr bool kInPlace = HasSerialize<T> && !HasCodec<T>;

template <typename T>
void EncodeMember(Writer& writer, const T& value) {
  if constexpr (kInPlace<T>) {
    WriteBySerialize(writer, value);
  } else {
    CheckInside<T, OutArchive>();
    EncodeValue(writer, value);
  }
}

template <typename T>
void DecodeMember(Reader& reader, T& value) {
  static_assert(!std::is_const_v<T>, "serialize() cannot read into a const member");
  if constexpr (kInPlace<T>) {
    FillBySerialize(reader, value);
  } else {
    CheckInside<T, InArchive>();
    DecodeInPlace(reader, value);
  }
}

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_FORMAT_VALUES_H_
