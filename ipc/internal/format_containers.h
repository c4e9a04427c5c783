// The formats of containers and views: a count, then the elements.
//
// A container of plain bytes that lie together is one block, which is never zeroed before it is
// read. No count makes a container allocate more than what its bytes, which are there, account for.

#ifndef COHORT_IPC_INTERNAL_FORMAT_CONTAINERS_H_
#define COHORT_IPC_INTERNAL_FORMAT_CONTAINERS_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "ipc/internal/copy.h"
#include "ipc/internal/format.h"
#include "ipc/internal/huge_pages.h"
#include "ipc/internal/kind.h"
#include "ipc/message.h"

namespace cohort::ipc::internal {

// `count` elements, or as many as there are bytes for in any case.
template <typename C>
std::size_t Backed(const Reader& reader, std::size_t count) {
  const uint64_t backed = reader.backed() / sizeof(typename C::value_type);
  return static_cast<std::size_t>(std::min<uint64_t>(count, backed));
}

template <typename C>
void ReserveBacked(const Reader& reader, C& to, std::size_t count) {
  if constexpr (requires { to.reserve(count); }) to.reserve(Backed<C>(reader, count));
}

// Elements one by one. Those that may have no bytes get one each, so that no count is free.

template <typename Element>
inline constexpr bool kNeedsFiller = MinBytes<Element>() == 0;

template <typename Element>
void EncodeElement(Writer& writer, const Element& element) {
  if constexpr (kNeedsFiller<Element>) writer.WriteRaw(uint8_t{0});
  EncodeValue(writer, element);
}

template <typename Element>
std::remove_cv_t<Element> DecodeElement(Reader& reader) {
  if constexpr (kNeedsFiller<Element>) (void)reader.ReadRaw<uint8_t>();
  return DecodeValue<Element>(reader);
}

template <typename C>
void EncodeElements(Writer& writer, const C& from, std::size_t count) {
  const Writer::DepthScope depth(writer);
  writer.WriteSize(count);
  for (const auto& element : from) EncodeElement<typename C::value_type>(writer, element);
}

// Calls add() for each element that is to be read.
template <typename Element, typename Reserve, typename Add>
void DecodeElements(Reader& reader, Reserve reserve, Add add) {
  const Reader::DepthScope depth(reader);
  const std::size_t count = reader.ReadCount(std::max<std::size_t>(MinBytes<Element>(), 1));
  reserve(count);
  for (std::size_t i = 0; i < count; ++i) add();
}

// Bytes that are elements but may not be aligned as such.
template <typename T>
class LoadIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = std::ptrdiff_t;
  using pointer = const T*;
  using reference = T;

  explicit LoadIterator(const std::byte* at) : at_(at) {}
  T operator*() const {
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), at_, sizeof(T));
    return std::bit_cast<T>(bytes);
  }
  LoadIterator& operator++() { return *this += 1; }
  LoadIterator& operator--() { return *this += -1; }
  LoadIterator operator++(int) { return LoadIterator(std::exchange(at_, at_ + sizeof(T))); }
  LoadIterator& operator+=(difference_type n) {
    at_ += n * static_cast<difference_type>(sizeof(T));
    return *this;
  }
  friend difference_type operator-(const LoadIterator& a, const LoadIterator& b) {
    return (a.at_ - b.at_) / static_cast<difference_type>(sizeof(T));
  }
  friend bool operator==(const LoadIterator&, const LoadIterator&) = default;

 private:
  const std::byte* at_;
};

template <typename T>
bool IsAligned(const std::byte* data) {
  return reinterpret_cast<uintptr_t>(data) % alignof(T) == 0;
}

// Appends the elements that `bytes` holds; they are a whole number.
template <typename C>
void AppendSlice(C& to, std::span<const std::byte> bytes) {
  using Element = typename C::value_type;
  const std::size_t count = bytes.size() / sizeof(Element);
  if (IsAligned<Element>(bytes.data())) {
    const auto* elements = reinterpret_cast<const Element*>(bytes.data());
    to.insert(to.end(), elements, elements + count);
  } else {
    const LoadIterator<Element> begin(bytes.data());
    to.insert(to.end(), begin, LoadIterator<Element>(bytes.data() + bytes.size()));
  }
}

