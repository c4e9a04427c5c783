// The formats of the standard library's types that hold other values, containers apart.

#ifndef COHORT_IPC_INTERNAL_FORMAT_STANDARD_H_
#define COHORT_IPC_INTERNAL_FORMAT_STANDARD_H_

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "ipc/internal/error_category.h"
#include "ipc/internal/format.h"
#include "ipc/internal/format_containers.h"
#include "ipc/internal/format_values.h"
#include "ipc/internal/kind.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

template <typename T>
struct Format<T, Kind::kTuple> {
  static consteval std::size_t MinBytes() { return MinBytesOfAll(Components<T>()); }
  static void Encode(Writer& writer, const T& value) {
    std::apply([&](const auto&... parts) { (EncodeValue(writer, parts), ...); }, value);
  }
  static T Decode(Reader& reader) { return DecodeParts(reader, Components<T>()); }

 private:
  // Initialisers in braces are evaluated in order.
  template <typename... Parts>
  static T DecodeParts([[maybe_unused]] Reader& reader, TypeList<Parts...>) {
    return T{DecodeValue<Parts>(reader)...};
  }
};

template <typename T>
struct Format<T, Kind::kOptional> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    EncodeValue(writer, value.has_value());
    if (value.has_value()) EncodeValue(writer, *value);
  }
  static T Decode(Reader& reader) {
    if (!DecodeValue<bool>(reader)) return T();
    return T(std::in_place, DecodeValue<typename T::value_type>(reader));
  }
};

// The index, then that alternative.
template <typename T>
struct Format<T, Kind::kVariant> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    if (value.valueless_by_exception()) throw CodecError("a variant that holds nothing");
    writer.WriteSize(value.index());
    std::visit([&](const auto& held) { EncodeValue(writer, held); }, value);
  }
  static T Decode(Reader& reader) {
    const uint64_t index = reader.ReadSize();
    if (index >= kSize) reader.Fail(Text(index));
    return kDecoders[static_cast<std::size_t>(index)](reader);
  }

 private:
  static constexpr std::size_t kSize = std::variant_size_v<T>;
  using Decoder = T (*)(Reader&);

  template <std::size_t kIndex>
  static T DecodeAt(Reader& reader) {
    return T(std::in_place_index<kIndex>,
             DecodeValue<std::variant_alternative_t<kIndex, T>>(reader));
  }
  template <std::size_t... kIndices>
  static constexpr std::array<Decoder, kSize> Decoders(std::index_sequence<kIndices...>) {
    return {&DecodeAt<kIndices>...};
  }
  static std::string Text(uint64_t index) {
    return "alternative " + std::to_string(index) + " of a variant of " + std::to_string(kSize);
  }

  static constexpr std::array<Decoder, kSize> kDecoders =
      Decoders(std::make_index_sequence<kSize>());
};

template <typename T>
struct Format<T, Kind::kUniquePtr> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    const Writer::DepthScope depth(writer);
    EncodeValue(writer, value != nullptr);
    if (value != nullptr) EncodeValue(writer, *value);
  }
  static T Decode(Reader& reader) {
    const Reader::DepthScope depth(reader);
    if (!DecodeValue<bool>(reader)) return nullptr;
    using Element = typename T::element_type;
    return T(new Element(DecodeValue<Element>(reader)));
  }
};

// Eight bits a byte; what is left of the last byte must be zero.
template <typename T>
struct Format<T, Kind::kBitset> {
  static consteval std::size_t MinBytes() { return (T().size() + 7) / 8; }
  static void Encode(Writer& writer, const T& value) {
    for (std::size_t begin = 0; begin < value.size(); begin += 8) {
      unsigned byte = 0;
      for (std::size_t i = begin; i < End(begin); ++i) byte |= unsigned{value[i]} << (i - begin);
      writer.WriteRaw(static_cast<uint8_t>(byte));
    }
  }
  static T Decode(Reader& reader) {
    T value;
    for (std::size_t begin = 0; begin < value.size(); begin += 8) {
      const auto byte = reader.ReadRaw<uint8_t>();
      for (std::size_t i = begin; i < End(begin); ++i) value[i] = (byte >> (i - begin)) & 1;
    }
    return value;
  }

 private:
  static constexpr std::size_t End(std::size_t begin) { return std::min(begin + 8, T().size()); }
};

// An array's elements have no count before them.
template <typename T>
struct Format<T, Kind::kArray> {
  static constexpr std::size_t kSize = std::tuple_size_v<T>;
  using Element = typename T::value_type;

  static consteval std::size_t MinBytes() {
    if constexpr (kSize == 0) return 0;
    return kSize * internal::MinBytes<Element>();
  }
  static void Encode(Writer& writer, const T& value) {
    if constexpr (kSize != 0 && IsBytes<Element>()) {
      writer.WriteBlock(value.data(), kSize * sizeof(Element));
    } else {
      for (const Element& element : value) EncodeValue(writer, element);
    }
  }
  static T Decode(Reader& reader) {
    if constexpr (std::is_default_constructible_v<Element> && std::is_move_assignable_v<Element>) {
      T value;
      for (Element& element : value) DecodeInPlace(reader, element);
      return value;
    } else {
      return DecodeEach(reader, std::make_index_sequence<kSize>());
    }
  }

 private:
  template <std::size_t... kIndices>
  static T DecodeEach([[maybe_unused]] Reader& reader, std::index_sequence<kIndices...>) {
    return T{{(void(kIndices), DecodeValue<Element>(reader))...}};
  }
};

// As a member; a function cannot return one.
template <typename T>
struct Format<T, Kind::kCArray> {
  static consteval std::size_t MinBytes() {
    return std::extent_v<T> * internal::MinBytes<std::remove_extent_t<T>>();
  }
  static void Encode(Writer& writer, const T& value) {
    if constexpr (IsBytes<T>()) {
      writer.WriteBlock(&value, sizeof(T));
    } else {
      for (const auto& element : value) EncodeValue(writer, element);
    }
  }
};

template <typename T>
struct Format<T, Kind::kPath> {
  using Text = std::filesystem::path::string_type;
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) { EncodeValue(writer, value.native()); }
  static T Decode(Reader& reader) { return T(DecodeValue<Text>(reader)); }
};

// The category, then the value.
template <typename T>
struct ErrorCodeFormat {
  static consteval std::size_t MinBytes() { return 1 + sizeof(int); }
  static void Encode(Writer& writer, const T& value) {
    writer.WriteRaw(CategoryToByte(value.category()));
    EncodeValue(writer, value.value());
  }
  static T Decode(Reader& reader) {
    const std::error_category& category = CategoryOfByte(reader);
    return T(DecodeValue<int>(reader), category);
  }
};

template <typename T>
struct Format<T, Kind::kErrorCode> : ErrorCodeFormat<T> {};
template <typename T>
struct Format<T, Kind::kErrorCondition> : ErrorCodeFormat<T> {};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_FORMAT_STANDARD_H_
