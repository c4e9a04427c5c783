// The archives that a type's own serialize() is called with: cereal's `ar(a, b)` and Boost's
// `ar & a & b`, `ar << a`, `ar >> a`.
//
//   class Account {
//     ...
//    private:
//     friend struct cohort::ipc::Access;  // where serialize() is private
//     template <class Archive>
//     void serialize(Archive& ar) { ar(owner_, balance_); }
//   };

#ifndef COHORT_IPC_INTERNAL_ARCHIVE_H_
#define COHORT_IPC_INTERNAL_ARCHIVE_H_

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "ipc/message.h"

namespace cohort::ipc {
namespace internal {

template <typename T>
void EncodeMember(Writer& writer, const T& value);
template <typename T>
void DecodeMember(Reader& reader, T& value);

// Writes what a serialize() names.
class OutArchive {
 public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;

  explicit OutArchive(Writer& writer) : writer_(writer) {}

  template <typename... Ts>
  OutArchive& operator()(const Ts&... values) {
    (EncodeMember(writer_, values), ...);
    return *this;
  }
  template <typename T>
  OutArchive& operator&(const T& value) {
    return (*this)(value);
  }
  template <typename T>
  OutArchive& operator<<(const T& value) {
    return (*this)(value);
  }

 private:
  Writer& writer_;
};

// Reads into what a serialize() names.
class InArchive {
 public:
  using is_saving = std::false_type;
  using is_loading = std::true_type;

  explicit InArchive(Reader& reader) : reader_(reader) {}

  template <typename... Ts>
  InArchive& operator()(Ts&... values) {
    (DecodeMember(reader_, values), ...);
    return *this;
  }
  template <typename T>
  InArchive& operator&(T& value) {
    return (*this)(value);
  }
  template <typename T>
  InArchive& operator>>(T& value) {
    return (*this)(value);
  }

 private:
  Reader& reader_;
};

}  // namespace internal

// What a class makes a friend so that its serialize() and its default constructor may be private.
struct Access {
  template <typename T, typename Archive>
  static constexpr bool kTakesArchive = requires(T& value, Archive& archive) {
    value.serialize(archive);
  };
  template <typename T, typename Archive>
  static constexpr bool kTakesVersion = requires(T& value, Archive& archive) {
    value.serialize(archive, 0U);
  };
  template <typename T>
  static constexpr bool kDefaultConstructible = requires {
    T();
  };

  template <typename T>
  static T Make() {
    return T();
  }

  template <typename T, typename Archive>
  static void Serialize(T& value, Archive& archive) {
    if constexpr (kTakesArchive<T, Archive>) {
      value.serialize(archive);
    } else {
      value.serialize(archive, 0U);
    }
  }
};

namespace internal {

template <typename T>
concept HasSerialize = std::is_class_v<T> &&
    (Access::kTakesArchive<T, OutArchive> || Access::kTakesVersion<T, OutArchive>);

}  // namespace internal
}  // namespace cohort::ipc

#endif  // COHORT_IPC_INTERNAL_ARCHIVE_H_