// In slices that are fast to copy, as in CopyBytes.
template <typename C>
void AppendChunk(C& to, std::span<const std::byte> bytes) {
  constexpr std::size_t kElement = sizeof(typename C::value_type);
  constexpr std::size_t kSlice = std::max<std::size_t>(kCopySlice / kElement, 1) * kElement;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kSlice);
    AppendSlice(to, bytes.first(size));
    bytes = bytes.subspan(size);
  }
}

// Moves to a block of `capacity` elements, which is advised on before it is first written to.
template <typename C>
void MoveToBlock(C& to, std::size_t capacity) {
  C larger;
  larger.reserve(capacity);
  AdviseHugePages(larger.data(), larger.capacity() * sizeof(typename C::value_type));
  AppendChunk(larger, std::as_bytes(std::span(to.data(), to.size())));
  to = std::move(larger);
}

// Makes room for `more` elements, of `left` that are still promised: twice what there was, but not
// more than all.
template <typename C>
void GrowFor(C& to, std::size_t more, std::size_t left) {
  if (more <= to.capacity() - to.size()) return;
  const std::size_t twice = std::min(2 * to.capacity(), to.size() + left);
  const std::size_t capacity = std::max(twice, to.size() + more);
  if (capacity >= kHugePagesFrom / sizeof(typename C::value_type)) {
    MoveToBlock(to, capacity);
  } else {
    to.reserve(capacity);
  }
}

// Appends `count` elements as their bytes come, whose pieces may end within one.
template <typename C>
void AppendBytes(Reader& reader, C& to, std::size_t count) {
  using Element = typename C::value_type;
  while (count != 0) {
    const std::size_t whole = std::min(count, reader.available() / sizeof(Element));
    if (whole == 0) {
      to.push_back(reader.ReadRaw<Element>());
    } else {
      GrowFor(to, whole, count);
      AppendChunk(to, reader.Chunk(whole * sizeof(Element)));
    }
    count -= std::max<std::size_t>(whole, 1);
  }
}

template <typename C>
concept BlockLike = IsBytes<typename C::value_type>() && requires(C& to, const C& from) {
  { from.data() } -> std::same_as<const typename C::value_type*>;
  to.reserve(to.capacity());
  requires std::is_copy_assignable_v<typename C::value_type>;
};

// From here on it pays to align a block in the message, so that it is copied as one.
inline constexpr std::size_t kAlignedBlock = 512;

template <typename C>
struct BlockFormat {
  using Element = typename C::value_type;

  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const C& value) {
    writer.WriteSize(value.size());
    if (IsPadded(value.size())) writer.Pad(alignof(Element));
    writer.WriteBlock(value.data(), value.size() * sizeof(Element));
  }
  static C Decode(Reader& reader) {
    const std::size_t count = reader.ReadCount(sizeof(Element));
    if (IsPadded(count)) reader.SkipPadding(alignof(Element));
    C value;
    GrowFor(value, Backed<C>(reader, count), count);
    AppendBytes(reader, value, count);
    return value;
  }

 private:
  static bool IsPadded(std::size_t count) {
    return alignof(Element) > 1 && count >= kAlignedBlock / sizeof(Element);
  }
};

template <typename C>
struct SequenceFormat {
  using Element = typename C::value_type;

  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const C& value) {
    EncodeElements(writer, value, value.size());
  }
  static C Decode(Reader& reader) {
    C value;
    DecodeElements<Element>(
        reader, [&](std::size_t count) { ReserveBacked(reader, value, count); },
        [&] { value.push_back(DecodeElement<Element>(reader)); });
    return value;
  }
};

template <typename C>
struct Format<C, Kind::kSequence>
    : std::conditional_t<BlockLike<C>, BlockFormat<C>, SequenceFormat<C>> {};

template <typename C>
struct Format<C, Kind::kForwardList> {
  using Element = typename C::value_type;

  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const C& value) {
    EncodeElements(writer, value,
                   static_cast<std::size_t>(std::distance(value.begin(), value.end())));
  }
  static C Decode(Reader& reader) {
    C value;
    auto last = value.before_begin();
    DecodeElements<Element>(
        reader, [](std::size_t) {},
        [&] { last = value.insert_after(last, DecodeElement<Element>(reader)); });
    return value;
  }
};

template <typename C>
struct Format<C, Kind::kSet> {
  using Element = typename C::value_type;

  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const C& value) {
    EncodeElements(writer, value, value.size());
  }
  static C Decode(Reader& reader) {
    C value;
    DecodeElements<Element>(
        reader, [&](std::size_t count) { ReserveBacked(reader, value, count); },
        [&] { value.insert(value.end(), DecodeElement<Element>(reader)); });
    return value;
  }
};

template <typename C>
struct Format<C, Kind::kMap> {
  using Key = typename C::key_type;
  using Mapped = typename C::mapped_type;
  using Element = std::pair<Key, Mapped>;

  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const C& value) {
    const Writer::DepthScope depth(writer);
    writer.WriteSize(value.size());
    for (const auto& [key, mapped] : value) {
      if constexpr (kNeedsFiller<Element>) writer.WriteRaw(uint8_t{0});
      EncodeValue(writer, key);
      EncodeValue(writer, mapped);
    }
  }
  static C Decode(Reader& reader) {
    C value;
    DecodeElements<Element>(
        reader, [&](std::size_t count) { ReserveBacked(reader, value, count); },
        [&] {
          Element element = DecodeElement<Element>(reader);
          value.emplace_hint(value.end(), std::move(element.first), std::move(element.second));
        });
    return value;
  }
};

// Eight elements a byte.
template <typename C>
struct Format<C, Kind::kBitVector> {
  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const C& value) {
    writer.WriteSize(value.size());
    uint8_t byte = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
      byte = static_cast<uint8_t>(byte | (value[i] ? 1 << (i % 8) : 0));
      if (i % 8 == 7) writer.WriteRaw(std::exchange(byte, uint8_t{0}));
    }
    if (value.size() % 8 != 0) writer.WriteRaw(byte);
  }
  static C Decode(Reader& reader) {
    const uint64_t count = reader.ReadSize();
    if (count / 8 + (count % 8 != 0) > reader.remaining()) {
      reader.Fail(std::to_string(count) + " bits, but " + std::to_string(reader.remaining()) +
                  " bytes left");
    }
    C value;
    value.reserve(static_cast<std::size_t>(std::min(count / 8, reader.backed()) * 8));
    uint8_t byte = 0;
    for (uint64_t i = 0; i < count; ++i) {
      if (i % 8 == 0) byte = reader.ReadRaw<uint8_t>();
      value.push_back(((byte >> (i % 8)) & 1) != 0);
    }
    return value;
  }
};

// Views. The elements lie in the message, so aligned as they need.
template <typename T>
struct ViewFormat {
  using Element = std::remove_const_t<SpanElement<T>>;

  static consteval std::size_t MinBytes() { return 1; }
  static void Encode(Writer& writer, const T& value) {
    writer.WriteSize(value.size());
    writer.Pad(alignof(Element));
    writer.WriteBlock(value.data(), value.size() * sizeof(Element));
  }
  static T Decode(Reader& reader) {
    const std::size_t count = reader.ReadCount(sizeof(Element));
    reader.SkipPadding(alignof(Element));
    const std::byte* bytes = reader.View(count * sizeof(Element)).data();
    if (count != 0 && !IsAligned<Element>(bytes)) {
      reader.Fail("a message at an address that is not aligned");
    }
    CheckExtent(reader, count);
    return T(reinterpret_cast<const Element*>(bytes), count);
  }

 private:
  static void CheckExtent(Reader& reader, std::size_t count) {
    if constexpr (requires { T::extent; }) {
      if (T::extent != std::dynamic_extent && T::extent != count) {
        reader.Fail("a span of " + std::to_string(count) + " instead of " +
                    std::to_string(T::extent));
      }
    }
  }
};

template <typename T>
struct Format<T, Kind::kStringView> : ViewFormat<T> {};
template <typename T>
struct Format<T, Kind::kSpan> : ViewFormat<T> {};

}  // namespace cohort::ipc::internal

#endif  // COHORT_IPC_INTERNAL_FORMAT_CONTAINERS_H_
